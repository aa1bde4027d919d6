"""Compare conflicts with a naive reference, and placement costs with conflicts, on random timetables."""

import datetime
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import BLOCK
from schedule.conflicts.placements import compute_placement_costs, list_starts
from schedule.conflicts.suggest_fix import suggest_fix
from schedule.models import Session

from .timetables import make_random_timetable, place

TALK, PLENARY = Session.Role.TALK, Session.Role.PLENARY
BREAK, BLOCKER = Session.Role.BREAK, Session.Role.BLOCKER
seeds = st.integers(0, 10_000)
few_examples = settings(max_examples=25, deadline=None)


def find_reference(timetable):
    """Return the signatures of all conflicts, found by comparing every pair of sessions."""
    found = set()
    placed = {key: state for key, state in timetable.placements.items() if not state.is_cancelled}
    for key, state in placed.items():
        found |= find_reference_for_session(timetable, timetable.sessions[key], state)
        follows = timetable.sessions[key].follows
        if follows in placed and follows != key and state.starts_at < placed[follows].ends_at:
            found.add(("order", tuple(sorted((key, follows)))))
    for (first, one), (second, other) in combinations(sorted(placed.items()), 2):
        a, b = timetable.sessions[first], timetable.sessions[second]
        if one.starts_at == one.ends_at or other.starts_at == other.ends_at:
            continue
        if one.starts_at < other.ends_at and other.starts_at < one.ends_at:
            kinds = find_reference_overlap(timetable, a, one, b, other)
        elif one.ends_at <= other.starts_at:
            kinds = find_reference_gap(timetable, a, one, b, other)
        else:
            kinds = find_reference_gap(timetable, b, other, a, one)
        found |= {(kind, (first, second)) for kind in kinds}
    return found


def find_reference_for_session(timetable, session, state):
    kinds = set()
    persons = session.speakers | session.chairs
    answers = {
        person: get_availability_level(timetable.speaker_availabilities.get(person, ()), state)
        for person in persons
    }
    if "cannot" in answers.values():
        kinds.add("speaker_availability")
    if "rather_not" in answers.values():
        kinds.add("preference")
    if state.room_id:
        kinds |= {
            "cannot": {"room_availability"}, "rather_not": {"preference"}, "can": set(),
        }[get_availability_level(timetable.room_availabilities.get(state.room_id, ()), state)]  # fmt: skip
        room = timetable.rooms[state.room_id]
        audience = timetable.favourites.get(session.key, set()) | timetable.bookings.get(session.key, set())
        needed = max(len(audience), session.expected_attendance or 0, session.places or 0)
        if session.role in {TALK, PLENARY} and room.capacity is not None and needed > room.capacity:
            kinds.add("capacity")
        if session.role in {TALK, PLENARY} and not session.needed_features <= room.features:
            kinds.add("equipment")
    return {(kind, (session.key,)) for kind in kinds}


def get_availability_level(periods, state):
    """Return “can”, “rather_not” or “cannot” for the slot, checked minute by minute."""
    minutes = int((state.ends_at - state.starts_at).total_seconds()) // 60
    answers = set()
    for number in range(minutes):
        moment = state.starts_at + datetime.timedelta(minutes=number)
        here = {period.level for period in periods if period.starts_at <= moment < period.ends_at}
        limited = any(period.level == "can" for period in periods)
        if "cannot" in here or (limited and not here):
            answers.add("cannot")
        answers |= here
    return "cannot" if "cannot" in answers else "rather_not" if "rather_not" in answers else "can"


def find_reference_overlap(timetable, a, one, b, other):
    kinds = set()
    if one.room_id and one.room_id == other.room_id:
        kinds.add("room")
    else:
        roles = {a.role, b.role}
        is_break = any(
            (x.role == BREAK or (x.role == BLOCKER and state.room_id is None)) and y.role in {TALK, PLENARY}
            for x, state, y in ((a, one, b), (b, other, a))
        )
        if is_break:
            kinds.add("break")
        elif PLENARY in roles and roles <= {TALK, PLENARY}:
            kinds.add("plenary")
    shared = (a.speakers | a.chairs) & (b.speakers | b.chairs)
    speaking = a.speakers & b.speakers
    kinds |= {"speaker"} if speaking else set()
    kinds |= {"chair"} if shared - speaking else set()
    booked = timetable.bookings.get(a.key, set()) & timetable.bookings.get(b.key, set())
    wanted = [
        timetable.bookings.get(key, set()) | timetable.favourites.get(key, set()) for key in (a.key, b.key)
    ]
    kinds |= {"bookings"} if booked else set()
    kinds |= {"favourites"} if len((wanted[0] & wanted[1]) - booked) >= 5 else set()
    if a.track and a.track == b.track and a.role == b.role == TALK:
        kinds.add("track")
    return kinds


def find_reference_gap(timetable, a, one, b, other):
    if one.room_id is None or other.room_id is None:
        return set()
    gap = (other.starts_at - one.ends_at).total_seconds() / 60
    room, next_room = timetable.rooms[one.room_id], timetable.rooms[other.room_id]
    if room.key == next_room.key:
        shown = a.role in {TALK, PLENARY} and b.role in {TALK, PLENARY}
        return {"turnover"} if shown and gap < room.turnover_minutes else set()
    is_walk = room.zone != next_room.zone and room.zone and next_room.zone
    shared = (a.speakers | a.chairs) & (b.speakers | b.chairs)
    return {"walking"} if is_walk and shared and gap < 15 else set()


def get_signatures(conflicts):
    return {(str(conflict.kind), conflict.sessions) for conflict in conflicts}


@few_examples
@given(seeds)
def test_conflicts_equal_those_of_the_reference(seed):
    timetable = make_random_timetable(seed, sessions=30, rooms=4, attendees=40, days=1)

    assert get_signatures(find_conflicts(timetable)) == find_reference(timetable)


@few_examples
@given(seeds, st.integers(1, 15))
def test_placement_costs_list_the_conflicts_of_the_moved_session(seed, key):
    timetable = make_random_timetable(seed, sessions=15, rooms=3, attendees=40, days=1)

    costs = compute_placement_costs(timetable, key, rooms=[*timetable.rooms, None], step_minutes=60)

    for (room, start), cell in costs.cells.items():
        moved = timetable.with_states({key: place(start, start + costs.duration, room)})
        conflicts = [conflict for conflict in find_conflicts(moved) if key in conflict.sessions]
        assert sorted(cell.conflicts, key=repr) == sorted(conflicts, key=repr)
    starts = list_starts(timetable.hours, costs.duration, 60)
    assert costs.cells.keys() == {(room, start) for room in [*timetable.rooms, None] for start in starts}


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_fix_removes_its_conflict_and_adds_no_blocking_one(seed):
    timetable = make_random_timetable(seed, sessions=15, rooms=3, attendees=40, days=1)
    before = find_conflicts(timetable)
    blocking = {conflict.signature for conflict in before if conflict.level == BLOCK}

    for conflict in before[:6]:
        fix = suggest_fix(timetable, conflict)
        if fix:
            after = find_conflicts(timetable.with_states(fix.states))
            assert conflict.signature not in {found.signature for found in after}
            assert {found.signature for found in after if found.level == BLOCK} <= blocking
            assert {*fix.remaining} == {
                found for found in after if not fix.states.keys().isdisjoint(found.sessions)
            }
