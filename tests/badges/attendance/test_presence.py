"""The projection: the same in whatever order the scans come, doubled or not, step by step or at once."""

import datetime
import functools
import uuid

from hypothesis import given
from hypothesis import strategies as some

from badges.attendance.presence import NOBODY, Pass, State, conflicts, meet_late, project, step

NINE = datetime.datetime(2026, 6, 17, 9, tzinfo=datetime.UTC)


def at(minutes, **fields):
    values = {"device": 1, "uid": uuid.uuid4(), "direction": "in"}
    return Pass(at=NINE + datetime.timedelta(minutes=minutes), **values | fields)


passes = some.lists(
    some.builds(
        Pass,
        at=some.integers(0, 40).map(lambda steps: NINE + datetime.timedelta(seconds=5 * steps)),
        device=some.integers(1, 3),
        uid=some.uuids(),
        direction=some.sampled_from(["in", "out"]),
        local_verdict=some.sampled_from(["", "admitted", "already_in"]),
        is_explained=some.booleans(),
        resolution=some.sampled_from(["", "", "reentry", "wrong_badge", "misuse"]),
        sequence=some.integers(0, 3),
    ),
    max_size=12,
)


@given(passes, some.randoms())
def test_any_order_gives_the_same(story, random):
    shuffled = random.sample(story, len(story))
    assert project(shuffled) == project(story)


@given(passes)
def test_what_always_holds(story):
    state = project(story)
    assert state.version == len(story)
    assert state.is_inside is False or state.last_in is not None
    assert (state.entries == 0) == (state.first_in is None)
    assert state.has_conflict == bool(conflicts(story))
    assert 0 <= state.seconds_inside <= 200


@given(passes)
def test_step_by_step_in_order_equals_at_once(story):
    ordered = sorted(story, key=lambda one: one.order)
    assert functools.reduce(step, ordered, NOBODY) == project(story)


def test_two_devices():
    first, second = at(0), at(30, device=2)
    state = project([second, first])
    assert state == State(
        is_inside=True, first_in=first.at, last_in=first.at, last_device=1, entries=1, has_conflict=True,
        latest_at=second.at, version=2,
    )  # fmt: skip
    assert conflicts([second, first]) == [second]


def test_what_an_organizer_found_it_to_be():
    first = at(0)
    for resolution, entries in (("reentry", 2), ("wrong_badge", 1), ("misuse", 1)):
        state = project([first, at(30, device=2, resolution=resolution)])
        assert (state.entries, state.has_conflict) == (entries, False)


def test_dwell_is_counted_over_all_stays():
    state = project(
        [at(0), at(10, direction="out"), at(20), at(25, direction="out"), at(26, direction="out")]
    )
    assert (state.seconds_inside, state.entries, state.is_inside) == (15 * 60, 2, False)


def test_a_late_entry_doubles_the_next_one():
    later = at(10, device=2, gate="B")
    meeting = meet_late([later], at(0))
    assert (meeting.is_inside, meeting.is_same_device, meeting.read_at) == (True, False, later.at)
    assert meet_late([at(5, direction="out"), later], at(0)).is_inside is False
