"""What each app's `seed.py` receives: which demo to build, the same every time for the same seed."""

import datetime
import itertools
import random
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise

SIZES: Final = ("small", "club", "large")
COMPANIES_OF_ALL: Final = 60
"""Companies of the whole club; the small demo has the first of them."""


@dataclass(frozen=True)
class World:
    """One demo to build. Each app's `seed(world)` adds its rows, lowest storey first.

    `size` is one of SIZES; they share companies and people and coexist as events of their own. Each app notes
    in `made` what it made.
    """

    size: str
    number: int
    now: datetime.datetime = field(default_factory=timezone.now)
    made: list[str | Promise] = field(default_factory=list)

    def rng(self, *key: object) -> random.Random:
        """A generator of its own for each thing, so that one never shifts another."""
        return random.Random(":".join(map(str, (self.number, *key))))  # noqa: S311 (invented people)

    @property
    def today(self) -> datetime.date:
        """The day in France."""
        return timezone.localdate(self.now)

    @property
    def main_event(self) -> str:
        """The address of this size's convention."""
        return {"small": "small", "club": "convention", "large": "large"}[self.size]

    @property
    def companies(self) -> int:
        """How many member companies there are."""
        return 12 if self.size == "small" else COMPANIES_OF_ALL

    @property
    def people(self) -> int:
        """How many people belong to them."""
        return 80 if self.size == "small" else 560

    @property
    def people_numbers(self) -> list[int]:
        """Their numbers, each the same person of the same company in every size."""
        numbers = (number for number in itertools.count() if number % COMPANIES_OF_ALL < self.companies)
        return list(itertools.islice(numbers, self.people))

    def past_convention_day(self) -> datetime.date:
        """The third Tuesday of the last June whose convention is over."""
        day = third_tuesday_of_june(self.today.year)
        return day if day < self.today - datetime.timedelta(days=1) else third_tuesday_of_june(day.year - 1)

    def convention_day(self) -> datetime.date:
        """The third Tuesday of the next June that is at least three weeks away."""
        year = self.today.year
        day = third_tuesday_of_june(year)
        if day - self.today < datetime.timedelta(days=21):
            day = third_tuesday_of_june(year + 1)
        return day


def third_tuesday_of_june(year: int) -> datetime.date:
    """When the club meets."""
    first = datetime.date(year, 6, 1)
    return first + datetime.timedelta(days=(1 - first.weekday()) % 7 + 14)
