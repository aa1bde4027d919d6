"""Actions of organizers on waiting list entries."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.events.models import Event
from registrations.application_rules import has_passed_deadline
from registrations.models import WaitingEntry, WaitingPolicy

from .end_waiting import WaitingEnded, leave_waiting_list, lock_waiting_entry
from .offers import WantedItem, lock_wanted_item, offer_free_places, offer_place, release_and_offer


@transaction.atomic
def offer_place_now(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Offer a free place out of turn.

    Raise SoldOut, WaitingEnded, or NotOpenNow where places are given on application and the list is locked.
    """
    wanted_item = entry.wanted_item
    locked_item = lock_wanted_item(type(wanted_item), wanted_item.pk)
    if has_passed_deadline(locked_item.event, at=timezone.now()):
        raise NotOpenNow(_("The list is locked: no more places are offered from the waiting list."))
    without_offer = WaitingEntry.objects.active().filter(offered_at__isnull=True)
    # Skipped if locked, because another transaction is ending the entry. Waiting for the lock could deadlock,
    # since the item is locked already.
    locked_entry = without_offer.select_for_update(skip_locked=True, of=("self",)).filter(pk=entry.pk).first()
    if locked_entry is None:
        raise WaitingEnded(_("This person is no longer waiting, or has already been offered a place."))
    offer_place(locked_entry, locked_item)
    record_action("waiting.offer", locked_entry, event=locked_item.event, reason=reason)
    return locked_entry


def can_offer_place(item: WantedItem, *, at: datetime.datetime) -> bool:
    """Return whether `offer_place_now` finds a free place that may still be offered."""
    return item.remaining != 0 and not has_passed_deadline(item.event, at=at)


@transaction.atomic
def pause_waiting_entry(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Make no offers to this entry until it is resumed; its position stays. Raise WaitingEnded.

    A place it holds is offered to the next entry.
    """
    entry = lock_waiting_entry(entry)
    had_offer = entry.offered_at is not None
    entry.held_back_at, entry.offered_at, entry.offer_expires_at = timezone.now(), None, None
    entry.save(update_fields=["held_back_at", "offered_at", "offer_expires_at"])
    record_action("waiting.hold_back", entry, event=entry.event, reason=reason)
    if had_offer:
        release_and_offer({entry.wanted_item: 1})
    return entry


@transaction.atomic
def resume_waiting_entry(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Undo `pause_waiting_entry` and offer what is free. Raise WaitingEnded."""
    entry = lock_waiting_entry(entry)
    entry.held_back_at = None
    entry.save(update_fields=["held_back_at"])
    record_action("waiting.let_on", entry, event=entry.event, reason=reason)
    offer_free_places(type(entry.wanted_item), entry.wanted_item.pk)
    return entry


def remove_waiting_entry(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Remove the entry from the list. Raise WaitingEnded."""
    return leave_waiting_list(entry=entry, reason=reason)


@transaction.atomic
def set_offer_hours(*, event: Event, offer_hours: int) -> None:
    """Set how long new offers of this event last; open offers are not changed."""
    policy, _made = WaitingPolicy.objects.update_or_create(event=event, defaults={"offer_hours": offer_hours})
    record_action("waiting.policy", policy, event=event, fields=["offer_hours"])
