"""The time axis of a day: its range, which sessions span all rooms, and where sheets are cut. Pure."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from ..printed_programme import PrintedSession
from .columns import TimedItem

TICK_MINUTES = 30
# A session of several days ends with its first day on the grid; its hours are printed in full.
MAX_DAY_MINUTES = 26 * 60.0


@dataclass(frozen=True)
class DayAxis:
    """The first moment of a day, and its sessions on the axis; those in `spans` lie across all rooms."""

    first_moment: datetime.datetime
    items: tuple[TimedItem, ...]
    spans: tuple[TimedItem, ...]
    length: float

    def get_moment(self, minutes: float) -> datetime.datetime:
        """Return the local time of a position, also across a change of clocks."""
        zone = self.first_moment.tzinfo
        moment = self.first_moment.astimezone(datetime.UTC) + datetime.timedelta(minutes=minutes)
        return moment.astimezone(zone)

    def demote(self, item: TimedItem, room: str) -> "DayAxis":
        """Return the axis with a session in a column instead of across all rooms."""
        session = item.session if item.session.room else replace(item.session, room=room)
        return replace(
            self,
            items=(*self.items, replace(item, session=session)),
            spans=tuple(span for span in self.spans if span is not item),
        )


def build_axis(sessions: Sequence[PrintedSession], all_rooms_label: str) -> DayAxis:
    """Return the axis of a day's sessions, which all have times; it begins at a half-hour."""
    starts = [session.starts_at for session in sessions if session.starts_at]
    earliest = min(starts)
    first = earliest.replace(minute=earliest.minute // TICK_MINUTES * TICK_MINUTES, second=0, microsecond=0)
    items = [make_item(session, first) for session in sessions]
    last = max(max(item.end, item.start + TICK_MINUTES) for item in items)
    length = min(MAX_DAY_MINUTES, -(-last // TICK_MINUTES) * TICK_MINUTES)
    items = [replace(item, end=min(item.end, length)) for item in items if item.start < length]
    axis = DayAxis(first, tuple(item for item in items if not item.session.is_for_everybody), (), length)
    for item in items:
        if item.session.is_for_everybody:
            is_alone = not any(overlaps(item, other) for other in (*axis.items, *axis.spans))
            spanned = replace(axis, spans=(*axis.spans, item))
            axis = spanned if is_alone else spanned.demote(item, all_rooms_label)
    return axis


def make_item(session: PrintedSession, first: datetime.datetime) -> TimedItem:
    assert session.starts_at
    assert session.ends_at
    start = (session.starts_at - first).total_seconds() / 60
    return TimedItem(session, start, start + (session.ends_at - session.starts_at).total_seconds() / 60)


def overlaps(first: TimedItem, second: TimedItem) -> bool:
    return first.start < second.end and second.start < first.end


def choose_cuts(axis: DayAxis, band_count: int) -> list[tuple[float, float]]:
    """Return the bands of time for that many sheets, cut where the fewest sessions are under way."""
    items = (*axis.items, *axis.spans)
    candidates = sorted({item.start for item in items} | {item.end for item in items})
    reach = axis.length / band_count / 4
    cuts = []
    for index in range(1, band_count):
        target = axis.length * index / band_count
        near = [cut for cut in candidates if abs(cut - target) <= reach] or [target]
        cuts.append(min(near, key=lambda cut: (count_crossing(items, cut), abs(cut - target))))
    edges = [0.0, *cuts, axis.length]
    return [(start, end) for start, end in pairwise(edges) if end > start]


def count_crossing(items: Iterable[TimedItem], cut: float) -> int:
    return sum(item.start < cut < item.end for item in items)


def select_band(items: Iterable[TimedItem], band: tuple[float, float], min_minutes: float) -> list[TimedItem]:
    """Return the parts of sessions in a band; one across the cut is on both, unless its part is too short."""
    start, end = band
    found = []
    for item in items:
        before, after = start - item.start, item.end - start
        begins_here = start <= item.start < end and (item.end <= end or end - item.start >= min_minutes)
        continues = item.start < start < item.end and (after >= min_minutes or before < min_minutes)
        if begins_here or continues:
            found.append(replace(item, start=max(item.start, start), end=min(item.end, end)))
    return found
