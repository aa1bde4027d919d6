"""Repair a plan that rules forbid by now: the fewest moves, proven, then better places for what moves.

The instance already has the change: a room closed, a speaker absent, a session locked elsewhere.
"""

import time
from dataclasses import dataclass, replace
from typing import Final

from ortools.sat.python import cp_model

from schedule.planner.costs import PlanCosts, calculate_costs
from schedule.planner.instance import Plan, PlannerInstance
from schedule.planner.rules import check_room_for_all, make_impossible_error
from schedule.planner.search.cell_annealer import InstanceProblem
from schedule.planner.search.run_search import run_search
from schedule.planner.search.tables import prepare_tables, to_cells, to_plan

from .feasibility import ANSWERED, create_solver, find_contradiction, make_not_found_error
from .placement_model import build_home_model

REPAIR_BUDGET: Final = 30.0
POLISH_SECONDS: Final = 0.5
# Polishing is little work, so that the clock should not cap it even on a busy machine.
POLISH_DEADLINE: Final = 3.0


@dataclass(frozen=True, slots=True)
class RepairResult:
    """A plan that keeps the rules; `moved` are the sessions that left their place, as few as `is_proven`."""

    plan: Plan
    moved: tuple[int, ...]
    is_proven: bool
    costs: PlanCosts


def repair_plan(*, instance: PlannerInstance, plan: Plan, seed: int = 1) -> RepairResult:
    """Return the plan with the fewest sessions moved so that all rules hold, at the least cost found.

    Raise PlanImpossible with the contradicting rules if there is none.
    """
    check_room_for_all(instance)
    repaired, is_proven = find_fewest_moves(instance, plan)
    polished = polish_moved(instance, plan, repaired, seed)
    moved = tuple(number for number, placing in enumerate(polished) if placing != plan[number])
    return RepairResult(polished, moved, is_proven, calculate_costs(instance, polished))


def find_fewest_moves(instance: PlannerInstance, plan: Plan) -> tuple[Plan, bool]:
    """Return a plan with the fewest sessions moved, and whether there is proof that fewer do not do."""
    built = build_home_model(instance, plan)
    stays = [
        options[plan[number]] for number, options in enumerate(built.placings) if plan[number] in options
    ]
    for variable in stays:
        built.model.add_hint(variable, value=True)
    built.model.maximize(sum(stays))
    solver = create_solver(budget=REPAIR_BUDGET)
    status = solver.solve(built.model)
    if status in ANSWERED:
        return built.read_plan(solver), status == cp_model.OPTIMAL
    if status == cp_model.INFEASIBLE:
        raise make_impossible_error(instance, find_contradiction(instance))
    raise make_not_found_error()


def polish_moved(instance: PlannerInstance, before: Plan, repaired: Plan, seed: int) -> Plan:
    """Return the plan with the moved sessions, and no others, in better places."""
    fixed = replace(
        instance,
        sessions=tuple(
            replace(session, locked_slot=placing.slot, locked_room=placing.room)
            if placing == old
            else session
            for session, placing, old in zip(instance.sessions, repaired, before, strict=True)
        ),
    )
    tables = prepare_tables(fixed)
    outcome = run_search(
        problem=InstanceProblem(fixed),
        layout=to_cells(tables, repaired),
        total=calculate_costs(fixed, repaired).total,
        seconds=POLISH_SECONDS if repaired != before else 0,
        deadline=time.monotonic() + POLISH_DEADLINE,
        seed=seed,
        process_count=1,
    )
    return to_plan(tables, outcome.layout)
