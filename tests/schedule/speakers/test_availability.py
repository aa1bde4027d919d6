"""The grid of availability: cells, levels and the rows that are stored."""

import datetime

import pytest

from schedule.models import Availability
from schedule.speakers.availability import (
    AvailabilitySpan,
    PostedLevels,
    build_grid,
    choose_hours,
    choose_step,
    load_grid,
    read_levels,
    save_availability,
)
from tests.factories import make_room, make_session
from tests.schedule.speakers.factories import PARIS, make_june_event, make_paris_time, make_speaker

pytestmark = pytest.mark.once

CAN, RATHER_NOT, CANNOT = Availability.Level.CAN, Availability.Level.RATHER_NOT, Availability.Level.CANNOT
TWO_DAYS = (make_paris_time(15, 9), make_paris_time(16, 17))


def make_grid(*spans, period=TWO_DAYS, hours=(9, 18), step_minutes=60):
    return build_grid(period=period, zone=PARIS, hours=hours, step_minutes=step_minutes, spans=spans)


def apply_levels(grid, posted):
    return read_levels(grid, PostedLevels(posted))


def get_levels(grid):
    return {cell.key: cell.level for cell in grid.cells if cell.level != CAN}


def test_a_grid_has_a_row_for_each_hour_and_a_column_for_each_day():
    grid = make_grid()

    assert grid.days == [datetime.date(2099, 6, 15), datetime.date(2099, 6, 16)]
    assert [clock for clock, _cells in grid.rows] == [f"{hour}\N{NO-BREAK SPACE}h" for hour in range(9, 18)]


def test_hours_after_the_end_of_the_event_have_no_cell():
    grid = make_grid()

    last_row = grid.rows[-1][1]
    assert last_row[0] is not None
    assert last_row[1] is None


def test_half_hours_make_twice_as_many_rows():
    assert len(make_grid(step_minutes=30).rows) == 2 * len(make_grid().rows)


def test_cell_has_the_least_available_level_of_overlapping_spans():
    grid = make_grid(
        AvailabilitySpan(make_paris_time(15, 9), make_paris_time(15, 10), RATHER_NOT),
        AvailabilitySpan(make_paris_time(15, 9, 30), make_paris_time(15, 11), CANNOT),
        AvailabilitySpan(make_paris_time(15, 11), make_paris_time(15, 12), RATHER_NOT),
    )

    assert get_levels(grid) == {
        "2099-06-15T09:00": CANNOT,
        "2099-06-15T10:00": CANNOT,
        "2099-06-15T11:00": RATHER_NOT,
    }


def test_hours_outside_a_can_span_are_cannot():
    grid = make_grid(AvailabilitySpan(make_paris_time(15, 9), make_paris_time(16, 16), CAN))

    assert get_levels(grid) == {"2099-06-16T16:00": CANNOT}


def test_hour_skipped_by_the_clock_change_has_no_cell():
    night = (
        datetime.datetime(2099, 3, 29, 0, tzinfo=PARIS),
        datetime.datetime(2099, 3, 29, 6, tzinfo=PARIS),
    )

    grid = make_grid(period=night, hours=(0, 6))

    hours = [cell.clock.replace("\N{NO-BREAK SPACE}", " ") for cell in grid.cells]
    assert hours == ["0 h", "1 h", "3 h", "4 h", "5 h"]


def test_posted_levels_are_applied_to_the_grid():
    grid = apply_levels(
        make_grid(), {"cell-2099-06-15T09:00": "cannot", "cell-2099-06-16T10:00": "rather_not"}
    )

    assert get_levels(grid) == {"2099-06-15T09:00": CANNOT, "2099-06-16T10:00": RATHER_NOT}


@pytest.mark.parametrize("seen", ["[]", "x", '{"cannot": 1, "x": []}', "[" * 100_000])
def test_unreadable_seen_levels_count_as_available(seen):
    grid = apply_levels(make_grid(), {"seen": seen, "cell-2099-06-15T09:00": "cannot"})

    assert get_levels(grid) == {"2099-06-15T09:00": CANNOT}


@pytest.mark.parametrize(
    "posted", [{"cell-2099-06-15T09:00": "perhaps"}, {"cell-2199-06-15T09:00": "cannot"}, {"day": "x:y"}]
)
def test_unknown_posted_values_and_cells_are_ignored(posted):
    assert get_levels(apply_levels(make_grid(), posted)) == {}


def test_day_button_sets_all_hours_of_the_day():
    grid = apply_levels(make_grid(), {"day": "2099-06-16:cannot", "cell-2099-06-16T09:00": "can"})

    assert set(get_levels(grid)) == {f"2099-06-16T{hour:02}:00" for hour in range(9, 17)}


@pytest.mark.django_db
def test_neighbouring_hours_are_stored_as_one_period():
    speaker = make_speaker()
    posted = {f"cell-2099-06-15T{hour:02}:00": "cannot" for hour in (9, 10, 14)}

    save_availability(speaker=speaker, grid=apply_levels(load_grid(speaker), posted))

    rows = [(row.starts_at, row.ends_at, row.level) for row in speaker.availabilities.all()]
    assert rows == [
        (make_paris_time(15, 9), make_paris_time(15, 11), CANNOT),
        (make_paris_time(15, 14), make_paris_time(15, 15), CANNOT),
    ]


@pytest.mark.django_db
def test_saving_an_unchanged_grid_marks_the_speaker_as_answered():
    speaker = make_speaker()

    save_availability(speaker=speaker, grid=load_grid(speaker))

    assert speaker.availabilities.count() == 0
    assert speaker.link.answered_at is not None


