"""Count how many were inside a checkpoint at once, from its scans: for entries that arrive after the fact."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator

from badges.attendance.models import Scan

from .presence import ENTRY_LIFETIME, NEVER_SCANNED, CountedScan, apply_scan
from .presence_store import iterate_counted_scans

# By the registration that the scans count for.
type CheckpointHistories = dict[int, list[CountedScan]]


def load_checkpoint_histories(checkpoint: int, *, since: datetime.datetime) -> CheckpointHistories:
    """Return the counted scans that decide who was inside at `since` or later."""
    histories: CheckpointHistories = defaultdict(list)
    scans = Scan.objects.filter(effective_at__gt=since - ENTRY_LIFETIME)
    for registration, _checkpoint, counted_scan in iterate_counted_scans(scans, {checkpoint}):
        histories[registration].append(counted_scan)
    return histories


def count_most_inside(
    histories: CheckpointHistories, *, since: datetime.datetime, until: datetime.datetime | None
) -> int:
    """Return the largest number of people inside at once from `since` on, before `until`."""
    changes: list[tuple[datetime.datetime, int]] = []
    inside = 0
    for history in histories.values():
        for entered_at, left_at in iterate_stays(history):
            if left_at <= since or (until is not None and entered_at >= until):
                continue
            changes.append((left_at, -1))
            if entered_at <= since:
                inside += 1
            else:
                changes.append((entered_at, 1))
    max_inside = inside
    # At the same instant, exits count before entries.
    for at, change in sorted(changes):
        if until is not None and at >= until:
            break
        inside += change
        max_inside = max(max_inside, inside)
    return max_inside


def iterate_stays(history: Iterable[CountedScan]) -> Iterator[tuple[datetime.datetime, datetime.datetime]]:
    """Yield entry and end of each stay; a stay without an exit ends when its entry expires."""
    state = NEVER_SCANNED
    for counted_scan in sorted(history, key=lambda each: each.sort_key):
        after = apply_scan(state, counted_scan)
        has_left = state.is_inside and (not after.is_inside or after.entries > state.entries)
        if has_left and state.last_entered_at:
            yield state.last_entered_at, min(counted_scan.at, state.last_entered_at + ENTRY_LIFETIME)
        state = after
    if state.is_inside and state.last_entered_at:
        yield state.last_entered_at, state.last_entered_at + ENTRY_LIFETIME


def find_next_exit(scans: Iterable[CountedScan], *, after: datetime.datetime) -> datetime.datetime | None:
    """Return the time of the first exit at or after `after` among one attendee's scans."""
    return min((scan.at for scan in scans if scan.direction == "out" and scan.at >= after), default=None)
