"""Find each kind of schedule conflict, and none where sessions are compatible."""

import datetime

import pytest

from schedule.conflicts import find
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import BLOCK, DEFAULT_RULES, IGNORE, WARN, ConflictKind, KindRule
from schedule.conflicts.timetable import AvailabilityPeriod, TimetableRoom
from schedule.models import Availability, Session

from .timetables import AULA, LAB, ROOMS, at, make_timetable, place

PLENARY = {"role": Session.Role.PLENARY}
BREAK = {"role": Session.Role.BREAK}
ADA = frozenset({7})


def list_kinds(timetable):
    return [(str(conflict.kind), conflict.sessions) for conflict in find_conflicts(timetable)]


def test_overlapping_sessions_in_one_room_are_in_conflict():
    timetable = make_timetable((place(at(9), at(10)), {}), (place(at(9, 30), at(11)), {}))

    assert list_kinds(timetable) == [("room", (1, 2))]


def test_sessions_with_exactly_equal_times_are_in_conflict():
    timetable = make_timetable((place(at(9), at(10)), {}), (place(at(9), at(10)), {}))

    assert list_kinds(timetable) == [("room", (1, 2))]


def test_adjacent_times_other_rooms_and_missing_rooms_are_no_conflict():
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(10), at(11)), {}),
        (place(at(9), at(10), LAB), {}),
        (place(at(9), at(10), None), {}),
        (place(at(9), at(10), None), {}),
        (None, {}),
    )

    assert find_conflicts(timetable) == []


def test_session_without_duration_overlaps_no_other():
    timetable = make_timetable(
        (place(at(9), at(10)), {"speakers": ADA, "track": 1}),
        (place(at(9, 30), at(9, 30)), {"speakers": ADA, "track": 1}),
        (place(at(9, 30), at(9, 30)), {"speakers": ADA}),
        speaker_availabilities={7: (AvailabilityPeriod(at(12), at(13), Availability.Level.CAN),)},
    )

    assert list_kinds(timetable) == [("speaker_availability", (1,))]


def test_cancelled_session_causes_no_conflict():
    timetable = make_timetable(
        (place(at(9), at(10)), {}), (place(at(9), at(10), is_cancelled=True), {"expected_attendance": 900})
    )

    assert find_conflicts(timetable) == []


def test_long_session_is_in_conflict_with_each_session_during_it():
    timetable = make_timetable(
        (place(at(8), at(18)), {}), (place(at(9), at(10)), {}), (place(at(11), at(12)), {})
    )

    assert list_kinds(timetable) == [("room", (1, 2)), ("room", (1, 3))]


def test_session_past_midnight_is_in_conflict_with_session_of_the_next_day():
    timetable = make_timetable((place(at(23), at(25)), {}), (place(at(24, 30), at(26)), {}))

    assert list_kinds(timetable) == [("room", (1, 2))]


def test_repeated_hour_of_a_clock_change_is_two_separate_hours():
    """On 25 October 2026 at 3:00 clocks in Paris go back to 2:00."""
    summer = datetime.timezone(datetime.timedelta(hours=2))
    winter = datetime.timezone(datetime.timedelta(hours=1))
    first = datetime.datetime(2026, 10, 25, 2, 0, tzinfo=summer)
    second = datetime.datetime(2026, 10, 25, 2, 0, tzinfo=winter)
    hour = datetime.timedelta(hours=1)
    timetable = make_timetable((place(first, first + hour), {}), (place(second, second + hour), {}))

    assert find_conflicts(timetable) == []


def test_speaker_in_two_rooms_at_once_is_a_blocking_conflict():
    timetable = make_timetable(
        (place(at(9), at(10)), {"speakers": ADA}), (place(at(9, 30), at(11), LAB), {"speakers": ADA})
    )

    (conflict,) = find_conflicts(timetable)

    assert conflict.signature == (ConflictKind.SPEAKER, (1, 2))
    assert conflict.level == BLOCK
    assert conflict.persons == (7,)


@pytest.mark.parametrize("other", [{"speakers": ADA}, {"chairs": ADA}])
def test_chair_needed_in_another_session_is_a_conflict(other):
    timetable = make_timetable((place(at(9), at(10)), {"chairs": ADA}), (place(at(9), at(10), LAB), other))

    assert list_kinds(timetable) == [("chair", (1, 2))]


@pytest.mark.parametrize(
    ("level", "hours", "kinds"),
    [
        (Availability.Level.CANNOT, (9, 12), [("speaker_availability", (1,))]),
        (Availability.Level.CANNOT, (11, 12), []),
        (Availability.Level.RATHER_NOT, (10, 12), [("preference", (1,))]),
        (Availability.Level.CAN, (10, 12), []),
        (Availability.Level.CAN, (8, 10), [("speaker_availability", (1,))]),
    ],
)
@pytest.mark.parametrize("part", ["speakers", "chairs"])
def test_availability_of_speakers_and_chairs_is_checked(part, level, hours, kinds):
    period = AvailabilityPeriod(at(hours[0]), at(hours[1]), level)
    timetable = make_timetable((place(at(10), at(11)), {part: ADA}), speaker_availabilities={7: (period,)})

    assert list_kinds(timetable) == kinds


