"""Time zones that a calendar spells out itself (VTIMEZONE), as far as their rules are those of a clock.

Each look at a zone goes through all its changes since the first: a rule for each second, or hundreds of
rules, would take minutes for a file of a few kilobytes.
"""

import datetime
import re
from itertools import islice
from typing import Final

import icalendar
from dateutil.rrule import rrulestr

from .content_lines import Component

MAX_LINES: Final = 1_000
MAX_CHANGES: Final = 4_000
"""A zone that changes twice a year since 1601, as Outlook writes it, has 1,200 of them until 2200."""
MAX_ZONES: Final = 50
YEARLY_RULE: Final = re.compile(
    r"FREQ=YEARLY(?:;(?:INTERVAL=1|BYMONTH=\d{1,2}|BYDAY=[+-]?\d?[A-Z]{2}(?:,[+-]?\d?[A-Z]{2}){0,6}"
    r"|BYMONTHDAY=[+-]?\d{1,2}(?:,[+-]?\d{1,2}){0,30}|WKST=[A-Z]{2}|COUNT=\d{1,4}|UNTIL=\d{8}(?:T\d{6}Z?)?)){0,8};?",
    re.IGNORECASE,
)
END: Final = re.compile(r";(?:COUNT|UNTIL)=[^;]*", re.IGNORECASE)
BEGIN: Final = re.compile(r"\s*(\d{8})(?:T(\d{6})Z?)?\s*")


def zone_defined_by(component: Component) -> datetime.tzinfo | None:
    """Return the zone that a VTIMEZONE spells out; None where it cannot be built or changes too often."""
    lines = written(component)
    if len(lines) > MAX_LINES:
        return None
    try:
        if number_of_changes(component) > MAX_CHANGES:
            return None
        zone = icalendar.Timezone.from_ical("\r\n".join(lines))
        return zone.to_tz() if isinstance(zone, icalendar.Timezone) else None
    except Exception:  # whatever is wrong with it: a zone that cannot be built is unknown
        return None


def number_of_changes(component: Component) -> int:
    """Return how often the zone changes until 2200, or a number beyond the limit.

    Raises ValueError for a rule that is not for days of each year.
    """
    return sum(1 + changes_by_rules(inside) + changes_by_dates(inside) for inside in component.inside)


def changes_by_dates(observance: Component) -> int:
    """Return how many dates a STANDARD or DAYLIGHT names besides its first."""
    return sum(line.value.count(",") + 1 for line in observance.lines if line.name == "RDATE")


def changes_by_rules(observance: Component) -> int:
    """Return how often a STANDARD or DAYLIGHT begins by its rules. Raises ValueError."""
    rules = ["".join(line.value.split()) for line in observance.lines if line.name == "RRULE"]
    if not rules:
        return 0
    match = BEGIN.fullmatch(observance.text("DTSTART") or "")
    if match is None or not all(YEARLY_RULE.fullmatch(rule) for rule in rules):
        raise ValueError(rules)
    begins = datetime.datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")  # noqa: DTZ007 (local)
    endless = (END.sub("", rule).rstrip(";") for rule in rules)
    times = (rrulestr(f"{rule};UNTIL=22000101T000000", dtstart=begins) for rule in endless)
    return sum(1 for each in times for _time in islice(each, MAX_CHANGES + 1))


def written(component: Component) -> list[str]:
    """Return the component as lines again."""
    inner = [line for inside in component.inside for line in written(inside)]
    own = [f"{line.name}:{line.value}" for line in component.lines]
    return [f"BEGIN:{component.name}", *own, *inner, f"END:{component.name}"]
