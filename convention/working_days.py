"""Working days as French calendars count them. Pure."""

import datetime
from functools import cache

import holidays

ONE_DAY = datetime.timedelta(days=1)
SATURDAY = 5


@cache
def _holidays(year: int) -> frozenset[datetime.date]:
    return frozenset(holidays.country_holidays("FR", years=year))


def is_working_day(day: datetime.date) -> bool:
    """Whether people are at work in France: from Monday to Friday, but for the country's holidays."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def working_days_before(day: datetime.date, number: int) -> datetime.date:
    """The working day that so many working days before a day; the day itself for none."""
    while number > 0:
        day -= ONE_DAY
        number -= is_working_day(day)
    return day