@pytest.mark.django_db
def test_availability_outside_the_grid_is_preserved():
    speaker = make_speaker()
    Availability.objects.create(
        speaker=speaker, starts_at=make_paris_time(14, 20), ends_at=make_paris_time(15, 10), level=CANNOT
    )

    save_availability(
        speaker=speaker, grid=apply_levels(load_grid(speaker), {"cell-2099-06-15T09:00": "can"})
    )

    row = speaker.availabilities.get()
    assert row.starts_at == make_paris_time(14, 20)
    assert row.ends_at == make_paris_time(15, 9)


@pytest.mark.django_db
def test_availability_of_rooms_and_other_speakers_is_not_changed():
    speaker = make_speaker()
    other = make_speaker(speaker.event, "Bob")
    room = make_room(speaker.event)
    Availability.objects.create(room=room, starts_at=make_paris_time(15, 9), ends_at=make_paris_time(15, 10))
    Availability.objects.create(
        speaker=other, starts_at=make_paris_time(15, 9), ends_at=make_paris_time(15, 10)
    )

    save_availability(speaker=speaker, grid=load_grid(speaker))

    assert Availability.objects.count() == 2


@pytest.mark.django_db
def test_a_saved_grid_is_shown_again():
    speaker = make_speaker()
    posted = {"cell-2099-06-15T09:30": "rather_not", "cell-2099-06-16T16:30": "cannot"}

    save_availability(speaker=speaker, grid=apply_levels(load_grid(speaker, step_minutes=30), posted))

    grid = load_grid(speaker)
    assert grid.step_minutes == 30
    assert get_levels(grid) == {"2099-06-15T09:30": RATHER_NOT, "2099-06-16T16:30": CANNOT}


@pytest.mark.django_db
def test_an_evening_session_widens_the_hours():
    event = make_june_event()
    make_session(event, "Dinner", starts_at=make_paris_time(15, 20), minutes=150)

    assert choose_hours(event) == (9, 23)


@pytest.mark.django_db
def test_a_session_past_midnight_shows_hours_until_midnight():
    event = make_june_event()
    make_session(event, "Party", starts_at=make_paris_time(15, 22), minutes=180)

    assert choose_hours(event) == (9, 24)


@pytest.mark.django_db
def test_step_is_one_hour_for_spans_of_full_hours():
    assert (
        choose_step(
            make_june_event(), [AvailabilitySpan(make_paris_time(15, 9), make_paris_time(15, 10), CANNOT)]
        )
        == 60
    )


def list_spans(speaker):
    rows = speaker.availabilities.order_by("starts_at", "level")
    return [(row.starts_at, row.ends_at, row.level) for row in rows]


def add_span(speaker, starts_at, ends_at, level):
    Availability.objects.create(speaker=speaker, starts_at=starts_at, ends_at=ends_at, level=level)
    return starts_at, ends_at, level


def save(speaker, posted=None):
    save_availability(speaker=speaker, grid=apply_levels(load_grid(speaker), posted or {}))


@pytest.mark.django_db
@pytest.mark.parametrize("step", [30, 60])
@pytest.mark.parametrize("level", [CAN, RATHER_NOT, CANNOT])
def test_saving_without_changes_preserves_spans_that_the_grid_cannot_show(level, step):
    speaker = make_speaker()
    finer = add_span(speaker, make_paris_time(15, 9, 10), make_paris_time(15, 9, 50), level)
    outside = add_span(speaker, make_paris_time(15, 20), make_paris_time(15, 22), level)

    grid = load_grid(speaker, step_minutes=step)
    posted = {cell.field_name: cell.level for cell in grid.cells}
    save_availability(speaker=speaker, grid=apply_levels(grid, posted))

    assert list_spans(speaker) == [finer, outside]


@pytest.mark.django_db
def test_changing_a_cell_preserves_finer_spans_of_other_cells():
    speaker = make_speaker()
    finer = add_span(speaker, make_paris_time(15, 9, 10), make_paris_time(15, 9, 50), CANNOT)

    save(speaker, {"cell-2099-06-15T12:00": "rather_not"})

    assert list_spans(speaker) == [finer, (make_paris_time(15, 12), make_paris_time(15, 12, 30), RATHER_NOT)]


@pytest.mark.django_db
def test_all_hours_are_cannot_after_the_only_can_span_is_removed():
    speaker = make_speaker()
    add_span(speaker, make_paris_time(15, 9), make_paris_time(15, 11), CAN)

    save(speaker, {"cell-2099-06-15T09:00": "cannot", "cell-2099-06-15T10:00": "cannot"})

    assert {cell.level for cell in load_grid(speaker).cells} == {CANNOT}


@pytest.mark.django_db
def test_added_can_hour_is_merged_with_the_adjacent_span():
    speaker = make_speaker()
    add_span(speaker, make_paris_time(15, 9), make_paris_time(15, 11), CAN)
    evening = add_span(speaker, make_paris_time(15, 20), make_paris_time(15, 22), CAN)

    save(speaker, {"cell-2099-06-15T11:00": "can"})

    assert list_spans(speaker) == [(make_paris_time(15, 9), make_paris_time(15, 12), CAN), evening]


@pytest.mark.django_db
def test_cannot_hour_inside_a_can_span_can_be_set_back_to_can():
    speaker = make_speaker()
    limits = add_span(speaker, make_paris_time(15, 9), make_paris_time(15, 12), CAN)
    add_span(speaker, make_paris_time(15, 10), make_paris_time(15, 11), CANNOT)

    save(speaker, {"cell-2099-06-15T10:00": "can"})

    assert list_spans(speaker) == [limits]
