"""One piece of search: anneal from a plan with a seed. Run in this process or in a child."""

from collections.abc import Generator
from dataclasses import dataclass

from .anneal import Layout, SearchProblem


@dataclass(frozen=True, slots=True)
class SearchTask:
    """Anneal a problem from this layout.

    `temperatures` are the first and the last one; without them, the annealer measures them.
    """

    problem: SearchProblem
    layout: Layout
    steps: int
    deadline: float
    seed: int
    temperatures: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class SearchReport:
    """The best plan so far; the last report of a task is final."""

    total: int
    layout: Layout
    temperatures: tuple[float, float]
    is_final: bool = False
    is_capped: bool = False


def run_task(task: SearchTask) -> Generator[SearchReport | None]:
    """Yield a report after each chunk that found a better plan, None after the others, and a final report."""
    annealer = task.problem.create_annealer(task.layout, task.seed)
    reported = annealer.best_total
    temperatures = start, end = task.temperatures or annealer.find_temperatures()
    for _chunk in annealer.run(steps=task.steps, deadline=task.deadline, start=start, end=end):
        if annealer.best_total < reported:
            reported = annealer.best_total
            yield SearchReport(annealer.best_total, annealer.best_layout, temperatures)
        else:
            yield None
    yield SearchReport(
        annealer.best_total, annealer.best_layout, temperatures, is_final=True, is_capped=annealer.is_capped
    )
