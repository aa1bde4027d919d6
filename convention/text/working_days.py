"""Working days in France. No database access."""

import datetime
from functools import cache

import holidays

ONE_DAY = datetime.timedelta(days=1)
SATURDAY = 5


@cache
def _holidays(year: int) -> frozenset[datetime.date]:
    return frozenset(holidays.country_holidays("FR", years=year))


def is_working_day(day: datetime.date) -> bool:
    """Return whether the day is from Monday to Friday and no French public holiday."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


def working_days_before(day: datetime.date, number: int) -> datetime.date:
    """Return the working day `number` working days before `day`; `day` itself for none."""
    while number > 0:
        day -= ONE_DAY
        number -= is_working_day(day)
    return day
