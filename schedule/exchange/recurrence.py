"""When an entry of a calendar takes place again, by its rule."""

import calendar
import datetime
import itertools
import re

from dateutil.rrule import rrulestr

MOST_TIMES = 100
MAX_RULES = 500
"""Events of a file that repeat by a rule; real files have dozens."""
MAX_RULE_CHARS = 300
HORIZON = datetime.timedelta(days=366)
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
UNTIL = re.compile(r"(?:^|;)\s*UNTIL=([^;]*)", re.I)
COUNT = re.compile(r"[0-9]{1,9}")
STEP = re.compile(r"[1-9][0-9]{0,4}")
LAST_YEAR = datetime.MAXYEAR - 1


def until_of(rule: str) -> str:
    """The end that a rule names, as written."""
    match = UNTIL.search(rule)
    return match.group(1) if match else ""


def again(
    rule: str, start: datetime.datetime, until: datetime.datetime | None
) -> tuple[list[datetime.datetime], bool]:
    """The local times after `start` at which it takes place again, and whether these are all.

    Of a rule without an end, and of one that cannot be read, there are none; of any other, those within
    a year, at most a hundred. `until` is the rule's end as local time.
    """
    rule = "".join(rule.upper().split())
    parts = dict(part.partition("=")[::2] for part in rule.split(";") if part)
    count = int(parts.pop("COUNT")) if COUNT.fullmatch(parts.get("COUNT", "")) else 0
    parts.pop("UNTIL", None)
    if (
        len(rule) > MAX_RULE_CHARS
        or not (until or count)
        or parts.get("FREQ") not in FREQUENCIES
        or not STEP.fullmatch(parts.get("INTERVAL", "1"))
    ):
        return [], False
    horizon = start + HORIZON
    last = min(until or horizon, horizon)
    later = years_to_the_end(start.year)
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        ends = moved(last, later)
        rule_of = rrulestr(f"{bounded};UNTIL={ends:%Y%m%dT%H%M%S}", dtstart=moved(start, later))
        found = itertools.islice(rule_of, min(count or MOST_TIMES + 1, MOST_TIMES + 1))
        times = [moved(time, -later) for time in found]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return [], False
    is_whole = len(times) <= MOST_TIMES and (len(times) == count or last == until)
    return [time for time in times[:MOST_TIMES] if time > start], is_whole


def years_to_the_end(year: int) -> int:
    """How many years later the calendar is the same, that of the year after too, as late as can be.

    A rule that never comes true, as on the 30th of February, is followed to the end of time: near there.
    """
    alike = (each for each in range(LAST_YEAR, year, -1) if shape_of(each) == shape_of(year))
    return next(alike, year) - year


def shape_of(year: int) -> tuple[int, bool, bool]:
    """What a year and the next look like: the weekday on which it begins, and which are leap years."""
    return calendar.weekday(year, 1, 1), calendar.isleap(year), calendar.isleap(year + 1)


def moved(moment: datetime.datetime, years: int) -> datetime.datetime:
    """The same moment of the year, so many years later."""
    return moment.replace(year=moment.year + years)
