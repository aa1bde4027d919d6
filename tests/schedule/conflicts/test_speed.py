"""A programme of 300 sessions in 20 rooms, with 1,000 attendees of 8 favourites each.

On the machine of docs/figures.md it takes 10 ms to check and 28 ms to cost the 6,000 places of a session; the
limits here leave room for slower machines, and fail if the time grows with the square of something.
"""

import time

import pytest

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.placements import placement_costs
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


def test_all_conflicts_are_found_at_once(timetable):
    assert measure_seconds(lambda: find_conflicts(timetable)) < 0.1


def test_all_places_of_a_session_are_costed_at_once(timetable):
    session = max(timetable.sessions.values(), key=lambda one: len(one.speakers | one.chairs)).key

    assert len(placement_costs(timetable, session).cells) > 5000
    assert measure_seconds(lambda: placement_costs(timetable, session)) < 0.2


def test_a_fix_is_found_while_a_page_loads(timetable):
    conflict = find_conflicts(timetable)[0]

    assert measure_seconds(lambda: suggest_fix(timetable, conflict)) < 0.3
