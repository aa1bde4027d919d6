"""Handle what Stripe tells: each event is kept once, and acted on by looking at the object as it stands now.

So neither the order of events matters, nor how often one comes; an event that was lost is found again by
`reconcile`, and any of them may be replayed.
"""

import logging
from collections.abc import Callable

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from . import gateway
from .disputes import follow_dispute
from .models import StripeEvent
from .payouts import import_payout
from .refunds import follow_refund
from .settle import settle

logger = logging.getLogger(__name__)


def _session(session_id: str) -> None:
    settle(facts=gateway.session_facts(session_id))


ACTS: dict[str, Callable[[str], object]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session,
    "checkout.session.expired": _session,
    "refund.created": follow_refund,
    "refund.updated": follow_refund,
    "refund.failed": follow_refund,
    "charge.refund.updated": follow_refund,
    "charge.dispute.created": follow_dispute,
    "charge.dispute.updated": follow_dispute,
    "charge.dispute.closed": follow_dispute,
    "charge.dispute.funds_withdrawn": follow_dispute,
    "charge.dispute.funds_reinstated": follow_dispute,
    "payout.paid": import_payout,
    "payout.failed": import_payout,
    "payout.canceled": import_payout,
}
"""What is done for which event; all others are kept and change nothing."""


@transaction.atomic
def receive_event(*, facts: gateway.EventFacts) -> StripeEvent:
    """Store an event and queue its task, both or neither; one that is known is not queued again.

    Raises UnreadableEvent if its kind is acted on and it does not say on which object.
    """
    if facts.kind in ACTS and not facts.object_id:
        raise gateway.UnreadableEvent(f"{facts.event_id} ({facts.kind}) does not name its object")
    event, is_new = StripeEvent.objects.get_or_create(
        event_id=facts.event_id,
        defaults={
            "kind": facts.kind[:80],
            "object_id": facts.object_id,
            "happened_at": facts.happened_at,
            "done_at": None if facts.kind in ACTS else timezone.now(),
        },
    )
    if is_new and event.done_at is None:
        handle_event.enqueue(event.pk)
    return event


@task()
def handle_event(event_id: int) -> None:
    """Do what an event asks for; a failure is tried again."""
    act_on(event=StripeEvent.objects.get(pk=event_id))


def act_on(*, event: StripeEvent) -> None:
    """Look at what the event is about, as it stands now, and follow. Raises NotReached, Declined.

    What Stripe itself does not know, as of another account or of its tests, asks for nothing.
    """
    if act := ACTS.get(event.kind):
        try:
            act(event.object_id)
        except gateway.Declined as error:
            if error.code != "resource_missing":
                raise
            logger.warning("Stripe knows nothing of what event %s is about.", event.event_id)
    StripeEvent.objects.filter(pk=event.pk, done_at=None).update(done_at=timezone.now())
