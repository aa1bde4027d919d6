"""Moves and swaps suggested to fix a conflict."""

from dataclasses import replace

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.suggest_fix import suggest_fix
from schedule.models import Session

from .timetables import AULA, LAB, ROOMS, at, make_timetable, place

ADA = frozenset({7})


def suggest(timetable):
    """Return the fix of the conflict that affects most people."""
    return suggest_fix(timetable, find_conflicts(timetable)[0])


def test_overfull_session_moves_to_a_larger_room_at_the_same_time():
    timetable = make_timetable((place(at(9), at(10), LAB), {"expected_attendance": 31}))

    fix = suggest(timetable)

    assert fix.states == {1: place(at(9), at(10), AULA)}
    assert fix.remaining == ()


def test_second_session_of_a_speaker_moves_right_after_the_first():
    timetable = make_timetable(
        (place(at(9), at(10)), {"speakers": ADA}), (place(at(9), at(10), LAB), {"speakers": ADA})
    )

    ((_key, state),) = suggest(timetable).states.items()

    assert state.starts_at == at(10)


def test_pinned_session_is_not_moved():
    pinned = place(at(9), at(10), is_time_pinned=True, is_room_pinned=True)
    timetable = make_timetable((pinned, {}), (place(at(9), at(10)), {}))

    fix = suggest(timetable)

    assert fix.states.keys() == {2}


def test_a_pinned_time_allows_another_room():
    pinned = place(at(9), at(10), is_time_pinned=True)
    timetable = make_timetable((pinned, {}), (pinned, {}))

    ((_key, state),) = suggest(timetable).states.items()

    assert state == replace(pinned, room_id=LAB)


def test_two_sessions_are_swapped_if_the_larger_room_is_taken():
    timetable = make_timetable(
        (place(at(9), at(10), LAB), {"expected_attendance": 31}),
        (place(at(9), at(10), AULA), {"expected_attendance": 5}),
        hours=((at(9), at(10)),),
    )

    fix = suggest(timetable)

    assert fix.states == {1: place(at(9), at(10), AULA), 2: place(at(9), at(10), LAB)}


def test_no_fix_is_suggested_if_both_sessions_are_pinned():
    pinned = place(at(9), at(10), is_time_pinned=True, is_room_pinned=True)
    timetable = make_timetable((pinned, {}), (pinned, {}))

    assert suggest(timetable) is None


def test_a_talk_moves_rather_than_the_break():
    timetable = make_timetable(
        (place(at(12), at(13), None), {"role": Session.Role.BREAK}), (place(at(12), at(13)), {})
    )

    fix = suggest(timetable)

    assert fix.states.keys() == {2}
    assert fix.states[2].room_id == AULA


def test_conflict_free_slot_is_preferred_to_a_nearer_one_during_a_break():
    timetable = make_timetable(
        (place(at(12), at(13)), {}),
        (place(at(12), at(13)), {}),
        (place(at(13), at(14), None), {"role": Session.Role.BREAK}),
        (place(at(10), at(12)), {}),
        rooms={AULA: ROOMS[AULA]},
    )

    fix = suggest(timetable)

    assert [state.starts_at for state in fix.states.values()] == [at(14)]
    assert fix.remaining == ()


def test_fix_keeps_out_of_a_break_that_has_a_room():
    timetable = make_timetable(
        (place(at(12), at(13)), {}),
        (place(at(12), at(13)), {}),
        (place(at(13), at(14), LAB), {"role": Session.Role.BREAK}),
        (place(at(10), at(12)), {}),
        (place(at(10), at(13), LAB), {}),
        hours=((at(10), at(15)),),
    )

    fix = suggest(timetable)

    assert [state.starts_at for state in fix.states.values()] == [at(14)]


def test_conflict_free_slot_may_be_on_another_day():
    days = [(at(9), at(18)), (at(33), at(42))]
    blocked = [(place(at(hour), at(hour + 1), None), {"role": Session.Role.BREAK}) for hour in range(10, 18)]
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(9), at(10)), {}),
        *blocked,
        rooms={AULA: ROOMS[AULA]},
        hours=tuple(days),
    )

    fix = suggest(timetable)

    assert [state.starts_at for state in fix.states.values()] == [at(33)]


def test_fix_accepts_a_new_conflict_if_no_slot_is_conflict_free():
    timetable = make_timetable(
        (place(at(9), at(10)), {}),
        (place(at(9), at(10)), {}),
        (place(at(10), at(18), None), {"role": Session.Role.BREAK}),
        rooms={AULA: ROOMS[AULA]},
    )

    fix = suggest(timetable)

    assert [conflict.kind for conflict in fix.remaining] == ["break"]


def test_a_warning_is_not_replaced_by_another_one():
    timetable = make_timetable(
        (place(at(9), at(10)), {"track": 1}),
        (place(at(9), at(10), LAB), {"track": 1}),
        (place(at(10), at(18), None), {"role": Session.Role.BREAK}),
    )

    assert [conflict.kind for conflict in find_conflicts(timetable)] == ["track"]
    assert suggest(timetable) is None


def test_fix_preserves_the_explicit_day_if_the_time_is_unchanged():
    state = place(at(9), at(10), LAB, day=at(9).date())
    timetable = make_timetable((state, {"expected_attendance": 31}))

    fix = suggest(timetable)

    assert fix.states == {1: place(at(9), at(10), AULA, day=at(9).date())}


def test_fix_clears_the_explicit_day_if_the_time_changes():
    state = place(at(9), at(10), day=at(9).date())
    timetable = make_timetable((state, {}), (state, {}), rooms={AULA: ROOMS[AULA]})

    ((_key, moved),) = suggest(timetable).states.items()

    assert moved == place(at(10), at(11), day=None)
