"""Simulated annealing on a search state, for a given number of steps.

The starting temperature is measured: the first at which one trial move of ten is accepted. It falls
geometrically to a tenth of that. Seed and number of steps determine the result. The clock only caps the
work: if the steps will not be done in time, the rest cools down faster.
"""

import math
import random
import time
from collections.abc import Iterator
from typing import Final, Protocol

from .tables import Block, SearchTables

HOTTEST: Final = 64.0
PROBE_STEPS: Final = 1_000
PROBE_FACTOR: Final = 0.8
PROBE_ACCEPTANCE: Final = 0.1
MAX_PROBES: Final = 30
COOLING_RATIO: Final = 0.1
BLOCK_SWAP_SHARE: Final = 0.05
CHUNK_STEPS: Final = 2_000
# From this part of the time on, the speed so far tells whether the steps can be done in time.
PACE_KNOWN_AT: Final = 0.6


class SearchState(Protocol):
    """A complete plan with incremental costs: see UnitState."""

    tables: SearchTables
    cell_of: list[int]
    total: int

    def price_move(self, session: int, target: int) -> int: ...

    def apply_move(self, session: int, target: int, delta: int) -> None: ...

    def price_block_swap(self, block: Block) -> int: ...

    def apply_block_swap(self, block: Block, delta: int) -> None: ...

    def export_cells(self) -> list[int]: ...


class Annealer:
    """Improve a state step by step; `best_total` and `best_cells` are the best seen."""

    def __init__(self, state: SearchState, seed: int) -> None:
        self.state = state
        self.random = random.Random(seed)  # noqa: S311 (no secret: it must repeat)
        self.best_total = state.total
        self.best_cells = state.export_cells()
        self.is_capped = False
        allowed = state.tables.allowed_cells[: state.tables.session_count]
        self.movable = [session for session, cells in enumerate(allowed) if len(cells) > 1]

    def run(self, *, steps: int, deadline: float, start_temperature: float) -> Iterator[None]:
        """Anneal with that many steps, or fewer to end by `deadline`; yield after each chunk.

        The deadline is in seconds of the monotonic clock, which all processes share.
        """
        began_at = time.monotonic()
        seconds = deadline - began_at
        chunks, progress, advance = 0, 0.0, CHUNK_STEPS / max(CHUNK_STEPS, steps)
        while progress < 1.0:
            self.take_steps(CHUNK_STEPS, start_temperature * COOLING_RATIO**progress)
            progress += advance
            chunks += 1
            yield
            elapsed = time.monotonic() - began_at
            if elapsed > PACE_KNOWN_AT * seconds and progress < 1.0:
                chunks_left = max(1.0, (seconds - elapsed) * chunks / elapsed)
                needed = (1.0 - progress) / chunks_left
                self.is_capped = self.is_capped or needed > advance
                advance = max(advance, needed)

    def take_steps(self, steps: int, temperature: float) -> int:
        """Try that many moves at one temperature and return how many were accepted."""
        state, draw, movable = self.state, self.random.random, self.movable
        if not movable:
            return 0
        cell_of, allowed, price_move = state.cell_of, state.tables.allowed_cells, state.price_move
        number, log, accepted = len(movable), math.log, 0
        for _step in range(steps):
            if draw() < BLOCK_SWAP_SHARE:
                self._try_block_swap(temperature)
                continue
            session = movable[int(draw() * number)]
            cells = allowed[session]
            target = cells[int(draw() * len(cells))]
            if target == cell_of[session]:
                continue
            delta = price_move(session, target)
            # 1 - draw() is never nought, which has no logarithm.
            if delta <= 0 or delta < -temperature * log(1.0 - draw()):
                accepted += 1
                state.apply_move(session, target, delta)
                self._note_best()
        return accepted

    def _try_block_swap(self, temperature: float) -> None:
        """Try to swap two slots, or two rooms in a half day; single moves seldom get that far."""
        state, draw = self.state, self.random.random
        block = self._draw_slots() if draw() < 0.5 else self._draw_rooms()
        delta = state.price_block_swap(block)
        if delta <= 0 or delta < -temperature * math.log(1.0 - draw()):
            state.apply_block_swap(block, delta)
            self._note_best()

    def _draw_slots(self) -> Block:
        tables = self.state.tables
        first, second = (
            int(self.random.random() * tables.slot_count) * tables.room_count for _end in range(2)
        )
        return [(first + room, second + room) for room in range(tables.room_count)]

    def _draw_rooms(self) -> Block:
        tables, draw = self.state.tables, self.random.random
        first, second = (int(draw() * tables.room_count) for _end in range(2))
        starts = tables.half_day_starts[int(draw() * tables.half_day_count)]
        return [(start + first, start + second) for start in starts]

    def _note_best(self) -> None:
        if self.state.total < self.best_total:
            self.best_total, self.best_cells = self.state.total, self.state.export_cells()

    def find_start_temperature(self) -> float:
        """Cool down from a great heat until few moves are accepted; return that temperature."""
        temperature = HOTTEST
        for _probe in range(MAX_PROBES):
            if self.take_steps(PROBE_STEPS, temperature) <= PROBE_ACCEPTANCE * PROBE_STEPS:
                break
            temperature *= PROBE_FACTOR
        return temperature
