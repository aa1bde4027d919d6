"""The input of each app's `seed.py`: which demo to create, reproducible by its random seed."""

import datetime
import itertools
import random
from dataclasses import dataclass, field
from typing import Final

from django.utils import timezone
from django.utils.functional import Promise

DEMO_SIZES: Final = ("small", "club", "large")
# The small demo has the first of these companies.
CLUB_COMPANY_COUNT: Final = 60


@dataclass(frozen=True)
class DemoWorld:
    """One demo to create. Each app's `seed(world)` adds its rows, lowest layer first.

    `size` is one of DEMO_SIZES; sizes share companies and people and coexist as separate events. Each app
    appends to `created` what it created, in words.
    """

    size: str
    random_seed: int
    now: datetime.datetime = field(default_factory=timezone.now)
    created: list[str | Promise] = field(default_factory=list)

    def make_rng(self, *key: object) -> random.Random:
        """Return a random generator for these keys, whose numbers do not depend on other keys."""
        return random.Random(":".join(map(str, (self.random_seed, *key))))  # noqa: S311 (invented people)

    @property
    def today(self) -> datetime.date:
        """Return the date in France."""
        return timezone.localdate(self.now)

    @property
    def main_event_slug(self) -> str:
        return {"small": "small", "club": "convention", "large": "large"}[self.size]

    @property
    def company_count(self) -> int:
        return 12 if self.size == "small" else CLUB_COMPANY_COUNT

    @property
    def person_count(self) -> int:
        return 80 if self.size == "small" else 560

    @property
    def person_numbers(self) -> list[int]:
        """Return the people's numbers; a number is the same person of the same company in every size."""
        numbers = (number for number in itertools.count() if number % CLUB_COMPANY_COUNT < self.company_count)
        return list(itertools.islice(numbers, self.person_count))

    def past_convention_day(self) -> datetime.date:
        """Return the third Tuesday of the last June whose convention is over."""
        day = third_tuesday_of_june(self.today.year)
        return day if day < self.today - datetime.timedelta(days=1) else third_tuesday_of_june(day.year - 1)

    def convention_day(self) -> datetime.date:
        """Return the third Tuesday of the next June that is at least three weeks away."""
        year = self.today.year
        day = third_tuesday_of_june(year)
        if day - self.today < datetime.timedelta(days=21):
            day = third_tuesday_of_june(year + 1)
        return day


def third_tuesday_of_june(year: int) -> datetime.date:
    first = datetime.date(year, 6, 1)
    return first + datetime.timedelta(days=(1 - first.weekday()) % 7 + 14)
