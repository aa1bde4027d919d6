"""Time limits for a programme of 300 sessions in 20 rooms and 1,000 attendees with 8 favourites each.

On the machine of docs/figures.md, finding all conflicts takes 10 ms and costing the 6,000 placements of a
session 28 ms. The limits leave room for slower machines and fail if the time grows quadratically.
"""

import time

import pytest

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.placements import compute_placement_costs
from schedule.conflicts.suggest_fix import suggest_fix

from .timetables import make_random_timetable

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def timetable():
    return make_random_timetable(1, sessions=300, rooms=20, attendees=1000)


def measure_seconds(function):
    """Return the shortest processor time of five runs."""
    times = []
    for _number in range(5):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


def test_conflicts_are_found_within_the_time_limit(timetable):
    assert measure_seconds(lambda: find_conflicts(timetable)) < 0.1


def test_placement_costs_are_computed_within_the_time_limit(timetable):
    session = max(timetable.sessions.values(), key=lambda one: len(one.speakers | one.chairs)).key

    assert len(compute_placement_costs(timetable, session).cells) > 5000
    assert measure_seconds(lambda: compute_placement_costs(timetable, session)) < 0.2


def test_fix_is_suggested_within_the_time_limit(timetable):
    conflict = find_conflicts(timetable)[0]

    assert measure_seconds(lambda: suggest_fix(timetable, conflict)) < 0.3
