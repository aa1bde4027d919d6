"""An instance prepared for the search: lists and bit sets by session and cell instead of objects.

A cell is a slot and a room, numbered `slot * rooms + room`. After the last session comes a dummy called
"nothing": it costs nothing and may be in any cell, so that a move to a free cell is a swap like any other.
Sets of sessions, of attendees and of cells are whole numbers used as bit sets.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schedule.planner.costs import count_demand
from schedule.planner.instance import (
    Placing,
    Plan,
    PlannerInstance,
    PlannerSession,
    list_allowed_placings,
)

# Counters of sessions without a track start here, and never reach 0 or 1, where costs change.
UNREACHABLE_COUNT = 1 << 40

type Block = list[tuple[int, int]]
"""Pairs of cells whose contents change places."""


@dataclass(frozen=True, slots=True)
class SearchTables:
    """See the module. Lists by session have an entry for "nothing" at the end."""

    session_count: int
    room_count: int
    slot_count: int
    half_day_count: int
    track_count: int
    slot_of_cell: list[int]
    half_day_of_cell: list[int]
    half_day_room_of_cell: list[int]
    # The first cell of each slot, by half day.
    half_day_starts: list[list[int]]
    durations: list[int]
    track_of: list[int]
    fans: list[int]
    conflicts: list[int]
    # For each session the pairs of a followed session and its follower of which it is one.
    follow_pairs: list[list[tuple[int, int]]]
    has_follow_pairs: bool
    bits: list[int]
    allowed_cells: list[list[int]]
    is_allowed: list[bytearray]
    # Weighted costs of a session in a cell that depend on no other session.
    cell_costs: list[list[int]]
    favourite_weight: int
    room_weight: int
    favourite_count: int


def prepare_tables(instance: PlannerInstance) -> SearchTables:
    """Return the tables of an instance."""
    rooms, cells = len(instance.rooms), len(instance.slots) * len(instance.rooms)
    half_days = {half: number for number, half in enumerate(sorted({x.half_day for x in instance.slots}))}
    half_day_of_cell = [half_days[instance.slots[cell // rooms].half_day] for cell in range(cells)]
    tracks = sorted({session.track for session in instance.sessions if session.track is not None})
    allowed = [list_allowed_cells(instance, session) for session in instance.sessions]
    count = len(instance.sessions)
    return SearchTables(
        session_count=count,
        room_count=rooms,
        slot_count=len(instance.slots),
        half_day_count=len(half_days),
        track_count=len(tracks),
        slot_of_cell=[cell // rooms for cell in range(cells)],
        half_day_of_cell=half_day_of_cell,
        half_day_room_of_cell=[half_day_of_cell[cell] * rooms + cell % rooms for cell in range(cells)],
        half_day_starts=[
            [cell for cell in range(0, cells, rooms) if half_day_of_cell[cell] == half_day]
            for half_day in range(len(half_days))
        ],
        durations=[*(session.duration for session in instance.sessions), 1],
        track_of=[
            *(len(tracks) if x.track is None else tracks.index(x.track) for x in instance.sessions),
            len(tracks),
        ],
        fans=[*list_fans(instance), 0],
        conflicts=[*list_conflicts(instance), 0],
        follow_pairs=[*list_follow_pairs(instance), []],
        has_follow_pairs=any(session.follows is not None for session in instance.sessions),
        bits=[*(1 << number for number in range(count)), 0],
        allowed_cells=[*allowed, list(range(cells))],
        is_allowed=[*(mark_cells(chosen, cells) for chosen in allowed), bytearray(b"\1") * cells],
        cell_costs=[*list_cell_costs(instance), [0] * cells],
        favourite_weight=instance.weights.lost_favourites,
        room_weight=instance.weights.extra_rooms,
        favourite_count=sum(map(len, instance.favourites)),
    )


def list_allowed_cells(instance: PlannerInstance, session: PlannerSession) -> list[int]:
    rooms = len(instance.rooms)
    return [placing.slot * rooms + placing.room for placing in list_allowed_placings(instance, session)]


def mark_cells(chosen: list[int], cells: int) -> bytearray:
    """Return one byte for each cell: 1 if it is chosen."""
    flags = bytearray(cells)
    for cell in chosen:
        flags[cell] = 1
    return flags


def list_fans(instance: PlannerInstance) -> list[int]:
    """Return for each session the set of attendees whose favourite it is."""
    fans = [0] * len(instance.sessions)
    for attendee, favourites in enumerate(instance.favourites):
        for session in favourites:
            fans[session] |= 1 << attendee
    return fans


def list_conflicts(instance: PlannerInstance) -> list[int]:
    """Return for each session the set of other sessions that share a speaker with it."""
    of_speaker = [0] * len(instance.speakers)
    for number, session in enumerate(instance.sessions):
        for speaker in session.speakers:
            of_speaker[speaker] |= 1 << number
    conflicts = [0] * len(instance.sessions)
    for number, session in enumerate(instance.sessions):
        for speaker in session.speakers:
            conflicts[number] |= of_speaker[speaker]
        conflicts[number] &= ~(1 << number)
    return conflicts


def list_follow_pairs(instance: PlannerInstance) -> list[list[tuple[int, int]]]:
    """Return for each session the pairs of a followed session and its follower of which it is one."""
    pairs: list[list[tuple[int, int]]] = [[] for _session in instance.sessions]
    for follower, session in enumerate(instance.sessions):
        if session.follows is not None:
            for number in {session.follows, follower}:
                pairs[number].append((session.follows, follower))
    return pairs


def keeps_order(tables: SearchTables, cells: Sequence[int], moved: Mapping[int, int]) -> bool:
    """Return whether sessions that move start after those they follow have ended, and end before followers.

    `cells` are those of all sessions, `moved` the new ones of sessions that move.
    """
    slots, durations = tables.slot_of_cell, tables.durations
    return all(
        slots[moved.get(followed, cells[followed])] + durations[followed]
        <= slots[moved.get(follower, cells[follower])]
        for session in moved
        for followed, follower in tables.follow_pairs[session]
    )


def list_cell_costs(instance: PlannerInstance) -> list[list[int]]:
    """Return for each session the weighted missing seats and slot penalty of each cell."""
    weights = instance.weights
    costs = []
    for session, demand in zip(instance.sessions, count_demand(instance), strict=True):
        missing = [weights.missing_seats * max(0, demand - room.capacity) for room in instance.rooms]
        penalties = [
            weights.unwanted_slots * session.slot_penalties.get(slot, 0)
            for slot in range(len(instance.slots))
        ]
        costs.append([penalty + seats for penalty in penalties for seats in missing])
    return costs


def to_plan(instance: PlannerInstance, cells: Iterable[Any]) -> Plan:
    """Return the plan in which each session is in its cell."""
    return tuple(Placing(*divmod(cell, len(instance.rooms))) for cell in cells)


def to_cells(instance: PlannerInstance, plan: Plan) -> list[int]:
    """Return the cell of each session."""
    return [placing.slot * len(instance.rooms) + placing.room for placing in plan]
