"""Overlaps in a room or for a speaker."""

import datetime

from schedule.clashes import Clash, Placed, clashes


def at(hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 6, 17, hour, minute, tzinfo=datetime.UTC)


def test_two_sessions_in_one_room():
    sessions = [Placed("a", at(9), at(10), "Aula"), Placed("b", at(9, 30), at(11), "Aula")]
    assert clashes(sessions) == [Clash("room", "Aula", "a", "b")]


def test_touching_is_no_clash_nor_is_another_room():
    sessions = [
        Placed("a", at(9), at(10), "Aula"),
        Placed("b", at(10), at(11), "Aula"),
        Placed("c", at(9), at(10), "Lab"),
        Placed("d", at(9), at(10)),
        Placed("e", at(9), at(10)),
    ]
    assert clashes(sessions) == []


def test_zero_length_never_clashes():
    assert clashes([Placed("a", at(9), at(10), "Aula"), Placed("b", at(9, 30), at(9, 30), "Aula")]) == []


def test_one_speaker_in_two_rooms():
    ada = frozenset({"Ada"})
    sessions = [Placed("b", at(9, 30), at(11), "Lab", ada), Placed("a", at(9), at(10), "Aula", ada)]
    assert clashes(sessions) == [Clash("speaker", "Ada", "a", "b")]


def test_a_long_session_clashes_with_each_inside_it():
    sessions = [
        Placed("all", at(8), at(18), 1),
        Placed("x", at(9), at(10), 1),
        Placed("y", at(11), at(12), 1),
    ]
    assert [(clash.first, clash.second) for clash in clashes(sessions)] == [("all", "x"), ("all", "y")]


def test_a_heap_of_sessions_does_not_explode():
    heap = [Placed(number, at(9), at(10), "Aula") for number in range(2000)]
    assert len(clashes(heap)) == 1000
