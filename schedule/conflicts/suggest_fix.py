"""Suggest the best move, or swap of two sessions, that removes a conflict."""

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import chain
from typing import Final

from schedule.drafts.slot_state import SlotState
from schedule.models import Session

from .facts import TimetableFacts, to_place
from .find import find_session_conflicts
from .kinds import BLOCK
from .placements import PlacementGrid, get_duration, list_starts
from .timetable import Conflict, Timetable

# The cost of a move by itself, besides its conflicts: attendees and printed programmes are affected.
ROOM_CHANGE_COST: Final = 2
DAY_CHANGE_COST: Final = 30
MINUTES_PER_COST: Final = 15
OTHER_DAY_MINUTES: Final = 14 * 60
# A break or plenary concerns everybody.
GENERAL_SESSION_COST: Final = 200
BLOCKING_FACTOR: Final = 10
# Each swap is computed in full, unlike moves, so only the nearest sessions are tried.
MAX_SWAPS: Final = 12
HALF_HOUR_MINUTES: Final = 30
NEAR_STARTS: Final = 24


class Outcome(IntEnum):
    """How the moved sessions are placed after a fix, the best first."""

    NO_CONFLICT = 0
    # Only conflicts that were there before.
    NO_NEW_CONFLICT = 1
    NEW_CONFLICT = 2


@dataclass(frozen=True, slots=True)
class Fix:
    """The slots to set, for `make_moves`; `remaining` are the conflicts that the moved sessions then have.

    `moves_general` says that a break or plenary moves, which concerns everybody.
    """

    states: Mapping[int, SlotState]
    remaining: tuple[Conflict, ...]
    cost: float
    outcome: Outcome
    moves_general: bool = False


@dataclass(frozen=True, slots=True)
class FixTask:
    """A conflict to remove, and the timetable before the fix."""

    timetable: Timetable
    facts: TimetableFacts
    conflict: Conflict


def suggest_fix(
    timetable: Timetable, conflict: Conflict, *, facts: TimetableFacts | None = None
) -> Fix | None:
    """Return the best move or swap that removes a conflict; None if there is none.

    A place without any conflict is preferred to one that is near. The fix creates no blocking conflict that
    was not there before, does not replace a warning by another one, moves nothing that is pinned, and keeps
    to the hours of the timetable. Times far away are tried only if every near one has a conflict. The same
    timetable always gives the same fix.
    `facts` of the timetable, prepared once, save time where many conflicts are fixed.
    """
    task = FixTask(timetable, facts or TimetableFacts(timetable), conflict)
    fixes = [*iterate_moves(task, list_near_starts), *iterate_swaps(task)]
    if not any(fix.outcome == Outcome.NO_CONFLICT and not fix.moves_general for fix in fixes):
        fixes += iterate_moves(task, list_usual_starts)
    return min((fix for fix in fixes if is_improvement(task, fix)), key=get_fix_rank, default=None)


def is_improvement(task: FixTask, fix: Fix) -> bool:
    """Return whether the fix does more than replace a warning by others of the same weight."""
    if task.conflict.level == BLOCK or fix.outcome != Outcome.NEW_CONFLICT:
        return True
    return get_penalty(fix.remaining) < get_penalty(find_conflicts_of(task.facts, fix.states))


def get_fix_rank(fix: Fix) -> tuple[bool, Outcome, float, list[tuple[int, datetime.datetime, int]]]:
    """Return a key that sorts the best fix first; fixes of equal cost always in the same order."""
    states = sorted(fix.states.items())
    return (
        fix.moves_general,
        fix.outcome,
        fix.cost,
        [(key, state.starts_at, state.room_id or 0) for key, state in states],
    )


def list_movable(task: FixTask) -> list[int]:
    """Return the sessions of the conflict of which time or room may change."""
    placements = task.timetable.placements
    return [
        key
        for key in task.conflict.sessions
        if key in placements
        and not placements[key].is_cancelled
        and not (placements[key].is_time_pinned and placements[key].is_room_pinned)
    ]


def iterate_moves(
    task: FixTask, list_times: Callable[[Timetable, int], list[datetime.datetime]]
) -> Iterator[Fix]:
    """Yield the best move of each session of the conflict, to the times that `list_times` returns."""
    for key in list_movable(task):
        before = [*find_session_conflicts(task.facts, key)]
        state = task.timetable.placements[key]
        starts = [state.starts_at] if state.is_time_pinned else list_times(task.timetable, key)
        length = int((state.ends_at - state.starts_at).total_seconds())
        grid = PlacementGrid(task.facts, task.facts.sessions[key], length, list_rooms(task, key))
        costs = [
            (
                get_outcome(before, cell.conflicts),
                get_penalty(cell.conflicts) + get_move_cost(task, key, room, start),
                start,
                room or 0,
                room,
                cell,
            )
            for (room, start), cell in grid.compute_cells(starts).items()
            if is_acceptable(task.conflict, before, cell.conflicts)
        ]
        if costs:
            outcome, cost, start, _order, room, cell = min(costs, key=lambda found: found[:4])
            moved = move_state(state, room, start)
            yield Fix(
                {key: moved},
                cell.conflicts,
                cost - get_penalty(before),
                outcome,
                moves_general=task.facts.sessions[key].role != Session.Role.TALK,
            )


def list_rooms(task: FixTask, key: int) -> list[int | None]:
    """Return the rooms that a session may be moved to; one that spans all rooms stays so."""
    state = task.timetable.placements[key]
    if state.is_room_pinned or state.room_id is None:
        return [state.room_id]
    return [*task.timetable.rooms]


