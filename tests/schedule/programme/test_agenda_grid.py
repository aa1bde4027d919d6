import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedule.programme.agenda_grid import GridPlace, GridSession, RoomColumns, build_grid

DAY = datetime.datetime(2026, 6, 16, tzinfo=datetime.UTC)


def make_grid_session(key, start, end, room="A"):
    return GridSession(
        key, DAY + datetime.timedelta(minutes=start), DAY + datetime.timedelta(minutes=end), room
    )


def test_grid_has_a_line_for_each_time_and_a_column_for_each_room():
    grid = build_grid([make_grid_session(1, 0, 60), make_grid_session(2, 30, 90, "B")], ["A", "B"])

    assert grid.columns == [RoomColumns("A", 2, 3), RoomColumns("B", 3, 4)]
    assert grid.places_by_key == {1: GridPlace(2, 4, 2), 2: GridPlace(3, 5, 3)}


def test_overlapping_sessions_of_a_room_get_separate_columns():
    grid = build_grid(
        [
            make_grid_session(1, 0, 60),
            make_grid_session(2, 30, 90),
            make_grid_session(3, 60, 120),
            make_grid_session(4, 0, 60, "B"),
        ],
        ["A", "B"],
    )

    assert grid.columns == [RoomColumns("A", 2, 4), RoomColumns("B", 4, 5)]
    assert [grid.places_by_key[key].column for key in (1, 2, 3, 4)] == [2, 3, 2, 4]


@pytest.mark.parametrize(("room_count", "is_wide"), [(6, False), (7, True)])
def test_grid_of_more_than_six_columns_is_wide(room_count, is_wide):
    rooms = list(range(room_count))

    grid = build_grid([make_grid_session(room, 0, 60, room) for room in rooms], rooms)

    assert grid.is_wide is is_wide


def test_no_grid_is_built_for_too_many_rooms():
    rooms = [str(number) for number in range(41)]
    assert build_grid([make_grid_session(room, 0, 60, room) for room in rooms], rooms) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(1, 20), st.sampled_from("AB")), min_size=1, max_size=12
    )
)
def test_no_two_sessions_share_a_place(rows):
    pieces = [
        make_grid_session(key, start, start + length, room) for key, (start, length, room) in enumerate(rows)
    ]
    grid = build_grid(pieces, ["A", "B"])

    assert set(grid.places_by_key) == set(range(len(rows)))

    taken = [
        (place.column, row)
        for place in grid.places_by_key.values()
        for row in range(place.first_line, place.last_line)
    ]

    assert len(taken) == len(set(taken))
