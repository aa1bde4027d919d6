"""Spell out a time zone for calendars (VTIMEZONE), with yearly rules where the zone has them."""

import calendar
import datetime
import functools
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

WEEKDAY_CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
# Fewer years may follow a rule by chance (Morocco's changes follow Ramadan).
MIN_RULE_YEARS = 6


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A change of the clocks: local time before it, and the offsets before and after."""

    local_time: datetime.datetime
    offset_before: datetime.timedelta
    offset_after: datetime.timedelta
    name: str
    is_summer_time: bool


# Thousands of days are searched, and each personal calendar of an event needs the same lines.
@functools.lru_cache(maxsize=64)
def write_zone_lines(name: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """Return the lines of a VTIMEZONE, correct from the first year to the last and beyond by rule."""
    zone = zoneinfo.ZoneInfo(name)
    clock_changes = list(
        find_clock_changes(zone, first_year - 1, max(last_year + 1, first_year + MIN_RULE_YEARS))
    )
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    if not clock_changes:
        # RFC 5545 (3.6.5) requires at least one STANDARD or DAYLIGHT.
        start = datetime.datetime(first_year - 1, 1, 1, tzinfo=zone)
        lines += write_observance(make_unchanging(start), "")
    for candidates in group_similar_changes(clock_changes):
        rule = make_yearly_rule(candidates)
        for change in candidates[:1] if rule else candidates:
            lines += write_observance(change, rule)
    return (*lines, "END:VTIMEZONE")


def make_unchanging(start: datetime.datetime) -> ClockChange:
    """Return the observance of a zone whose clocks never change."""
    offset = start.utcoffset() or datetime.timedelta()
    return ClockChange(start.replace(tzinfo=None), offset, offset, start.tzname() or "", is_summer_time=False)


def find_clock_changes(zone: zoneinfo.ZoneInfo, first_year: int, last_year: int) -> Iterator[ClockChange]:
    """Yield all changes of the clocks in these years."""
    at = datetime.datetime(first_year, 1, 1, tzinfo=datetime.UTC)
    end = datetime.datetime(last_year + 1, 1, 1, tzinfo=datetime.UTC)
    # zoneinfo has no list of changes, so they are searched: day by day, then by bisection.
    step = datetime.timedelta(days=1)
    while at < end:
        if get_utc_offset(at, zone) != get_utc_offset(at + step, zone):
            yield find_change_between(at, at + step, zone)
        at += step


def get_utc_offset(at: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.timedelta:
    return at.astimezone(zone).utcoffset() or datetime.timedelta()


def find_change_between(
    early: datetime.datetime, late: datetime.datetime, zone: zoneinfo.ZoneInfo
) -> ClockChange:
    """Return the change between two moments, to the second."""
    before = get_utc_offset(early, zone)
    while late - early > datetime.timedelta(seconds=1):
        middle = early + (late - early) / 2
        middle = middle.replace(microsecond=0)
        if get_utc_offset(middle, zone) == before:
            early = middle
        else:
            late = middle
    local = late.astimezone(zone)
    return ClockChange(
        # DTSTART of an observance is local time by the offset before the change (RFC 5545, 3.6.5).
        local_time=(late + before).replace(tzinfo=None),
        offset_before=before,
        offset_after=get_utc_offset(late, zone),
        name=local.tzname() or "",
        is_summer_time=bool(local.dst()),
    )


def group_similar_changes(all_changes: list[ClockChange]) -> list[list[ClockChange]]:
    """Group changes that could follow one rule: same month, same hour, same offsets."""
    groups: dict[tuple[object, ...], list[ClockChange]] = defaultdict(list)
    for change in all_changes:
        key = (
            change.local_time.month,
            change.local_time.time(),
            change.offset_before,
            change.offset_after,
            change.is_summer_time,
        )
        groups[key].append(change)
    return sorted(groups.values(), key=lambda group: group[0].local_time)


def make_yearly_rule(candidates: list[ClockChange]) -> str:
    """Return the RRULE that gives exactly these changes, one a year without a gap; "" if there is none."""
    years = [change.local_time.year for change in candidates]
    weekdays = {change.local_time.weekday() for change in candidates}
    if len(candidates) < MIN_RULE_YEARS or len(weekdays) > 1 or years != list(range(years[0], years[-1] + 1)):
        return ""
    from_start = {(change.local_time.day - 1) // 7 + 1 for change in candidates}
    # Checked first: “the last Sunday” is the fourth in some years and the fifth in others.
    if all(is_last_week(change.local_time) for change in candidates):
        position = -1
    elif len(from_start) == 1:
        position = from_start.pop()
    else:
        return ""
    month = candidates[0].local_time.month
    return f"RRULE:FREQ=YEARLY;BYMONTH={month};BYDAY={position}{WEEKDAY_CODES[weekdays.pop()]}"


def is_last_week(day: datetime.datetime) -> bool:
    """Return whether no such weekday follows in the month."""
    return day.day + 7 > calendar.monthrange(day.year, day.month)[1]


def write_observance(change: ClockChange, rule: str) -> list[str]:
    """Return the lines of a STANDARD or DAYLIGHT component."""
    kind = "DAYLIGHT" if change.is_summer_time else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{change.local_time:%Y%m%dT%H%M%S}",
        *([rule] if rule else []),
        f"TZOFFSETFROM:{format_utc_offset(change.offset_before)}",
        f"TZOFFSETTO:{format_utc_offset(change.offset_after)}",
        f"TZNAME:{change.name}",
        f"END:{kind}",
    ]


def format_utc_offset(ahead: datetime.timedelta) -> str:
    """Format as +0100 or -0330."""
    minutes = abs(int(ahead.total_seconds())) // 60
    return f"{'-' if ahead < datetime.timedelta() else '+'}{minutes // 60:02}{minutes % 60:02}"