def test_adjacent_availability_periods_are_joined():
    periods = (
        AvailabilityPeriod(at(9), at(10), Availability.Level.CAN),
        AvailabilityPeriod(at(10), at(11), Availability.Level.CAN),
    )
    timetable = make_timetable((place(at(9), at(11)), {"speakers": ADA}), speaker_availabilities={7: periods})

    assert find_conflicts(timetable) == []


@pytest.mark.parametrize(
    ("level", "kind"),
    [(Availability.Level.CANNOT, "room_availability"), (Availability.Level.RATHER_NOT, "preference")],
)
def test_availability_of_rooms_is_checked(level, kind):
    period = AvailabilityPeriod(at(9), at(12), level)
    timetable = make_timetable(
        (place(at(10), at(11)), {}),
        (place(at(12), at(13)), {}),
        (place(at(10), at(11), LAB), {}),
        room_availabilities={AULA: (period,)},
    )

    assert list_kinds(timetable) == [(kind, (1,))]


@pytest.mark.parametrize(("minutes", "is_found"), [(14, True), (15, False)])
def test_walk_between_zones_needs_the_walking_time(minutes, is_found):
    rooms = {AULA: TimetableRoom(AULA, "Aula", zone="north"), LAB: TimetableRoom(LAB, "Lab", zone="south")}
    timetable = make_timetable(
        (place(at(9), at(10)), {"speakers": ADA}),
        (place(at(10, minutes), at(11), LAB), {"speakers": ADA}),
        (place(at(10), at(11), LAB), {"chairs": frozenset({8})}),
        rooms=rooms,
        walking_minutes={frozenset({"south", "north"}): 15},
    )
    timetable = timetable.with_states({3: None})

    found = find_conflicts(timetable)

    assert [conflict.signature for conflict in found] == [(ConflictKind.WALKING, (1, 2))] * is_found
    assert [conflict.amount for conflict in found] == [1] * is_found


def test_a_walk_within_a_zone_takes_no_time():
    rooms = {AULA: TimetableRoom(AULA, "Aula", zone="north"), LAB: TimetableRoom(LAB, "Lab", zone="north")}
    timetable = make_timetable(
        (place(at(9), at(10)), {"speakers": ADA}),
        (place(at(10), at(11), LAB), {"speakers": ADA}),
        rooms=rooms,
    )

    assert find_conflicts(timetable) == []


def test_turnover_time_between_sessions_of_a_room_is_checked():
    rooms = {AULA: TimetableRoom(AULA, "Aula", turnover_minutes=15)}
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(10, 5), at(11)), {"expected_attendance": 40}),
        (place(at(11, 15), at(12)), {}),
        (place(at(12), at(13)), BREAK),
        rooms=rooms,
    )

    (conflict,) = find_conflicts(timetable)

    assert conflict.signature == (ConflictKind.TURNOVER, (1, 2))
    assert conflict.amount == 10
    assert conflict.people_count == 40


@pytest.mark.parametrize("properties", [{"places": 900}, {"expected_attendance": 900}])
def test_more_expected_people_than_seats_is_a_capacity_conflict(properties):
    timetable = make_timetable((place(at(9), at(10)), properties))

    (conflict,) = find_conflicts(timetable)

    assert conflict.kind == ConflictKind.CAPACITY
    assert conflict.amount == 500
    assert conflict.people_count == 500


def test_more_favourites_than_seats_is_a_capacity_conflict():
    stars = frozenset(f"agenda-{number}" for number in range(31))
    timetable = make_timetable((place(at(9), at(10), LAB), {}), favourites={1: stars})

    assert [(conflict.kind, conflict.amount) for conflict in find_conflicts(timetable)] == [("capacity", 1)]


def test_missing_equipment_is_named():
    rooms = {AULA: TimetableRoom(AULA, "Aula", features=frozenset({"projector"}))}
    needs = {"needed_features": frozenset({"projector", "piano"})}
    timetable = make_timetable((place(at(9), at(10)), needs), rooms=rooms)

    (conflict,) = find_conflicts(timetable)

    assert conflict.kind == ConflictKind.EQUIPMENT
    assert conflict.missing_features == ("piano",)


def test_shared_favourites_of_simultaneous_sessions_are_a_conflict():
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(9), at(10), LAB), {}),
        favourites={1: frozenset("abcde"), 2: frozenset("abcdef")},
    )

    assert [(c.kind, c.people_count) for c in find_conflicts(timetable)] == [("favourites", 5)]


def test_booking_and_favourite_of_one_person_are_in_conflict():
    rules = {**DEFAULT_RULES, ConflictKind.FAVOURITES: KindRule(WARN)}
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(9), at(10), LAB), {}),
        favourites={1: frozenset("a")},
        bookings={2: frozenset("a")},
        rules=rules,
    )

    assert list_kinds(timetable) == [("favourites", (1, 2))]