def list_usual_starts(timetable: Timetable, key: int) -> list[datetime.datetime]:
    """Return the times at which sessions start or end, and half hours, at which the session fits in a day.

    A timetable has few of them, and a session that starts at another time would look like a mistake.
    """
    duration = get_duration(timetable, key)
    usual = {moment for state in timetable.placements.values() for moment in (state.starts_at, state.ends_at)}
    fitting = {
        moment
        for opens_at, closes_at in timetable.get_hours(key)
        for moment in usual
        if opens_at <= moment and moment + duration <= closes_at
    }
    return sorted(fitting | {*list_starts(timetable.get_hours(key), duration, HALF_HOUR_MINUTES)})


def list_near_starts(timetable: Timetable, key: int) -> list[datetime.datetime]:
    """Return the usual starts that are nearest to the session's own."""
    own = timetable.placements[key].starts_at
    usual = sorted(list_usual_starts(timetable, key), key=lambda start: (abs(start - own), start))
    return sorted(usual[:NEAR_STARTS])


def move_state(state: SlotState, room: int | None, start: datetime.datetime) -> SlotState:
    """Return the slot in another place, with its length and pins."""
    # The day of the programme was given for the old start.
    day = state.day if start == state.starts_at else None
    return replace(
        state, room_id=room, starts_at=start, ends_at=start + (state.ends_at - state.starts_at), day=day
    )


def iterate_swaps(task: FixTask) -> Iterator[Fix]:
    """Yield the exchanges of a session of the conflict with another one, if neither is pinned."""
    placements = task.timetable.placements
    for key in list_movable(task):
        for other in list_swap_partners(task, key):
            own, other_state = placements[key], placements[other]
            states = {
                key: move_state(own, other_state.room_id, other_state.starts_at),
                other: move_state(other_state, own.room_id, own.starts_at),
            }
            if fix := try_states(task, states):
                yield fix


def list_swap_partners(task: FixTask, key: int) -> list[int]:
    """Return the talks of the same length that are nearest in time."""
    state = task.timetable.placements[key]
    if state.is_time_pinned or state.is_room_pinned or task.facts.sessions[key].role != Session.Role.TALK:
        return []
    partners = [
        (abs(other.starts_at - state.starts_at), partner)
        for partner, other in task.timetable.placements.items()
        if partner != key
        and other.ends_at - other.starts_at == state.ends_at - state.starts_at
        and (other.room_id, other.starts_at) != (state.room_id, state.starts_at)
        and not (other.is_time_pinned or other.is_room_pinned or other.is_cancelled)
        and task.facts.sessions[partner].role == Session.Role.TALK
    ]
    return [partner for _distance, partner in sorted(partners)[:MAX_SWAPS]]


def try_states(task: FixTask, states: Mapping[int, SlotState]) -> Fix | None:
    """Return the fix that sets these slots, None if it does not remove the conflict or blocks another way."""
    before = find_conflicts_of(task.facts, states)
    original = {key: task.facts.places[key] for key in states}
    task.facts.places.update({key: place for key, state in states.items() if (place := to_place(state))})
    after = find_conflicts_of(task.facts, states)
    # The facts are shared by all candidates: preparing them again for each would take most of the time.
    task.facts.places.update(original)
    if not is_acceptable(task.conflict, before, after):
        return None
    moves = sum(get_move_cost(task, key, state.room_id, state.starts_at) for key, state in states.items())
    cost = get_penalty(after) - get_penalty(before) + moves
    return Fix(states, tuple(after), cost, get_outcome(before, after))


def find_conflicts_of(facts: TimetableFacts, sessions: Iterable[int]) -> list[Conflict]:
    """Return the conflicts of several sessions, each once."""
    return [*dict.fromkeys(chain.from_iterable(find_session_conflicts(facts, key) for key in sessions))]


def is_acceptable(conflict: Conflict, before: Iterable[Conflict], after: Iterable[Conflict]) -> bool:
    """Return whether the conflict is gone, and nothing blocks that did not before."""
    blocked_before = {found.signature for found in before if found.level == BLOCK}
    return all(
        found.signature != conflict.signature and (found.level != BLOCK or found.signature in blocked_before)
        for found in after
    )


def get_outcome(before: Iterable[Conflict], after: Iterable[Conflict]) -> Outcome:
    """Return whether conflicts remain, and whether any of them is new."""
    remaining = {found.signature for found in after}
    if not remaining:
        return Outcome.NO_CONFLICT
    known = {found.signature for found in before}
    return Outcome.NO_NEW_CONFLICT if remaining <= known else Outcome.NEW_CONFLICT


def get_penalty(conflicts: Iterable[Conflict]) -> int:
    return sum(
        (conflict.people_count + 1) * (BLOCKING_FACTOR if conflict.level == BLOCK else 1)
        for conflict in conflicts
    )


def get_move_cost(task: FixTask, key: int, room: int | None, start: datetime.datetime) -> float:
    """Return the cost of the move by itself: distance, another room or day, and bookings."""
    state, session = task.timetable.placements[key], task.facts.sessions[key]
    distance = abs(start - state.starts_at).total_seconds() / 60
    cost = distance / MINUTES_PER_COST
    cost += DAY_CHANGE_COST * (distance > OTHER_DAY_MINUTES)
    cost += ROOM_CHANGE_COST * (room != state.room_id)
    cost += session.booked.bit_count() * bool(distance)
    return cost + GENERAL_SESSION_COST * (session.role != Session.Role.TALK)
