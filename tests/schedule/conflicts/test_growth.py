"""The work for conflicts grows in proportion to the programme, not with its square."""

from collections.abc import Callable
from functools import partial

import pytest

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.placements import compute_placement_costs
from schedule.conflicts.suggest_fix import suggest_fix
from schedule.conflicts.timetable import Timetable
from tests.step_counts import count_steps

from .timetables import make_random_timetable

pytestmark = pytest.mark.once
DAYS = 3


@pytest.fixture(scope="module")
def timetables() -> list[Timetable]:
    """Return a programme, and one of four times as many days, as crowded as the first."""
    return [
        make_random_timetable(1, sessions=50 * days, rooms=20, attendees=150 * days, days=days)
        for days in (DAYS, 4 * DAYS)
    ]


def assert_grows_in_proportion(function: Callable[[Timetable], object], timetables: list[Timetable]) -> None:
    """Assert that four times the programme takes at most six times the steps; a quadratic loop takes 16."""
    short, long = (count_steps(partial(function, timetable)) for timetable in timetables)
    assert long <= 6 * short


def test_conflicts_are_found_in_proportion_to_the_programme(timetables):
    assert_grows_in_proportion(find_conflicts, timetables)


def test_placements_are_costed_in_proportion_to_the_programme(timetables):
    def cost_busiest_session(timetable: Timetable) -> object:
        busiest = max(timetable.sessions.values(), key=lambda one: len(one.speakers | one.chairs))
        return compute_placement_costs(timetable, busiest.key)

    assert_grows_in_proportion(cost_busiest_session, timetables)


def test_fix_is_suggested_in_proportion_to_the_programme(timetables):
    def suggest_first_fix(timetable: Timetable) -> object:
        return suggest_fix(timetable, find_conflicts(timetable)[0])

    assert_grows_in_proportion(suggest_first_fix, timetables)
