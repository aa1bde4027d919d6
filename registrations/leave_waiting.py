"""Leave a waiting list: by oneself, by declining what is offered, or because the offer ran out.

A place that was held goes to the next at once.
"""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from .models import WaitingEntry
from .offer import free
from .tell_waiting import tell_waiting


class NotWaiting(ConventionError):
    """The entry has ended, or somebody was faster."""

    kind = "not-waiting"
    status = 409


class NoOffer(ConventionError):
    """Nothing is offered, or not any more."""

    kind = "no-offer"
    status = 409


@transaction.atomic
def leave_waiting(*, entry: WaitingEntry, reason: str = "") -> WaitingEntry:
    """Leave, whether a place is offered or not. Raises NotWaiting."""
    return _end(entry, "left_at", verb="waiting.leave", reason=reason)


@transaction.atomic
def decline(*, entry: WaitingEntry) -> WaitingEntry:
    """Decline what is offered, which ends the wait. Raises NotWaiting, NoOffer."""
    if not entry_locked(entry).has_offer():
        raise NoOffer(_("No place is offered to you at this moment."))
    return _end(entry, "declined_at", verb="waiting.decline")


@transaction.atomic
def lapse(*, entry: WaitingEntry, at: datetime.datetime) -> bool:
    """End a wait whose offer has run out by then, and say so by mail; whether it had."""
    locked = WaitingEntry.objects.overdue(at=at).select_for_update(of=("self",)).filter(pk=entry.pk).first()
    if locked is None:
        return False
    _end(locked, "lapsed_at", verb="waiting.lapse")
    tell_waiting.enqueue(entry.pk)
    return True


def entry_locked(entry: WaitingEntry) -> WaitingEntry:
    """An entry that has not ended, locked until the transaction ends. Raises NotWaiting."""
    found = (
        WaitingEntry.objects.standing()
        .select_for_update(of=("self",))
        .select_related("event", "ticket__event", "session__event", "registration__order")
        .filter(pk=entry.pk)
        .first()
    )
    if found is None:
        raise NotWaiting(_("This wait has ended already."))
    return found


def _end(entry: WaitingEntry, mark: str, *, verb: str, reason: str = "") -> WaitingEntry:
    entry = entry_locked(entry)
    setattr(entry, mark, timezone.now())
    entry.save(update_fields=[mark])
    record(verb, entry, event=entry.event, fields=[mark], reason=reason)
    if entry.offered_at:
        free({entry.thing: 1})
    return entry
