"""Build time zones that a calendar defines itself (VTIMEZONE), if their rules are plausible.

Each use of such a zone walks through all its changes since the first: a rule for each second, or hundreds of
rules, would take minutes for a file of a few kilobytes. So the changes are counted first.
"""

import datetime
import re
from itertools import islice
from typing import Final

import icalendar
from dateutil.rrule import rrulestr

from .content_lines import CalendarComponent

MAX_ZONE_LINES: Final = 1_000
# Outlook writes zones that change twice a year since 1601: 1,200 changes until 2200.
MAX_ZONE_CHANGES: Final = 4_000
MAX_ZONES: Final = 50
# Only parts that give a few changes a year: BYHOUR and the like would multiply them.
YEARLY_RULE_PATTERN: Final = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}(?:,[+-]?\d?[A-Z]{2}){0,6}"
    r"|BYMONTHDAY=[+-]?\d{1,2}(?:,[+-]?\d{1,2}){0,30}|WKST=[A-Z]{2}|COUNT=\d{1,4}|UNTIL=\d{8}(?:T\d{6}Z?)?)){0,8};?",
    re.IGNORECASE,
)
# A rule is counted without its end, which gives an upper bound: beside a local DTSTART, dateutil refuses
# the UNTIL in UTC that RFC 5545 (3.6.5) requires.
RULE_END_PATTERN: Final = re.compile(r";(?:COUNT|UNTIL)=[^;]*", re.IGNORECASE)
BEGIN_DATE_PATTERN: Final = re.compile(r"\s*(\d{8})(?:T(\d{6})Z?)?\s*")


def build_defined_zone(component: CalendarComponent) -> datetime.tzinfo | None:
    """Return the zone of a VTIMEZONE; None if it cannot be built or changes too often."""
    lines = write_component_lines(component)
    if len(lines) > MAX_ZONE_LINES:
        return None
    try:
        if count_zone_changes(component) > MAX_ZONE_CHANGES:
            return None
        zone = icalendar.Timezone.from_ical("\r\n".join(lines))
        return zone.to_tz() if isinstance(zone, icalendar.Timezone) else None
    except Exception:  # the libraries raise anything; a zone that cannot be built is unknown
        return None


def count_zone_changes(component: CalendarComponent) -> int:
    """Return how often the zone changes until 2200, or a number beyond the limit.

    Raise ValueError for a rule that is not for days of each year.
    """
    return sum(
        1 + count_rule_changes(observance) + count_date_changes(observance)
        for observance in component.subcomponents
    )


def count_date_changes(observance: CalendarComponent) -> int:
    """Return how many more dates a STANDARD or DAYLIGHT lists (RDATE)."""
    return sum(line.value.count(",") + 1 for line in observance.lines if line.name == "RDATE")


def count_rule_changes(observance: CalendarComponent) -> int:
    """Return how often a STANDARD or DAYLIGHT begins by its rules. Raise ValueError."""
    rules = ["".join(line.value.split()) for line in observance.lines if line.name == "RRULE"]
    if not rules:
        return 0
    match = BEGIN_DATE_PATTERN.fullmatch(observance.get_text("DTSTART") or "")
    if match is None or not all(YEARLY_RULE_PATTERN.fullmatch(rule) for rule in rules):
        raise ValueError(rules)
    start = datetime.datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 (local)
    rules_without_end = (RULE_END_PATTERN.sub("", rule).rstrip(";") for rule in rules)
    times = (rrulestr(f"{rule};UNTIL=22000101T000000", dtstart=start) for rule in rules_without_end)
    return sum(1 for rule_times in times for _time in islice(rule_times, MAX_ZONE_CHANGES + 1))


def write_component_lines(component: CalendarComponent) -> list[str]:
    """Return the component as lines, without parameters."""
    inner = [line for subcomponent in component.subcomponents for line in write_component_lines(subcomponent)]
    own = [f"{line.name}:{line.value}" for line in component.lines]
    return [f"BEGIN:{component.name}", *own, *inner, f"END:{component.name}"]
