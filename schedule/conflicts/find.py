"""Find the conflicts of a timetable."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from .facts import Place, TimetableFacts
from .kinds import BLOCK
from .rules import (
    find_absent_persons,
    find_pair_conflicts,
    find_room_absence,
    find_room_faults,
    find_wrong_order,
)
from .timetable import Conflict, Timetable

# A file with two thousand sessions at one time in one room would give two million.
MAX_CONFLICTS: Final = 5000


def find_conflicts(timetable: Timetable) -> list[Conflict]:
    """Return at most 5,000 conflicts that are not ignored, those that affect the most people first."""
    facts = TimetableFacts(timetable)
    return rank_conflicts(facts, islice(iterate_conflicts(facts), MAX_CONFLICTS))


def find_blocking_conflicts(timetable: Timetable) -> list[Conflict]:
    """Return the conflicts of the level that prevents publishing."""
    facts = TimetableFacts(timetable)
    # Filtered before the limit: warnings must not hide what blocks.
    blocking = (conflict for conflict in iterate_conflicts(facts) if conflict.level == BLOCK)
    return rank_conflicts(facts, islice(blocking, MAX_CONFLICTS))


def rank_conflicts(facts: TimetableFacts, conflicts: Iterable[Conflict]) -> list[Conflict]:
    """Sort by the number of people affected, then blocking conflicts first, then by time."""

    def get_rank(conflict: Conflict) -> tuple[int, str, int, tuple[int, ...], str]:
        start = min(facts.places[key].start for key in conflict.sessions if key in facts.places)
        # “block” sorts before “warn”.
        return -conflict.people_count, conflict.level, start, conflict.sessions, conflict.kind

    return sorted(conflicts, key=get_rank)


def iterate_conflicts(facts: TimetableFacts) -> Iterator[Conflict]:
    for key, place in facts.places.items():
        yield from find_single_conflicts(facts, key, place)
        yield from find_order_conflicts(facts, key, place)
    yield from iterate_pair_conflicts(facts)


def find_single_conflicts(facts: TimetableFacts, key: int, place: Place) -> Iterator[Conflict]:
    """Yield what is wrong with a session by itself."""
    session = facts.sessions[key]
    yield from find_absent_persons(facts, session, place)
    yield from find_room_faults(facts, session, place.room)
    yield from find_room_absence(facts, session, place)


def find_order_conflicts(facts: TimetableFacts, key: int, place: Place) -> Iterator[Conflict]:
    """Yield the conflict of a session with the one that it follows."""
    session = facts.sessions[key]
    if session.follows in facts.places:
        yield from find_wrong_order(facts, session, place.start, facts.places[session.follows].end)


def iterate_pair_conflicts(facts: TimetableFacts) -> Iterator[Conflict]:
    """Yield the conflicts of all pairs that overlap or are nearer than the longest buffer."""
    near: list[tuple[int, Place]] = []
    for key, place in sorted(facts.places.items(), key=lambda item: (item[1].start, item[1].end, item[0])):
        # Sorted by start, so a session that ended before the horizon is not near any later one either.
        horizon = place.start - facts.longest_buffer
        near = [item for item in near if item[1].end > horizon]
        session = facts.sessions[key]
        for other, other_place in near:
            yield from find_pair_conflicts(facts, facts.sessions[other], other_place, session, place)
        near.append((key, place))


def find_session_conflicts(facts: TimetableFacts, key: int) -> Iterator[Conflict]:
    """Yield all conflicts of one placed session."""
    session, place = facts.sessions[key], facts.places[key]
    yield from find_single_conflicts(facts, key, place)
    yield from find_order_conflicts(facts, key, place)
    for follower in facts.followers.get(key, ()):
        if follower in facts.places:
            yield from find_order_conflicts(facts, follower, facts.places[follower])
    first, last = place.start - facts.longest_buffer, place.end + facts.longest_buffer
    for other, other_place in facts.places.items():
        if other_place.end > first and other_place.start < last and other != key:
            yield from find_pair_conflicts(facts, session, place, facts.sessions[other], other_place)
