"""Number the changes of presences, so that devices fetch only what is new, whatever the clocks say.

A scan writes a presence without a number. Whoever reads presences first gives the next number to all that are
visible without one, under the counter's lock. So a number is never given before a lower one is visible: a
cursor misses nothing, however late a transaction commits and wherever a clock is put. Scans themselves take
no lock for it, and no two of them wait for each other.
"""

from itertools import batched
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Subquery

from convention.events.models import Event

from .models import Presence, PresenceCounter

AT_ONCE: Final = 1000


def number_changes(event_id: int) -> int:
    """Give the next number to every presence that changed since the last time; return the latest number."""
    last, is_new = _state(event_id)
    return _number(event_id) if is_new else last


def _state(event_id: int) -> tuple[int, bool]:
    """Return the latest number, and whether a presence waits for the next one, in one query."""
    counters = PresenceCounter.objects.filter(event=OuterRef("pk")).values("last")
    unnumbered = Presence.objects.filter(event=OuterRef("pk"), sequence=None)
    found = Event.objects.filter(pk=event_id).values_list(Subquery(counters), Exists(unnumbered)).first()
    last, is_new = found or (0, False)
    return last or 0, is_new


@transaction.atomic
def _number(event_id: int) -> int:
    PresenceCounter.objects.get_or_create(event_id=event_id)
    counter = PresenceCounter.objects.select_for_update(no_key=True).get(event=event_id)
    # A row that a scan holds just now is numbered next time, rather than waited for.
    rows = Presence.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    keys = list(rows.filter(event=event_id, sequence=None).values_list("pk", flat=True))
    if keys:
        counter.last += 1
        counter.save(update_fields=["last"])
    for some in batched(keys, AT_ONCE, strict=False):
        Presence.objects.filter(pk__in=some).update(sequence=counter.last)
    return counter.last


def restart(event_id: int) -> None:
    """Note that all presences of the event were made anew: no earlier cursor leads to them."""
    PresenceCounter.objects.get_or_create(event_id=event_id)
    PresenceCounter.objects.filter(event=event_id).update(last=F("last") + 1, restarted_at=F("last") + 1)


def is_outdated(event_id: int, cursor: int) -> bool:
    """Return whether presences were made anew since that number was told."""
    return PresenceCounter.objects.filter(event=event_id, restarted_at__gt=cursor).exists()
