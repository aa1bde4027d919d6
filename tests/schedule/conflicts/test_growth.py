"""The work for conflicts grows in proportion to the programme, not with its square."""

from collections.abc import Callable

import pytest

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.placements import compute_placement_costs
from schedule.conflicts.suggest_fix import suggest_fix
from schedule.conflicts.timetable import Timetable
from tests.call_counts import count_calls

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


def grows_in_proportion(function: Callable[[Timetable], object], timetables: list[Timetable]) -> bool:
    """Return whether four times the programme takes at most six times the calls; squared, it were sixteen."""
    short, long = (count_calls(lambda timetable=timetable: function(timetable)) for timetable in timetables)
    return long <= 6 * short


def test_conflicts_are_found_in_proportion_to_the_programme(timetables):
    assert grows_in_proportion(find_conflicts, timetables)


def test_placements_are_costed_in_proportion_to_the_programme(timetables):
    def cost_busiest_session(timetable: Timetable) -> object:
        busiest = max(timetable.sessions.values(), key=lambda one: len(one.speakers | one.chairs))
        return compute_placement_costs(timetable, busiest.key)

    assert grows_in_proportion(cost_busiest_session, timetables)


def test_fix_is_suggested_in_proportion_to_the_programme(timetables):
    def suggest_first_fix(timetable: Timetable) -> object:
        return suggest_fix(timetable, find_conflicts(timetable)[0])

    assert grows_in_proportion(suggest_first_fix, timetables)
