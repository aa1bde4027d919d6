"""End a waiting entry: leave the list, decline an offer, or let the offer expire. End the offers of an event.

A place that was held is offered to the next entry at once.
"""

import datetime
from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from registrations.models import WaitingEntry

from .notifications import notify_waiting_entry
from .offers import WantedItem, release_and_offer


class WaitingEnded(ConventionError):
    """The entry has ended already."""

    kind = "not-waiting"
    status = 409


class NoActiveOffer(ConventionError):
    """The entry has no offer, or none any more."""

    kind = "no-offer"
    status = 409


@transaction.atomic
def leave_waiting_list(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Leave the list, with or without an offer. Raise WaitingEnded."""
    return _end_waiting(entry, "left_at", audit_verb="waiting.leave", reason=reason)


@transaction.atomic
def decline_offer(*, entry: WaitingEntry) -> WaitingEntry:
    """Decline the offer and leave the list. Raise WaitingEnded or NoActiveOffer."""
    if not lock_waiting_entry(entry).has_offer():
        raise NoActiveOffer(_("There is no open offer for you at the moment."))
    return _end_waiting(entry, "declined_at", audit_verb="waiting.decline")


@transaction.atomic
def expire_offer(*, entry: WaitingEntry, at: datetime.datetime) -> bool:
    """End the entry and notify the person if its offer has expired by `at`; return whether it had."""
    # The condition is part of the locking query: another worker, or the person, may have been faster.
    locked = (
        WaitingEntry.objects.with_expired_offer(at=at)
        .select_for_update(of=("self",))
        .filter(pk=entry.pk)
        .first()
    )
    if locked is None:
        return False
    _end_waiting(locked, "offer_expired_at", audit_verb="waiting.expire")
    notify_waiting_entry.enqueue(entry.pk)
    return True


@transaction.atomic
def end_ticket_offers(*, event: Event, at: datetime.datetime) -> None:
    """End all offers of the event's tickets at `at`, once no more places are offered.

    Entries whose offer is still open wait again, in their former position; the others expire as usual.
    """
    offered = WaitingEntry.objects.with_offer().filter(event=event, ticket__isnull=False)
    # All of them before their tickets: the lock order of `offers`.
    entries = list(offered.order_by("pk").select_for_update(of=("self",)).select_related("ticket__event"))
    released_items: Counter[WantedItem] = Counter()
    for entry in entries:
        if not entry.has_offer(at=at):
            expire_offer(entry=entry, at=at)
            continue
        entry.offered_at = entry.offer_expires_at = None
        entry.save(update_fields=["offered_at", "offer_expires_at"])
        record_action("waiting.end_offer", entry, event=event, fields=["offered_at", "offer_expires_at"])
        released_items[entry.wanted_item] += 1
    if released_items:
        release_and_offer(released_items)


def lock_waiting_entry(entry: WaitingEntry) -> WaitingEntry:
    """Return the active entry, locked. Raise WaitingEnded."""
    locked = (
        WaitingEntry.objects.active()
        .select_for_update(of=("self",))
        .select_related("event", "ticket__event", "session__event", "registration__order")
        .filter(pk=entry.pk)
        .first()
    )
    if locked is None:
        raise WaitingEnded(_("This person is no longer waiting."))
    return locked


def _end_waiting(
    entry: WaitingEntry, ended_at_field: str, *, audit_verb: str, reason: str = ""
) -> WaitingEntry:
    entry = lock_waiting_entry(entry)
    setattr(entry, ended_at_field, timezone.now())
    entry.save(update_fields=[ended_at_field])
    record_action(audit_verb, entry, event=entry.event, fields=[ended_at_field], reason=reason)
    # An expired offer still holds its place until here.
    if entry.offered_at:
        release_and_offer({entry.wanted_item: 1})
    return entry
