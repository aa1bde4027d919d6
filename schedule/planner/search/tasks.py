"""One piece of search: anneal from a plan with a seed. Run in this process or in a child."""

from collections.abc import Iterator
from dataclasses import dataclass

from schedule.planner.instance import PlannerInstance

from .anneal import Annealer
from .tables import SearchTables, prepare_tables
from .unit_state import UnitState


@dataclass(frozen=True, slots=True)
class SearchTask:
    """Anneal an instance from these cells. Without a start temperature it is measured."""

    instance: PlannerInstance
    cells: list[int]
    steps: int
    deadline: float
    seed: int
    start_temperature: float | None = None


@dataclass(frozen=True, slots=True)
class SearchReport:
    """The best plan so far; the last report of a task is final."""

    total: int
    cells: list[int]
    start_temperature: float
    is_final: bool = False
    is_capped: bool = False


def create_state(tables: SearchTables, cells: list[int]) -> UnitState:
    """Return the fastest state for this instance."""
    return UnitState(tables, cells)


def run_task(task: SearchTask) -> Iterator[SearchReport | None]:
    """Yield a report after each chunk that found a better plan, None after the others, and a final report."""
    annealer = Annealer(create_state(prepare_tables(task.instance), task.cells), task.seed)
    reported = annealer.best_total
    temperature = task.start_temperature
    if temperature is None:
        temperature = annealer.find_start_temperature()
    for _chunk in annealer.run(steps=task.steps, deadline=task.deadline, start_temperature=temperature):
        if annealer.best_total < reported:
            reported = annealer.best_total
            yield SearchReport(annealer.best_total, annealer.best_cells, temperature)
        else:
            yield None
    yield SearchReport(
        annealer.best_total, annealer.best_cells, temperature, is_final=True, is_capped=annealer.is_capped
    )
