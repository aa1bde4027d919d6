"""Which day of the programme a session belongs to: days may run past midnight."""

import datetime
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ..days import programme_day
from .notes import Reason
from .programme import Talk
from .raw import Context

DAWN = datetime.time(6)
NOON = datetime.time(12)
OUR_GENERATOR = "Convention"


@dataclass(frozen=True, slots=True)
class DayFrame:
    """What a file says of a day: its date, and when it begins."""

    date: datetime.date | None = None
    start: datetime.datetime | None = None


def dated(days: list[tuple[DayFrame, list[Talk]]], context: Context) -> Iterator[Talk]:
    """All talks, each with its day; a day dated in another time zone than its talks is dated again."""
    for frame, talks in days:
        day = date_of(frame, talks, context)
        for talk in talks:
            yield replace(talk, day=day or own_day(talk, context))


def date_of(frame: DayFrame, talks: list[Talk], context: Context) -> datetime.date | None:
    """The date of a day: the file's, unless it was written in another zone than that of the talks."""
    if frame.date is None or not talks or not is_foreign(frame, context):
        return frame.date
    counts = Counter(own_day(talk, context) for talk in talks)
    likely, count = counts.most_common(1)[0]
    if likely == frame.date or count * 2 <= len(talks):
        return frame.date
    context.notes.add(Reason.WRONG_DAY, f"{frame.date} → {likely}")
    return likely


def is_foreign(frame: DayFrame, context: Context) -> bool:
    """Whether the day's start has an offset that the zone never has then."""
    if frame.start is None or frame.start.tzinfo is None:
        return False
    return frame.start.utcoffset() != frame.start.astimezone(context.zone).utcoffset()


def own_day(talk: Talk, context: Context) -> datetime.date:
    """The day that follows from the talk's start alone."""
    return programme_day(talk.starts_at, context.zone, context.day_starts or DAWN)


def usual_start(
    frames: Iterable[DayFrame], zone: zoneinfo.ZoneInfo, generator: str | None
) -> datetime.time | None:
    """When days of the programme start, from the local time at which most of them do.

    Our own files move a day's start back for a session before it, never forward: there the latest counts.
    """
    starts = (frame.start for frame in frames if frame.start)
    local = (start.astimezone(zone).time() if start.tzinfo else start.time() for start in starts)
    clocks = Counter(clock for clock in local if clock < NOON)
    if not clocks:
        return None
    if generator == OUR_GENERATOR:
        return max(clocks)
    return max(clocks.items(), key=lambda item: (item[1], item[0]))[0]
