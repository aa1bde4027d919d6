"""Reconcile: ask Stripe what it would have told, should a webhook be late or lost; recurring work."""

import contextlib
import datetime
import logging

from django.db.models import F, Q
from django.tasks import task
from django.utils import timezone

from convention.errors import ConventionError
from registrations.models import Registration

from . import gateway
from .handle import ACTS, act_on, receive_event
from .models import Attempt, StripeEvent
from .offered import takes_cards
from .settle import is_for_what_is_due, settle
from .start_payment import end_attempt

logger = logging.getLogger(__name__)

AT_ONCE = 50
SOON = datetime.timedelta(minutes=2)
WAITING_ASKS_EVERY = datetime.timedelta(seconds=8)
DEBITS_EVERY = datetime.timedelta(hours=6)
OVERLAP = datetime.timedelta(hours=1)
FIRST_LOOK = datetime.timedelta(days=1)
KEYS_LAST = datetime.timedelta(hours=23)
"""Stripe knows an idempotency key for a day."""
EVENTS_KEPT = datetime.timedelta(days=365)


def open_attempts() -> None:
    """Ask about attempts that nothing was heard of for a while, and end those whose order waits no longer."""
    if not takes_cards():
        return
    now = timezone.now()
    quiet = Q(asked_at=None, opened_at__lt=now - SOON) | Q(asked_at__lt=now - SOON)
    begun = Q(completed_at=None) | Q(asked_at=None) | Q(asked_at__lt=now - DEBITS_EVERY)
    due = Attempt.objects.unsettled().filter(quiet, begun).select_related("order")
    for attempt in due.order_by(F("asked_at").asc(nulls_first=True))[:AT_ONCE]:
        if claim(attempt, at=now):
            try:
                ask_about(attempt)
            except gateway.NotReached:
                logger.warning("Stripe does not answer; asking again in a minute.")
                return


def claim(attempt: Attempt, *, at: datetime.datetime) -> bool:
    """Whether it is ours to ask now: two workers do not ask about the same."""
    same = Attempt.objects.filter(pk=attempt.pk, asked_at=attempt.asked_at)
    return bool(same.update(asked_at=at))


def ask_about(attempt: Attempt) -> None:
    """Bring one attempt to what Stripe says; end it where nobody waits for it. Raises NotReached."""
    if not attempt.session_id:
        _ask_for_unknown(attempt)
    elif attempt.completed_at is None and not is_awaited(attempt):
        end_attempt(attempt)
    else:
        try:
            settle(facts=gateway.session_facts(attempt.session_id))
        except gateway.Declined:
            Attempt.objects.filter(pk=attempt.pk).update(closed_at=timezone.now())


def _ask_for_unknown(attempt: Attempt) -> None:
    """An attempt whose answer was never stored: nobody was led to its page, so it ends by itself."""
    if attempt.opened_at < timezone.now() - KEYS_LAST:
        Attempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())


def is_awaited(attempt: Attempt) -> bool:
    """Whether the order still holds a place that this attempt would pay, for as much as is due now."""
    if not is_for_what_is_due(attempt):
        return False  # a place was cancelled meanwhile: whoever pays begins anew, for what is left
    waiting = Registration.objects.filter(
        order=attempt.order_id,
        cancelled_at__isnull=True,
        confirmed_at__isnull=True,
        held_until__gt=timezone.now(),
    )
    return waiting.exists()


def missed_events() -> None:
    """Fetch the events that Stripe has and we were not told of, and do what was left undone."""
    if not takes_cards():
        return
    latest = StripeEvent.objects.order_by("-happened_at").values_list("happened_at", flat=True).first()
    since = latest - OVERLAP if latest else timezone.now() - FIRST_LOOK
    try:
        fetch_events(since=since)
        waiting = StripeEvent.objects.filter(done_at=None, received_at__lt=timezone.now() - SOON)
        for event in waiting[:AT_ONCE]:
            try:
                act_on(event=event)
            except (gateway.Declined, ConventionError):  # one that cannot be followed holds up no other
                logger.exception("The event %s cannot be followed.", event.event_id)
    except gateway.NotReached:
        logger.warning("Stripe does not answer; asking again later.")


def fetch_events(*, since: datetime.datetime) -> int:
    """Keep all events since that moment that we act on; how many were new. Raises NotReached."""
    facts = list(gateway.events_since(since, kinds=sorted(ACTS)))
    names = [one.event_id for one in facts]
    known = set(StripeEvent.objects.filter(event_id__in=names).values_list("event_id", flat=True))
    new = [one for one in reversed(facts) if one.event_id not in known]
    return sum(is_received(one) for one in new)


def is_received(facts: gateway.EventFacts) -> bool:
    """Store an event and return whether that was possible."""
    try:
        receive_event(facts=facts)
    except gateway.UnreadableEvent as error:
        logger.warning("An event in Stripe's list cannot be read: %s.", error)
        return False
    return True


def old_events() -> None:
    """Forget events of more than a year ago; the money they told of stays in the books."""
    StripeEvent.objects.filter(happened_at__lt=timezone.now() - EVENTS_KEPT).delete()


def ask_soon(*, attempt: Attempt) -> None:
    """Ask about an attempt whose buyer waits before our eyes; not more often than every few seconds."""
    now = timezone.now()
    is_due = attempt.asked_at is None or attempt.asked_at < now - WAITING_ASKS_EVERY
    if is_due and claim(attempt, at=now):
        ask.enqueue(attempt.pk)


@task()
def ask(attempt_id: int) -> None:
    """Ask about one attempt. A buyer who waits is asked for again anyway: no failure is tried again."""
    attempt = Attempt.objects.unsettled().select_related("order").filter(pk=attempt_id).first()
    if attempt and attempt.session_id:
        with contextlib.suppress(gateway.NotReached):
            ask_about(attempt)
