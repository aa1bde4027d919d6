"""When an entry of a calendar takes place again, by its rule."""

import datetime
import itertools
import re

from dateutil.rrule import rrulestr

MOST_TIMES = 100
HORIZON = datetime.timedelta(days=366)
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
UNTIL = re.compile(r"(?:^|;)\s*UNTIL=([^;]*)", re.I)
COUNT = re.compile(r"[0-9]{1,9}")
NO_STEP = re.compile(r"0+")


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
    parts = dict(part.partition("=")[::2] for part in "".join(rule.upper().split()).split(";") if part)
    count = int(parts.pop("COUNT")) if COUNT.fullmatch(parts.get("COUNT", "")) else 0
    parts.pop("UNTIL", None)
    if (
        not (until or count)
        or parts.get("FREQ") not in FREQUENCIES
        or NO_STEP.fullmatch(parts.get("INTERVAL", ""))
    ):
        return [], False
    horizon = start + HORIZON
    last = min(until or horizon, horizon)
    bounded = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rule_of = rrulestr(f"{bounded};UNTIL={last:%Y%m%dT%H%M%S}", dtstart=start)
        times = list(itertools.islice(rule_of, min(count or MOST_TIMES + 1, MOST_TIMES + 1)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return [], False
    is_whole = len(times) <= MOST_TIMES and (len(times) == count or last == until)
    return [time for time in times[:MOST_TIMES] if time > start], is_whole
