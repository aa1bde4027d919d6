"""A time zone spelled out for calendars (VTIMEZONE), with yearly rules where the zone has them."""

import calendar
import datetime
import functools
import zoneinfo
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
YEARS_AHEAD = 6


@dataclass(frozen=True, slots=True)
class Change:
    """The clocks change: at this local time as it was before, from one offset to another."""

    local: datetime.datetime
    before: datetime.timedelta
    after: datetime.timedelta
    name: str
    summer: bool


@functools.lru_cache(maxsize=64)
def zone_lines(name: str, first_year: int, last_year: int) -> tuple[str, ...]:
    """The lines of the VTIMEZONE, right from the first of these years to the last, and beyond by rule."""
    zone = zoneinfo.ZoneInfo(name)
    found = list(changes(zone, first_year - 1, max(last_year + 1, first_year + YEARS_AHEAD)))
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}"]
    if not found:
        start = datetime.datetime(first_year - 1, 1, 1, tzinfo=zone)
        lines += observance(unchanging(start), "")
    for alike in grouped(found):
        rule = yearly_rule(alike)
        for change in alike[:1] if rule else alike:
            lines += observance(change, rule)
    return (*lines, "END:VTIMEZONE")


def unchanging(start: datetime.datetime) -> Change:
    """The one offset of a zone whose clocks never change."""
    offset = start.utcoffset() or datetime.timedelta()
    return Change(start.replace(tzinfo=None), offset, offset, start.tzname() or "", summer=False)


def changes(zone: zoneinfo.ZoneInfo, first_year: int, last_year: int) -> Iterator[Change]:
    """Every change of the clocks in these years."""
    at = datetime.datetime(first_year, 1, 1, tzinfo=datetime.UTC)
    end = datetime.datetime(last_year + 1, 1, 1, tzinfo=datetime.UTC)
    step = datetime.timedelta(days=1)
    while at < end:
        if offset_at(at, zone) != offset_at(at + step, zone):
            yield change_between(at, at + step, zone)
        at += step


def offset_at(at: datetime.datetime, zone: zoneinfo.ZoneInfo) -> datetime.timedelta:
    """How far the zone is ahead of UTC at that moment."""
    return at.astimezone(zone).utcoffset() or datetime.timedelta()


def change_between(early: datetime.datetime, late: datetime.datetime, zone: zoneinfo.ZoneInfo) -> Change:
    """The change between two moments, to the second."""
    before = offset_at(early, zone)
    while late - early > datetime.timedelta(seconds=1):
        middle = early + (late - early) / 2
        middle = middle.replace(microsecond=0)
        if offset_at(middle, zone) == before:
            early = middle
        else:
            late = middle
    local = late.astimezone(zone)
    return Change(
        local=(late + before).replace(tzinfo=None),
        before=before,
        after=offset_at(late, zone),
        name=local.tzname() or "",
        summer=bool(local.dst()),
    )


def grouped(found: list[Change]) -> list[list[Change]]:
    """The changes that could follow one rule: same month, same hour, same offsets."""
    groups: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for change in found:
        key = (change.local.month, change.local.time(), change.before, change.after, change.summer)
        groups[key].append(change)
    return sorted(groups.values(), key=lambda group: group[0].local)


def yearly_rule(alike: list[Change]) -> str:
    """The rule that gives exactly these changes, one a year without a gap; nothing if there is none."""
    years = [change.local.year for change in alike]
    weekdays = {change.local.weekday() for change in alike}
    if len(alike) < YEARS_AHEAD or len(weekdays) > 1 or years != list(range(years[0], years[-1] + 1)):
        return ""
    from_start = {(change.local.day - 1) // 7 + 1 for change in alike}
    if all(is_last_week(change.local) for change in alike):
        position = -1
    elif len(from_start) == 1:
        position = from_start.pop()
    else:
        return ""
    return f"RRULE:FREQ=YEARLY;BYMONTH={alike[0].local.month};BYDAY={position}{WEEKDAYS[weekdays.pop()]}"


def is_last_week(day: datetime.datetime) -> bool:
    """Whether no such weekday follows in the month."""
    return day.day + 7 > calendar.monthrange(day.year, day.month)[1]


def observance(change: Change, rule: str) -> list[str]:
    """The lines of one STANDARD or DAYLIGHT part."""
    kind = "DAYLIGHT" if change.summer else "STANDARD"
    return [
        f"BEGIN:{kind}",
        f"DTSTART:{change.local:%Y%m%dT%H%M%S}",
        *([rule] if rule else []),
        f"TZOFFSETFROM:{offset(change.before)}",
        f"TZOFFSETTO:{offset(change.after)}",
        f"TZNAME:{change.name}",
        f"END:{kind}",
    ]


def offset(ahead: datetime.timedelta) -> str:
    """+0100, -0330."""
    minutes = abs(int(ahead.total_seconds())) // 60
    return f"{'-' if ahead < datetime.timedelta() else '+'}{minutes // 60:02}{minutes % 60:02}"
