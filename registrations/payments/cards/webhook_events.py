"""Process Stripe events: store each once, then fetch the object it concerns and act on its current state.

The order and repetition of events therefore do not matter. Lost ones are found by `reconcile`, and any event
may be replayed.
"""

import logging
from collections.abc import Callable

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from registrations.payments.models import StripeEvent

from . import gateway
from .disputes import sync_dispute
from .payouts import import_payout
from .settlement import settle_session
from .stripe_refunds import sync_refund

logger = logging.getLogger(__name__)


def _settle_session(session_id: str) -> None:
    settle_session(facts=gateway.fetch_session(session_id))


# Other kinds are stored and have no effect.
EVENT_HANDLERS: dict[str, Callable[[str], object]] = {
    "checkout.session.completed": _settle_session,
    "checkout.session.async_payment_succeeded": _settle_session,
    "checkout.session.async_payment_failed": _settle_session,
    "checkout.session.expired": _settle_session,
    "refund.created": sync_refund,
    "refund.updated": sync_refund,
    "refund.failed": sync_refund,
    "charge.refund.updated": sync_refund,
    "charge.dispute.created": sync_dispute,
    "charge.dispute.updated": sync_dispute,
    "charge.dispute.closed": sync_dispute,
    "charge.dispute.funds_withdrawn": sync_dispute,
    "charge.dispute.funds_reinstated": sync_dispute,
    "payout.paid": import_payout,
    "payout.failed": import_payout,
    "payout.canceled": import_payout,
}


@transaction.atomic
def receive_event(*, facts: gateway.EventFacts) -> StripeEvent:
    """Store an event and queue its task in one transaction; a known event is not queued again.

    Raise UnreadableEvent if its kind has a handler but it names no object.
    """
    if facts.kind in EVENT_HANDLERS and not facts.object_id:
        raise gateway.UnreadableEvent(f"{facts.event_id} ({facts.kind}) does not name its object")
    # Stripe delivers at least once, often twice at the same moment.
    event, is_new = StripeEvent.objects.get_or_create(
        event_id=facts.event_id,
        defaults={
            "kind": facts.kind[:80],
            "object_id": facts.object_id,
            "happened_at": facts.happened_at,
            "handled_at": None if facts.kind in EVENT_HANDLERS else timezone.now(),
        },
    )
    if is_new and event.handled_at is None:
        # Stripe counts a slow answer as a failed delivery, so the work is left to a task.
        handle_event.enqueue(event.pk)
    return event


@task()
def handle_event(event_id: int) -> None:
    """Process a stored event; the task is retried after a failure."""
    process_event(event=StripeEvent.objects.get(pk=event_id))


def process_event(*, event: StripeEvent) -> None:
    """Fetch the event's object and act on it. Raise StripeUnavailable or StripeRefusal.

    An object that Stripe does not know, such as one of another account, is ignored.
    """
    if handle_object := EVENT_HANDLERS.get(event.kind):
        try:
            handle_object(event.object_id)
        except gateway.StripeRefusal as error:
            if error.code != "resource_missing":
                raise
            logger.warning("Stripe does not know the object of event %s.", event.event_id)
    # After the action: if it fails, `fetch_missed_events` processes the event again.
    StripeEvent.objects.filter(pk=event.pk, handled_at=None).update(handled_at=timezone.now())
