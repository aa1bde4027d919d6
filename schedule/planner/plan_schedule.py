"""Plan a schedule: a first plan, then the best one that the budget allows. Loads OR-Tools."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .costs import PlanCosts, calculate_costs, count_broken_rules
from .exact.feasibility import find_feasible_plan
from .instance import Plan, PlannerInstance
from .rules import check_room_for_all
from .search.cell_annealer import InstanceProblem
from .search.construct import construct_cells
from .search.run_search import PROCESS_COUNT, run_search
from .search.tables import prepare_tables, to_cells, to_plan
from .search.tasks import SearchReport

DEFAULT_SECONDS: Final = 10.0
logger = logging.getLogger(__name__)

type ProgressHandler = Callable[[Plan, PlanCosts, float], None]


@dataclass(frozen=True, slots=True)
class PlanningResult:
    """A plan that keeps all rules, and its costs.

    The same instance, seed and budget give the same plan, unless `is_capped`: the clock cut the work short,
    or `is_stopped`: the caller did.
    """

    plan: Plan
    costs: PlanCosts
    is_capped: bool
    is_stopped: bool
    elapsed: float


def plan_schedule(
    *,
    instance: PlannerInstance,
    seconds: float = DEFAULT_SECONDS,
    seed: int = 1,
    process_count: int = PROCESS_COUNT,
    on_progress: ProgressHandler = lambda _plan, _costs, _elapsed: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> PlanningResult:
    """Return the best plan found within a budget of `seconds`.

    `on_progress` gets each better plan with its costs and the seconds since the start; `should_stop` is asked
    several times a second. Raise PlanImpossible with the contradicting rules if there is no plan.
    """
    began_at = time.monotonic()
    deadline = began_at + seconds
    plan = find_first_plan(instance=instance, seed=seed)
    costs = calculate_costs(instance, plan)
    on_progress(plan, costs, time.monotonic() - began_at)
    tables = prepare_tables(instance)

    def report_progress(report: SearchReport) -> None:
        better = to_plan(tables, report.layout)
        on_progress(better, calculate_costs(instance, better), time.monotonic() - began_at)

    outcome = run_search(
        problem=InstanceProblem(instance),
        layout=to_cells(tables, plan),
        total=costs.total,
        seconds=seconds,
        deadline=deadline,
        seed=seed,
        process_count=process_count,
        should_stop=should_stop,
        on_report=report_progress,
    )
    best = choose_sound_plan(instance, to_plan(tables, outcome.layout), plan)
    return PlanningResult(
        plan=best,
        costs=calculate_costs(instance, best),
        is_capped=outcome.is_capped,
        is_stopped=outcome.is_stopped,
        elapsed=time.monotonic() - began_at,
    )


def choose_sound_plan(instance: PlannerInstance, best: Plan, first: Plan) -> Plan:
    """Return the best plan, or the first one if a fault of the search made the best break a rule."""
    if count_broken_rules(instance, best) == 0:
        return best
    logger.error("The search broke a rule of the plan; the first plan is used instead.")
    return first


def find_first_plan(*, instance: PlannerInstance, seed: int = 1) -> Plan:
    """Return a plan that keeps all rules: by simple construction, or else by CP-SAT."""
    check_room_for_all(instance)
    tables = prepare_tables(instance)
    cells = construct_cells(tables, seed)
    if cells is None:
        return find_feasible_plan(instance=instance, seed=seed)
    return to_plan(tables, cells)
