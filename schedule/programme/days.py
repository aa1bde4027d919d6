"""Times of sessions: programme days (what runs past midnight belongs to the day before), and overlaps."""

import datetime
import zoneinfo
from typing import TYPE_CHECKING, Literal

# The process that reads files uses this module and loads no models.
if TYPE_CHECKING:
    from convention.events.models import Event

# Sessions of zero length occur in real files (JRES 2022) and need some height in a grid.
MIN_SHOWN_DURATION = datetime.timedelta(minutes=5)
MAX_PROGRAMME_DAYS = 31


def get_programme_day(
    moment: datetime.datetime, zone: zoneinfo.ZoneInfo, day_starts_at: datetime.time
) -> datetime.date:
    """Return the programme day of a moment, if days begin at `day_starts_at` in local time."""
    local = moment.astimezone(zone)
    day = local.date()
    return day if local.time() >= day_starts_at else day - datetime.timedelta(days=1)


def list_programme_days(event: "Event", day_starts_at: datetime.time) -> list[datetime.date]:
    """Return the programme days from the event's start to its end, at most MAX_PROGRAMME_DAYS."""
    first, last = (
        get_programme_day(moment, event.zone, day_starts_at) for moment in (event.starts_at, event.ends_at)
    )
    length = min((last - first).days + 1, MAX_PROGRAMME_DAYS)
    return [first + datetime.timedelta(days=number) for number in range(length)]


def get_shown_end(starts_at: datetime.datetime, ends_at: datetime.datetime | None) -> datetime.datetime:
    """Return an end that can be drawn, at least five minutes after the start."""
    return max(ends_at or starts_at, starts_at + MIN_SHOWN_DURATION)


def do_spans_overlap[Moment: (int, datetime.datetime)](
    start: Moment, end: Moment, other_start: Moment, other_end: Moment
) -> bool:
    """Return whether two time spans overlap; spans that touch or have no length do not."""
    return max(start, other_start) < min(end, other_end)


def is_outside_hours(
    starts_at: datetime.datetime | None,
    ends_at: datetime.datetime | None,
    hours: tuple[datetime.datetime, datetime.datetime],
) -> bool:
    """Return whether a session begins before its event or ends after it; False without a time."""
    begins, ends = hours
    return starts_at is not None and (starts_at < begins or (ends_at or starts_at) > ends)


type Fullness = Literal["", "free", "filling", "full"]


FILLING_RATIO = 0.8


def describe_fullness(reserved: int, capacity: int | None) -> Fullness:
    """Return how full a session is; "" if its places are not limited."""
    if capacity is None:
        return ""
    if reserved >= capacity:
        return "full"
    return "filling" if reserved >= FILLING_RATIO * capacity else "free"
