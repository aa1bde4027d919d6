"""What an organizer does with a waiting list by hand: offer out of turn, hold back, let on, remove."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed
from convention.events.models import Event

from .leave_waiting import NotWaiting, entry_locked, leave_waiting
from .models import WaitingEntry, WaitingPolicy
from .offer import free, locked, offer, offer_free
from .on_application import rules_of


@transaction.atomic
def offer_now(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Offer a free place out of turn, whoever stands before.

    Raises SoldOut, NotWaiting, or Closed where places are given on application, and none any more.
    """
    thing = entry.thing
    row = locked(type(thing), thing.pk)
    rules = rules_of(row.event)
    if rules and rules.until(row.event) <= timezone.now():
        raise Closed(_("The list is locked: nobody comes onto it from the waiting list any more."))
    free_to_get = WaitingEntry.objects.standing().filter(offered_at__isnull=True)
    found = free_to_get.select_for_update(skip_locked=True, of=("self",)).filter(pk=entry.pk).first()
    if found is None:
        raise NotWaiting(_("This wait has ended, or a place is offered already."))
    offer(found, row)
    record("waiting.offer", found, event=row.event, reason=reason)
    return found


@transaction.atomic
def hold_back(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Offer nothing to this entry until it is let on; its position stays, and what is held goes to the next.

    Raises NotWaiting.
    """
    entry = entry_locked(entry)
    had_offer = entry.offered_at is not None
    entry.held_back_at, entry.offered_at, entry.offer_expires_at = timezone.now(), None, None
    entry.save(update_fields=["held_back_at", "offered_at", "offer_expires_at"])
    record("waiting.hold_back", entry, event=entry.event, reason=reason)
    if had_offer:
        free({entry.thing: 1})
    return entry


@transaction.atomic
def let_on(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Undo `hold_back`; what is free is offered at once. Raises NotWaiting."""
    entry = entry_locked(entry)
    entry.held_back_at = None
    entry.save(update_fields=["held_back_at"])
    record("waiting.let_on", entry, event=entry.event, reason=reason)
    offer_free(type(entry.thing), entry.thing.pk)
    return entry


def remove(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Take someone off the list. Raises NotWaiting."""
    return leave_waiting(entry=entry, reason=reason)


@transaction.atomic
def set_offer_hours(*, event: Event, hours: int) -> None:
    """How long an offer of this event lasts from now on; those that stand keep their time."""
    policy, _made = WaitingPolicy.objects.update_or_create(event=event, defaults={"offer_hours": hours})
    record("waiting.policy", policy, event=event, fields=["offer_hours"])
