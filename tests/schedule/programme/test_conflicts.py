"""Overlaps in a room or for a speaker."""

import datetime

from schedule.programme.conflicts import ScheduleConflict, TimedSession, find_conflicts


def at(hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 6, 17, hour, minute, tzinfo=datetime.UTC)


def test_two_sessions_in_one_room():
    sessions = [TimedSession("a", at(9), at(10), "Aula"), TimedSession("b", at(9, 30), at(11), "Aula")]
    assert find_conflicts(sessions) == [ScheduleConflict("room", "Aula", "a", "b")]


def test_touching_is_no_clash_nor_is_another_room():
    sessions = [
        TimedSession("a", at(9), at(10), "Aula"),
        TimedSession("b", at(10), at(11), "Aula"),
        TimedSession("c", at(9), at(10), "Lab"),
        TimedSession("d", at(9), at(10)),
        TimedSession("e", at(9), at(10)),
    ]
    assert find_conflicts(sessions) == []


def test_zero_length_never_clashes():
    assert (
        find_conflicts(
            [TimedSession("a", at(9), at(10), "Aula"), TimedSession("b", at(9, 30), at(9, 30), "Aula")]
        )
        == []
    )


def test_one_speaker_in_two_rooms():
    ada = frozenset({"Ada"})
    sessions = [
        TimedSession("b", at(9, 30), at(11), "Lab", ada),
        TimedSession("a", at(9), at(10), "Aula", ada),
    ]
    assert find_conflicts(sessions) == [ScheduleConflict("speaker", "Ada", "a", "b")]


def test_a_long_session_clashes_with_each_inside_it():
    sessions = [
        TimedSession("all", at(8), at(18), 1),
        TimedSession("x", at(9), at(10), 1),
        TimedSession("y", at(11), at(12), 1),
    ]
    assert [(clash.first, clash.second) for clash in find_conflicts(sessions)] == [("all", "x"), ("all", "y")]


def test_a_heap_of_sessions_does_not_explode():
    heap = [TimedSession(number, at(9), at(10), "Aula") for number in range(2000)]
    assert len(find_conflicts(heap)) == 1000
