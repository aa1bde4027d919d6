"""Plan a schedule: a first plan, then the best one that the budget allows. Loads OR-Tools."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from .costs import PlanCosts, calculate_costs, count_broken_rules
from .exact.feasibility import find_feasible_plan
from .instance import Plan, PlannerInstance
from .limits import MIN_EXACT_SECONDS, NO_LIMITS, WorkLimits
from .rules import check_room_for_all
from .search.cell_annealer import InstanceProblem
from .search.construct import construct_cells
from .search.polish import PolishedPlan, polish_plan
from .search.run_search import PROCESS_COUNT, run_search
from .search.shape import ShapeWeights
from .search.tables import prepare_tables, to_cells, to_plan

DEFAULT_SECONDS: Final = 10.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlanningProgress:
    """A plan better than any before. Its costs are calculated only when they are read."""

    instance: PlannerInstance
    plan: Plan
    elapsed: float

    @cached_property
    def costs(self) -> PlanCosts:
        return calculate_costs(self.instance, self.plan)


type ProgressHandler = Callable[[PlanningProgress], None]


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
    shape: ShapeWeights | None = None,
    on_progress: ProgressHandler = lambda _progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> PlanningResult:
    """Return the best plan found within a budget of `seconds`.

    With a `shape`, the plan is then polished by these weights, at no higher cost; that time is not part of
    the budget. `on_progress` gets each better plan; `should_stop` is called several times a second. Raise
    PlanImpossible with the contradicting rules if there is no plan, PlanNotFound if neither a plan nor a
    contradiction was found within `seconds`, or MIN_EXACT_SECONDS if that is longer.
    """
    began_at = time.monotonic()
    limits = WorkLimits(began_at + max(seconds, MIN_EXACT_SECONDS), should_stop)
    plan = find_first_plan(instance=instance, seed=seed, limits=limits)

    def report_progress(better: Plan) -> None:
        on_progress(PlanningProgress(instance, better, time.monotonic() - began_at))

    report_progress(plan)
    outcome = run_search(
        problem=InstanceProblem(instance),
        layout=to_cells(instance, plan),
        total=calculate_costs(instance, plan).total,
        seconds=seconds,
        deadline=began_at + seconds,
        seed=seed,
        process_count=process_count,
        should_stop=should_stop,
        on_report=lambda report: report_progress(to_plan(instance, report.layout)),
    )
    best = choose_sound_plan(instance, to_plan(instance, outcome.layout), plan)
    polished = PolishedPlan(best, is_capped=False)
    if shape:
        polished = polish_plan(instance=instance, plan=best, seed=seed, weights=shape)
        best = choose_sound_plan(instance, polished.plan, best)
    return PlanningResult(
        plan=best,
        costs=calculate_costs(instance, best),
        is_capped=outcome.is_capped or polished.is_capped,
        is_stopped=outcome.is_stopped,
        elapsed=time.monotonic() - began_at,
    )


def choose_sound_plan(instance: PlannerInstance, best: Plan, first: Plan) -> Plan:
    """Return the best plan, or the first one if a bug of the search made the best break a rule."""
    if count_broken_rules(instance, best) == 0:
        return best
    logger.error("The search broke a rule of the plan; the first plan is used instead.")
    return first


def find_first_plan(*, instance: PlannerInstance, seed: int = 1, limits: WorkLimits = NO_LIMITS) -> Plan:
    """Return a plan that keeps all rules: by simple construction, or else by CP-SAT."""
    check_room_for_all(instance)
    cells = construct_cells(prepare_tables(instance), seed)
    if cells is None:
        return find_feasible_plan(instance=instance, seed=seed, limits=limits)
    return to_plan(instance, cells)
