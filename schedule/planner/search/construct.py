"""Build a first plan, hardest session first; if one finds no cell, start again with that one in front."""

import random
from typing import Final

from .tables import SearchTables

ATTEMPTS: Final = 30


def construct_cells(tables: SearchTables, seed: int) -> list[int] | None:
    """Return a cell for each session so that no rule is broken, or None if none was found."""
    generator = random.Random(seed)  # noqa: S311 (no secret: it must repeat)
    failures = [0] * tables.session_count
    for _attempt in range(ATTEMPTS):
        cells = place_in_order(tables, sort_by_difficulty(tables, failures), generator)
        if isinstance(cells, list):
            return cells
        # Sessions that it follows are moved to the front too, or they would find no earlier cell.
        for session in list_chain(tables, cells):
            failures[session] += 1
    return None


def list_chain(tables: SearchTables, session: int) -> list[int]:
    """Return a session and those that it follows, one after the other; a cycle is followed once."""
    chain = [session]
    while followed := [first for first, second in tables.follow_pairs[chain[-1]] if second == chain[-1]]:
        if followed[0] in chain:
            break
        chain.append(followed[0])
    return chain


def sort_by_difficulty(tables: SearchTables, failures: list[int]) -> list[int]:
    """Return the sessions, the hardest first: failed before, few cells, long, many shared speakers.

    Sessions come after those that they follow.
    """
    return sorted(
        range(tables.session_count),
        key=lambda session: (
            -failures[session],
            len(list_chain(tables, session)),
            len(tables.allowed_cells[session]),
            -tables.durations[session],
            -tables.conflicts[session].bit_count(),
        ),
    )


def would_keep_order(tables: SearchTables, cells: list[int], session: int, cell: int) -> bool:
    """Return whether a session in this cell would be in order with those already placed."""
    first, last = tables.slot_of_cell[cell], tables.slot_of_cell[cell] + tables.durations[session]
    for followed, follower in tables.follow_pairs[session]:
        if followed == follower:
            return False
        if follower == session and cells[followed] >= 0:
            if first < tables.slot_of_cell[cells[followed]] + tables.durations[followed]:
                return False
        elif followed == session and cells[follower] >= 0 and tables.slot_of_cell[cells[follower]] < last:
            return False
    return True


def choose_cell(tables: SearchTables, session: int, free_cells: list[int], generator: random.Random) -> int:
    """Return the cell of least cost; for a session with followers the earliest, to leave room for these."""
    costs = tables.cell_costs[session]
    has_followers = any(followed == session for followed, _follower in tables.follow_pairs[session])
    slots = tables.slot_of_cell
    return min(
        free_cells, key=lambda cell: (slots[cell] if has_followers else 0, costs[cell], generator.random())
    )


def place_in_order(tables: SearchTables, order: list[int], generator: random.Random) -> list[int] | int:
    """Place the sessions in this order, each where it costs least. Return their cells, or the failed one."""
    cells = [-1] * tables.session_count
    occupied = 0
    running = [0] * tables.slot_count
    for session in order:
        length, conflicts = tables.durations[session], tables.conflicts[session]
        footprint = sum(1 << (step * tables.room_count) for step in range(length))
        blocked = [bool(conflicts & sessions) for sessions in running]
        free_cells = [
            cell
            for cell in tables.allowed_cells[session]
            if not (occupied >> cell) & footprint
            and not any(
                blocked[slot] for slot in range(tables.slot_of_cell[cell], tables.slot_of_cell[cell] + length)
            )
            and would_keep_order(tables, cells, session, cell)
        ]
        if not free_cells:
            return session
        cell = choose_cell(tables, session, free_cells, generator)
        cells[session] = cell
        occupied |= footprint << cell
        for slot in range(tables.slot_of_cell[cell], tables.slot_of_cell[cell] + length):
            running[slot] |= tables.bits[session]
    return cells
