"""Give a plan a better shape without raising its named costs: a short annealing in this process.

Most moves take one session elsewhere. Others move all sessions that start together, or distribute them over
the other times that are in use: single moves to the same end would pass through much worse plans.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Final

from schedule.planner.instance import Plan, PlannerInstance

from .anneal import Annealer
from .long_state import Changes, LongState
from .shape import EVEN_SHAPE, Home, PlanShape, ShapeWeights
from .tables import prepare_tables, to_cells, to_plan

STEPS_PER_SESSION: Final = 400
MAX_STEPS: Final = 20_000
# Far more than the steps take, so that the clock affects the plan on a very busy machine only.
MAX_SECONDS: Final = 60.0
ROW_SHARE: Final = 0.2
DISTRIBUTION_SHARE: Final = 0.1
TEMPERATURES: Final = (200.0, 4.0)


@dataclass(frozen=True, slots=True)
class PolishedPlan:
    plan: Plan
    is_capped: bool


def polish_plan(
    *,
    instance: PlannerInstance,
    plan: Plan,
    seed: int = 1,
    weights: ShapeWeights = EVEN_SHAPE,
    homes: Sequence[Home] = (),
) -> PolishedPlan:
    """Return a plan of a better shape, whose weighted total is at most that of `plan`."""
    if not plan:
        return PolishedPlan(plan, is_capped=False)
    annealer = ShapeAnnealer(instance, plan, seed, weights, homes)
    steps = min(MAX_STEPS, STEPS_PER_SESSION * len(annealer.movable))
    if not annealer.movable:
        return PolishedPlan(plan, is_capped=False)
    start, end = TEMPERATURES
    for _chunk in annealer.run(steps=steps, deadline=time.monotonic() + MAX_SECONDS, start=start, end=end):
        pass
    cells = [cell for cell in annealer.best_layout if isinstance(cell, int)]
    return PolishedPlan(to_plan(instance, cells), annealer.is_capped)


class ShapeAnnealer(Annealer):
    """Anneals the sum of shape and named costs; the weighted total never rises above what it was."""

    chunk_steps: ClassVar[int] = 200

    def __init__(
        self,
        instance: PlannerInstance,
        plan: Plan,
        seed: int,
        weights: ShapeWeights,
        homes: Sequence[Home],
    ) -> None:
        super().__init__(seed)
        self.tables = prepare_tables(instance)
        cells = to_cells(instance, plan)
        self.state = LongState(self.tables, cells)
        self.shape = PlanShape(instance, self.tables, weights, homes)
        for session, cell in enumerate(cells):
            self.shape.place(session, cell)
        self.weights, self.max_total = weights, self.state.total
        allowed = self.tables.allowed_cells[: self.tables.session_count]
        self.movable = [session for session, options in enumerate(allowed) if len(options) > 1]
        self.start_slots = sorted(
            {self.tables.slot_of_cell[cell] for session in self.movable for cell in allowed[session]}
        )
        self.best_total, self.best_layout = self.total, self.state.export_cells()

    @property
    def total(self) -> int:
        return self.shape.cost + self.weights.named_costs * self.state.total

    def find_temperatures(self) -> tuple[float, float]:
        """Return the first and the last temperature."""
        return TEMPERATURES

    def take_steps(self, steps: int, temperature: float) -> int:
        """Try that many moves at one temperature and return how many were accepted."""
        accepted = 0
        for _step in range(steps):
            chance = self.random.random()
            if chance < DISTRIBUTION_SHARE:
                accepted += self.try_distribution(temperature)
                continue
            is_row = chance < DISTRIBUTION_SHARE + ROW_SHARE
            changes = self.draw_row() if is_row else self.draw_move()
            if changes and self.try_changes(changes, temperature):
                accepted += 1
        return accepted

    def try_distribution(self, temperature: float) -> bool:
        """Move all that start together into free rooms at other times that are in use."""
        before, back = self.total, list[tuple[int, int]]()
        source = self.draw_start()
        for session in sorted(self.state.starters[source]):
            target = self.find_free_cell(session, source)
            if target is None:
                break
            back.insert(0, (session, self.state.cell_of[session]))
            self.shift([(session, target)])
        is_empty = not self.state.starters[source]
        if is_empty and self.is_wanted(self.total - before, temperature):
            return True
        for change in back:
            self.shift([change])
        return False

    def draw_start(self) -> int:
        """Return a slot in which a session starts that may move."""
        session = self.movable[int(self.random.random() * len(self.movable))]
        return self.tables.slot_of_cell[self.state.cell_of[session]]

    def find_free_cell(self, session: int, source: int) -> int | None:
        """Return a free cell for a session at another time at which sessions start."""
        slots, starters = self.tables.slot_of_cell, self.state.starters
        cells = self.tables.allowed_cells[session]
        # From a random one on: to shuffle hundreds of cells takes longer than to find a free one.
        first = int(self.random.random() * len(cells))
        for cell in chain(cells[first:], cells[:first]):
            slot = slots[cell]
            if slot == source or not starters[slot] or self.state.occupants[cell] != self.state.nothing:
                continue
            changes = self.state.plan_move(session, cell)
            if changes and len(changes) == 1:
                return cell
        return None

    def draw_move(self) -> Changes | None:
        """Return the move of one session, or an exchange of two; None if a rule forbids it."""
        session = self.movable[int(self.random.random() * len(self.movable))]
        cells = self.tables.allowed_cells[session]
        target = cells[int(self.random.random() * len(cells))]
        return None if target == self.state.cell_of[session] else self.state.plan_move(session, target)

    def draw_row(self) -> Changes | None:
        """Return the move of all sessions that start together to another time, in their rooms."""
        target = self.start_slots[int(self.random.random() * len(self.start_slots))]
        source = self.draw_start()
        return None if source == target else self.state.plan_row_swap(source, target)

    def try_changes(self, changes: Changes, temperature: float) -> bool:
        """Make the changes, and take them back unless they are accepted."""
        before = self.total
        back = [(session, self.state.cell_of[session]) for session, _cell in changes]
        self.shift(changes)
        if self.is_wanted(self.total - before, temperature):
            return True
        self.shift(back)
        return False

    def is_wanted(self, delta: int, temperature: float) -> bool:
        """Decide whether to accept changes that were made, and remember the best plan."""
        if self.state.total > self.max_total or not self.is_accepted(delta, temperature):
            return False
        if self.total < self.best_total:
            self.best_total, self.best_layout = self.total, self.state.export_cells()
        return True

    def shift(self, changes: Changes) -> None:
        """Move the sessions in the plan and in its shape."""
        for session, _cell in changes:
            self.shape.take(session, self.state.cell_of[session])
        self.state.shift(changes)
        for session, cell in changes:
            self.shape.place(session, cell)