def test_minimum_number_of_people_applies_to_favourites_but_not_to_bookings():
    audience = {1: frozenset("abcd"), 2: frozenset("abcd")}
    places = [(place(at(9), at(10)), {}), (place(at(9), at(10), LAB), {})]

    starred = find_conflicts(make_timetable(*places, favourites=audience))
    booked = find_conflicts(make_timetable(*places, bookings=audience))

    assert starred == []
    assert [(c.kind, c.people_count) for c in booked] == [("bookings", 4)]


def test_parallel_sessions_of_one_track_are_in_conflict():
    timetable = make_timetable(
        (place(at(9), at(10)), {"track": 1}),
        (place(at(9), at(10), LAB), {"track": 1}),
        (place(at(9), at(10), 3), {"track": 2}),
    )

    assert list_kinds(timetable) == [("track", (1, 2))]


@pytest.mark.parametrize("role", [Session.Role.BREAK, Session.Role.BLOCKER])
def test_session_during_a_break_or_blocked_time_is_a_conflict(role):
    timetable = make_timetable(
        (place(at(12), at(14), None), {"role": role}),
        (place(at(13), at(15)), {"expected_attendance": 60, "speakers": ADA}),
    )

    (conflict,) = find_conflicts(timetable)

    assert conflict.signature == (ConflictKind.BREAK, (1, 2))
    assert conflict.people_count == 61


def test_break_with_a_room_is_for_everybody():
    timetable = make_timetable(
        (place(at(12), at(14), LAB), BREAK),
        (place(at(13), at(14)), {}),
        (place(at(12), at(13), LAB), {}),
    )

    assert sorted(list_kinds(timetable)) == [("break", (1, 2)), ("room", (1, 3))]


def test_blocked_time_in_a_room_is_in_conflict_in_that_room_only():
    timetable = make_timetable(
        (place(at(12), at(14), LAB), {"role": Session.Role.BLOCKER}),
        (place(at(13), at(14)), {}),
        (place(at(12), at(13), LAB), {}),
    )

    assert list_kinds(timetable) == [("room", (1, 3))]


def test_a_break_without_room_and_length_is_no_conflict():
    """A break dropped on the header of a board has neither (pretalx #1702)."""
    timetable = make_timetable((place(at(12), at(12), None), BREAK), (place(at(11), at(13)), {}))

    assert find_conflicts(timetable) == []


@pytest.mark.parametrize("room", [AULA, None])
def test_session_during_a_plenary_is_a_conflict(room):
    timetable = make_timetable(
        (place(at(16), at(18), room), {**PLENARY, "expected_attendance": 300}),
        (place(at(17), at(19), LAB), {"expected_attendance": 20}),
    )

    (conflict,) = find_conflicts(timetable)

    assert conflict.signature == (ConflictKind.PLENARY, (1, 2))
    assert conflict.people_count == 20


@pytest.mark.parametrize(("start", "kinds"), [(9, [("order", (1, 2))]), (10, []), (11, [])])
def test_session_must_start_after_the_session_it_follows(start, kinds):
    timetable = make_timetable(
        (place(at(9), at(10)), {}), (place(at(start), at(start + 1), LAB), {"follows": 1})
    )

    assert list_kinds(timetable) == kinds


def test_ignored_kind_is_not_reported_and_configured_level_is_used():
    places = [(place(at(9), at(10)), {}), (place(at(9), at(10)), {})]

    ignored = make_timetable(*places, rules={**DEFAULT_RULES, ConflictKind.ROOM: KindRule(IGNORE)})
    warned = make_timetable(*places, rules={**DEFAULT_RULES, ConflictKind.ROOM: KindRule(WARN)})

    assert find_conflicts(ignored) == []
    assert [conflict.level for conflict in find_conflicts(warned)] == [WARN]


def test_conflicts_are_sorted_by_number_of_people_affected():
    timetable = make_timetable(
        (place(at(9), at(10)), {"expected_attendance": 3}),
        (place(at(9), at(10)), {}),
        (place(at(11), at(12)), {"expected_attendance": 80}),
        (place(at(11), at(12)), {}),
    )

    assert list_kinds(timetable) == [("room", (3, 4)), ("room", (1, 2))]


def test_number_of_conflicts_is_limited():
    timetable = make_timetable(*[(place(at(9), at(10)), {}) for _number in range(400)], rooms=ROOMS)

    assert len(find_conflicts(timetable)) == 5000


def test_warnings_do_not_displace_blocking_conflicts(monkeypatch):
    monkeypatch.setattr(find, "MAX_CONFLICTS", 3)
    late = (place(at(9), at(10)), {"expected_attendance": 10_000})
    timetable = make_timetable(*[late] * 6)

    blocking = find.find_blocking_conflicts(timetable)

    assert len(blocking) == 3
    assert {conflict.level for conflict in blocking} == {BLOCK}
