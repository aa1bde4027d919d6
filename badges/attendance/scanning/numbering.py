"""Number the changes of presences, so that devices fetch only changes, whatever the clocks say.

A scan writes a presence without a number. The next reader gives one number to all unnumbered rows it can see,
under the lock of the event's counter. So no number is given before all lower ones are visible: a cursor
misses nothing, however late a transaction commits and however wrong a clock is. Scans take no lock for this
and never wait for each other.
"""

from itertools import batched
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery

from badges.attendance.models import Presence, PresenceCounter
from convention.events.models import Event

UPDATE_CHUNK_SIZE: Final = 1000


def number_changes(event_id: int) -> int:
    """Give the next number to all presences changed since the last call; return the latest number."""
    last, has_unnumbered = _load_counter(event_id)
    return _assign_next_number(event_id) if has_unnumbered else last


def _load_counter(event_id: int) -> tuple[int, bool]:
    """Return the latest number and whether a presence is unnumbered, in one query."""
    # One query without a lock: devices poll every ten seconds, and mostly nothing has changed.
    counters = PresenceCounter.objects.filter(event=OuterRef("pk")).values("last")
    unnumbered = Presence.objects.filter(event=OuterRef("pk"), sequence=None)
    row = Event.objects.filter(pk=event_id).values_list(Subquery(counters), Exists(unnumbered)).first()
    last, has_unnumbered = row or (0, False)
    return last or 0, has_unnumbered


@transaction.atomic
def _assign_next_number(event_id: int) -> int:
    PresenceCounter.objects.get_or_create(event_id=event_id)
    # Held until commit: the next reader can give a higher number only when this one is visible.
    counter = PresenceCounter.objects.select_for_update(no_key=True).get(event=event_id)
    # Rows that a scan has locked are skipped, and numbered by the next reader.
    rows = Presence.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    keys = list(rows.filter(event=event_id, sequence=None).values_list("pk", flat=True))
    # Where all unnumbered rows were locked, a new number would only void the ETags of all devices.
    if keys:
        counter.last += 1
        counter.save(update_fields=["last"])
    for chunk in batched(keys, UPDATE_CHUNK_SIZE, strict=False):
        Presence.objects.filter(pk__in=chunk).update(sequence=counter.last)
    return counter.last


def invalidate_cursors(event_id: int) -> None:
    """Note that the event's presences were rebuilt, which makes every earlier cursor invalid."""
    PresenceCounter.objects.get_or_create(event_id=event_id)
    # F() on both: right-hand sides read the old row, so both become the same new number.
    PresenceCounter.objects.filter(event=event_id).update(last=F("last") + 1, restarted_at=F("last") + 1)


def is_cursor_invalid(event_id: int, cursor: int) -> bool:
    """Return whether presences were rebuilt after `cursor`."""
    return PresenceCounter.objects.filter(event=event_id, restarted_at__gt=cursor).exists()
