"""The annealer of our own instances: moves of sessions between cells, and swaps of slots and rooms."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from schedule.planner.instance import PlannerInstance

from .anneal import Annealer, Layout
from .long_state import LongState
from .tables import Block, SearchTables, prepare_tables
from .unit_state import UnitState

MAX_TEMPERATURE: Final = 64.0
PROBE_STEPS: Final = 1_000
PROBE_FACTOR: Final = 0.8
PROBE_ACCEPTANCE: Final = 0.1
MAX_PROBES: Final = 30
COOLING_RATIO: Final = 0.1
BLOCK_SWAP_SHARE: Final = 0.05
# For each process; about half of what a quiet core of 2025 does with 200 sessions.
UNIT_STEPS_PER_SECOND: Final = 300_000
LONG_STEPS_PER_SECOND: Final = 30_000


class CellState(Protocol):
    """A complete plan with incremental costs: see UnitState."""

    tables: SearchTables
    cell_of: list[int]
    total: int

    def price_move(self, session: int, target: int) -> int: ...

    def apply_move(self, session: int, target: int, delta: int) -> None: ...

    def price_block_swap(self, block: Block) -> int: ...

    def apply_block_swap(self, block: Block, delta: int) -> None: ...

    def export_cells(self) -> list[int]: ...


class CellAnnealer(Annealer):
    """Anneal a state of cells.

    The starting temperature is measured: the first at which one trial move of ten is accepted.
    """

    chunk_steps: ClassVar[int] = 2_000

    def __init__(self, state: CellState, seed: int) -> None:
        super().__init__(seed)
        self.state = state
        self.best_total, self.best_layout = state.total, state.export_cells()
        allowed = state.tables.allowed_cells[: state.tables.session_count]
        self.movable = [session for session, cells in enumerate(allowed) if len(cells) > 1]

    def find_temperatures(self) -> tuple[float, float]:
        """Return the first temperature at which few trial moves are accepted, and a tenth of it."""
        temperature = MAX_TEMPERATURE
        for _probe in range(MAX_PROBES):
            if self.take_steps(PROBE_STEPS, temperature) <= PROBE_ACCEPTANCE * PROBE_STEPS:
                break
            temperature *= PROBE_FACTOR
        return temperature, temperature * COOLING_RATIO

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
            # As is_accepted, without the call: the planner spends most of its time in this loop.
            if delta <= 0 or delta < -temperature * log(1.0 - draw()):
                accepted += 1
                state.apply_move(session, target, delta)
                self._note_best()
        return accepted

    def _try_block_swap(self, temperature: float) -> None:
        """Try to swap two slots, or two rooms in a half day; single moves seldom lead to that."""
        block = self.draw_slots() if self.random.random() < 0.5 else self.draw_rooms()
        delta = self.state.price_block_swap(block)
        if self.is_accepted(delta, temperature):
            self.state.apply_block_swap(block, delta)
            self._note_best()

    def draw_slots(self) -> Block:
        """Return the cells of two slots, room by room."""
        tables, draw = self.state.tables, self.random.random
        first, second = (int(draw() * tables.slot_count) * tables.room_count for _end in range(2))
        return [(first + room, second + room) for room in range(tables.room_count)]

    def draw_rooms(self) -> Block:
        """Return the cells of two rooms in a half day, slot by slot."""
        tables, draw = self.state.tables, self.random.random
        first, second = (int(draw() * tables.room_count) for _end in range(2))
        starts = tables.half_day_starts[int(draw() * tables.half_day_count)]
        return [(start + first, start + second) for start in starts]

    def _note_best(self) -> None:
        if self.state.total < self.best_total:
            self.best_total, self.best_layout = self.state.total, self.state.export_cells()


@dataclass(frozen=True, slots=True)
class InstanceProblem:
    """Our own instances for the search; a layout is the cell of each session."""

    instance: PlannerInstance

    @property
    def steps_per_second(self) -> int:
        """Return the steps of each process for each second of budget."""
        is_long = any(session.duration > 1 for session in self.instance.sessions)
        return LONG_STEPS_PER_SECOND if is_long else UNIT_STEPS_PER_SECOND

    def create_annealer(self, layout: Layout, seed: int) -> CellAnnealer:
        """Return an annealer that starts with these cells."""
        return CellAnnealer(create_state(prepare_tables(self.instance), flatten(layout)), seed)


def flatten(layout: Layout) -> list[int]:
    """Return the cells of a layout."""
    return [cell for cell in layout if isinstance(cell, int)]


def create_state(tables: SearchTables, cells: list[int]) -> CellState:
    """Return the fastest state for this instance."""
    if max(tables.durations) > 1:
        return LongState(tables, cells)
    return UnitState(tables, cells)
