"""Expand the recurrence rule of a calendar entry."""

import calendar
import datetime
import itertools
import re

from dateutil.rrule import rrulestr

MAX_OCCURRENCES = 100
# Recurring events of a file; real files have dozens.
MAX_RULES = 500
MAX_RULE_CHARS = 300
EXPANSION_HORIZON = datetime.timedelta(days=366)
# Rules of each hour or second that rarely match, as on 30 February, would be searched for hours.
SUPPORTED_FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
UNTIL_PATTERN = re.compile(r"(?:^|;)\s*UNTIL=([^;]*)", re.I)
COUNT_PATTERN = re.compile(r"[0-9]{1,9}")
# No zero, at which a rule never ends; int() reads “-0” and the wide “０” as zero too.
INTERVAL_PATTERN = re.compile(r"[1-9][0-9]{0,4}")
# A shifted rule may run into the following year.
LAST_YEAR = datetime.MAXYEAR - 1


def find_rule_end(rule: str) -> str:
    """Return the end of a rule, as written."""
    match = UNTIL_PATTERN.search(rule)
    return match.group(1) if match else ""


def expand_rule(
    rule: str, start: datetime.datetime, until: datetime.datetime | None
) -> tuple[list[datetime.datetime], bool]:
    """Return the local times after `start` at which the entry recurs, and whether these are all.

    For a rule without an end, and for an unreadable one, there are none; otherwise those within a year, at
    most a hundred. `until` is the rule's end as local time.
    """
    rule = "".join(rule.upper().split())
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    count = int(parts.pop("COUNT")) if COUNT_PATTERN.fullmatch(parts.get("COUNT", "")) else 0
    # Replaced by `until`: dateutil refuses an UNTIL in UTC beside a naive start.
    parts.pop("UNTIL", None)
    if (
        len(rule) > MAX_RULE_CHARS
        or not (until or count)
        or parts.get("FREQ") not in SUPPORTED_FREQUENCIES
        or not INTERVAL_PATTERN.fullmatch(parts.get("INTERVAL", "1"))
    ):
        return [], False
    horizon = start + EXPANSION_HORIZON
    last = min(until or horizon, horizon)
    shift = count_years_to_end(start.year)
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        ends = shift_years(last, shift)
        recurrence = rrulestr(f"{bounded};UNTIL={ends:%Y%m%dT%H%M%S}", dtstart=shift_years(start, shift))
        # One more than wanted tells whether there are others.
        occurrences = itertools.islice(recurrence, min(count or MAX_OCCURRENCES + 1, MAX_OCCURRENCES + 1))
        times = [shift_years(time, -shift) for time in occurrences]
    # dateutil raises any of these for a rule that RFC 5545 does not allow.
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return [], False
    is_complete = len(times) <= MAX_OCCURRENCES and (len(times) == count or last == until)
    return [time for time in times[:MAX_OCCURRENCES] if time > start], is_complete


def count_years_to_end(year: int) -> int:
    """Return by how many years the start can be shifted so that the calendar, and the next year's, is the
    same.

    A rule that never matches, as on 30 February, is searched until the maximum year: shifted, it ends soon.
    """
    later_years = range(LAST_YEAR, year, -1)
    similar = (later for later in later_years if describe_year(later) == describe_year(year))
    return next(similar, year) - year


def describe_year(year: int) -> tuple[int, bool, bool]:
    """Return the weekday on which a year begins and whether it and the next are leap years."""
    return calendar.weekday(year, 1, 1), calendar.isleap(year), calendar.isleap(year + 1)


def shift_years(moment: datetime.datetime, years: int) -> datetime.datetime:
    return moment.replace(year=moment.year + years)
