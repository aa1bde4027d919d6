"""Build a first plan: place the hardest session first; begin again with any that found no place in front."""

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
        failures[cells] += 1
    return None


def sort_by_difficulty(tables: SearchTables, failures: list[int]) -> list[int]:
    """Return the sessions, the hardest first: failed before, few cells, long, many shared speakers."""
    return sorted(
        range(tables.session_count),
        key=lambda session: (
            -failures[session],
            len(tables.allowed_cells[session]),
            -tables.durations[session],
            -tables.conflicts[session].bit_count(),
        ),
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
        free = [
            cell
            for cell in tables.allowed_cells[session]
            if not (occupied >> cell) & footprint
            and not any(
                blocked[slot] for slot in range(tables.slot_of_cell[cell], tables.slot_of_cell[cell] + length)
            )
        ]
        if not free:
            return session
        costs = tables.cell_costs[session]
        cell = min(free, key=lambda cell: (costs[cell], generator.random()))
        cells[session] = cell
        occupied |= footprint << cell
        for slot in range(tables.slot_of_cell[cell], tables.slot_of_cell[cell] + length):
            running[slot] |= tables.bits[session]
    return cells
