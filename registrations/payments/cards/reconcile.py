"""Periodic polling of Stripe, for webhooks that are late or lost."""

import contextlib
import datetime
import logging

from django.db.models import F, Q
from django.tasks import task
from django.utils import timezone

from convention.errors import ConventionError
from registrations.models import Registration, Sponsorship
from registrations.payments.models import CardPaymentAttempt, StripeEvent

from . import gateway
from .checkout import accepts_cards, can_pay_by_card, end_attempt
from .settlement import matches_amount_due, settle_session
from .webhook_events import EVENT_HANDLERS, process_event, receive_event

logger = logging.getLogger(__name__)

# The rest is polled a minute later: a batch must not occupy the worker for too long.
BATCH_SIZE = 50
RECHECK_AFTER = datetime.timedelta(minutes=2)
WAITING_POLL_INTERVAL = datetime.timedelta(seconds=8)
DEBIT_POLL_INTERVAL = datetime.timedelta(hours=6)
EVENT_OVERLAP = datetime.timedelta(hours=1)
INITIAL_EVENT_WINDOW = datetime.timedelta(days=1)
# Stripe remembers an idempotency key for 24 hours.
IDEMPOTENCY_KEY_LIFETIME = datetime.timedelta(hours=23)
EVENT_RETENTION = datetime.timedelta(days=365)


def poll_open_attempts() -> None:
    """Update attempts without news for a while, and end those whose order no longer waits."""
    if not accepts_cards():
        return
    now = timezone.now()
    # Recent attempts get their webhook first; debits take days and are polled rarely.
    is_stale = Q(polled_at=None, opened_at__lt=now - RECHECK_AFTER) | Q(polled_at__lt=now - RECHECK_AFTER)
    needs_poll = Q(completed_at=None) | Q(polled_at=None) | Q(polled_at__lt=now - DEBIT_POLL_INTERVAL)
    due = CardPaymentAttempt.objects.unsettled().filter(is_stale, needs_poll).select_related("order")
    for attempt in due.order_by(F("polled_at").asc(nulls_first=True))[:BATCH_SIZE]:
        if claim_attempt(attempt, at=now):
            try:
                update_attempt(attempt)
            except gateway.StripeUnavailable:
                # The rest of the batch would wait for the same timeout.
                logger.warning("Stripe does not answer; asking again in a minute.")
                return


def claim_attempt(attempt: CardPaymentAttempt, *, at: datetime.datetime) -> bool:
    """Return whether this worker may poll the attempt; another one may have claimed it."""
    unchanged = CardPaymentAttempt.objects.filter(pk=attempt.pk, polled_at=attempt.polled_at)
    # Compare and set: the second worker updates no row.
    return bool(unchanged.update(polled_at=at))


def update_attempt(attempt: CardPaymentAttempt) -> None:
    """Fetch and settle an attempt; end it if its order no longer waits for it. Raise StripeUnavailable."""
    if not attempt.session_id:
        _close_unknown_attempt(attempt)
    elif attempt.completed_at is None and not is_attempt_awaited(attempt):
        end_attempt(attempt)
    else:
        try:
            settle_session(facts=gateway.fetch_session(attempt.session_id))
        except gateway.StripeRefusal:
            CardPaymentAttempt.objects.filter(pk=attempt.pk).update(closed_at=timezone.now())


def _close_unknown_attempt(attempt: CardPaymentAttempt) -> None:
    """Close an attempt whose session id was never stored, once its key has expired.

    Nobody was sent to its page, so it cannot have been paid.
    """
    if attempt.opened_at < timezone.now() - IDEMPOTENCY_KEY_LIFETIME:
        CardPaymentAttempt.objects.filter(pk=attempt.pk, session_id=None).update(closed_at=timezone.now())


def is_attempt_awaited(attempt: CardPaymentAttempt) -> bool:
    """Return whether the order waits for a card payment of exactly this amount.

    It does while a place or a package is held, or once all are confirmed: what is due may have been added
    since, or the order is on invoice.
    """
    order = attempt.order
    # A place was cancelled, or the buyer pays by transfer by now: they start again for what is due then.
    if not can_pay_by_card(order) or not matches_amount_due(attempt):
        return False
    if not order.is_by_card:
        return True
    pending = Q(order=attempt.order_id, cancelled_at__isnull=True, confirmed_at__isnull=True)
    # A sponsor's package may include no places.
    holds = [
        hold_expires_at
        for rows in (Registration.objects, Sponsorship.objects)
        for hold_expires_at in rows.filter(pending).values_list("hold_expires_at", flat=True)
    ]
    now = timezone.now()
    return not holds or any(hold_expires_at and hold_expires_at > now for hold_expires_at in holds)


def fetch_missed_events() -> None:
    """Fetch events that no webhook delivered, and process those left undone."""
    if not accepts_cards():
        return
    latest = StripeEvent.objects.order_by("-happened_at").values_list("happened_at", flat=True).first()
    # Events carry Stripe's time and may appear late in its list.
    since = latest - EVENT_OVERLAP if latest else timezone.now() - INITIAL_EVENT_WINDOW
    try:
        fetch_events(since=since)
        pending = StripeEvent.objects.filter(handled_at=None, received_at__lt=timezone.now() - RECHECK_AFTER)
        for event in pending[:BATCH_SIZE]:
            try:
                process_event(event=event)
            # An event that cannot be processed must not hold up the others.
            except (gateway.StripeRefusal, ConventionError):
                logger.exception("The event %s cannot be processed.", event.event_id)
    except gateway.StripeUnavailable:
        logger.warning("Stripe does not answer; asking again later.")


def fetch_events(*, since: datetime.datetime) -> int:
    """Store the events we act on since a moment; return how many are new. Raise StripeUnavailable."""
    facts = list(gateway.iter_events_since(since, kinds=sorted(EVENT_HANDLERS)))
    event_ids = [event.event_id for event in facts]
    known = set(StripeEvent.objects.filter(event_id__in=event_ids).values_list("event_id", flat=True))
    # Oldest first, as they happened.
    new = [event for event in reversed(facts) if event.event_id not in known]
    return sum(try_receive_event(event) for event in new)


def try_receive_event(facts: gateway.EventFacts) -> bool:
    """Store an event; return whether it could be read."""
    try:
        receive_event(facts=facts)
    except gateway.UnreadableEvent as error:
        logger.warning("An event in Stripe's list cannot be read: %s.", error)
        return False
    return True


def delete_old_events() -> None:
    """Delete events older than a year; the payments they concern are stored elsewhere."""
    StripeEvent.objects.filter(happened_at__lt=timezone.now() - EVENT_RETENTION).delete()


def poll_attempt_soon(*, attempt: CardPaymentAttempt) -> None:
    """Queue a poll for a buyer who is waiting on the page, at most every few seconds."""
    now = timezone.now()
    is_due = attempt.polled_at is None or attempt.polled_at < now - WAITING_POLL_INTERVAL
    if is_due and claim_attempt(attempt, at=now):
        poll_attempt.enqueue(attempt.pk)


@task()
def poll_attempt(attempt_id: int) -> None:
    """Poll one attempt. Failures are ignored: the waiting page asks again anyway."""
    attempt = CardPaymentAttempt.objects.unsettled().select_related("order").filter(pk=attempt_id).first()
    if attempt and attempt.session_id:
        with contextlib.suppress(gateway.StripeUnavailable):
            update_attempt(attempt)
