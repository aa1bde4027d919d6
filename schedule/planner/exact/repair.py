"""Repair a plan that now breaks rules: with the fewest moves, proven, then at better places.

The instance already has the change: a room closed, a speaker absent, a session locked elsewhere. Sessions
without a place get one. First only the sessions that break a rule may move, which is a small problem; if that
plan is not proven to have the fewest moves, all sessions may move.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from ortools.sat.python import cp_model

from schedule.planner.costs import PlanCosts, are_in_conflict, calculate_costs, count_broken_rules
from schedule.planner.instance import (
    PartialPlan,
    Placing,
    Plan,
    PlannerInstance,
    PlannerSession,
    is_placing_allowed,
)
from schedule.planner.limits import (
    MIN_EXACT_SECONDS,
    NO_LIMITS,
    PlanNotFound,
    WorkLimits,
    make_not_found_error,
)
from schedule.planner.rules import check_room_for_all, make_impossible_error
from schedule.planner.search.cell_annealer import InstanceProblem
from schedule.planner.search.polish import PolishedPlan, polish_plan
from schedule.planner.search.run_search import SearchOutcome, run_search
from schedule.planner.search.shape import NEAR_SHAPE, Home
from schedule.planner.search.tables import to_cells, to_plan

from .feasibility import find_contradiction
from .placement_model import PlacementModel, build_home_model
from .solve import ANSWERED, solve_model

REPAIR_BUDGET: Final = 30.0
# For each session that moves.
POLISH_SECONDS: Final = 0.5
MAX_POLISH_SECONDS: Final = 10.0
# Polishing takes little time: the clock should not cap it even on a busy machine.
POLISH_DEADLINE: Final = 3.0


@dataclass(frozen=True, slots=True)
class RepairTask:
    """A plan to repair; `home_slots` are the slots in which sessions start now, None for those without."""

    instance: PlannerInstance
    plan: PartialPlan
    home_slots: Sequence[int | None]
    limits: WorkLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class RepairResult:
    """A plan that keeps the rules.

    `moved` are the sessions that left their place or had none; those that had one are as few as possible if
    `is_proven`. `is_capped` and `is_stopped` are about the search for better places, see PlanningResult.
    """

    plan: Plan
    moved: tuple[int, ...]
    is_proven: bool
    costs: PlanCosts
    is_capped: bool = False
    is_stopped: bool = False


def repair_plan(
    *,
    instance: PlannerInstance,
    plan: PartialPlan,
    home_slots: Sequence[int | None] | None = None,
    seconds: float = MAX_POLISH_SECONDS,
    seed: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
) -> RepairResult:
    """Return the plan with the fewest sessions moved so that all rules hold, at the least cost found.

    As many as possible of those that move keep the slot in which they start: that of the plan, or of
    `home_slots` for a session that has a time but no room. `seconds` is the most that the search
    for better places may take, and so may the proof, but for MIN_EXACT_SECONDS.
    Raise PlanImpossible with the contradicting rules if there is no plan, PlanNotFound if time ran out.
    """
    check_room_for_all(instance)
    limits = WorkLimits(time.monotonic() + max(seconds, MIN_EXACT_SECONDS), should_stop)
    homes = home_slots or [placing.slot if placing else None for placing in plan]
    task = RepairTask(instance, plan, homes, limits)
    repaired, is_proven = find_fewest_moves(task)
    outcome = polish_moved(task, repaired, seconds=seconds, seed=seed)
    nearest = find_nearest(task, to_plan(instance, outcome.layout), seed=seed)
    polished = nearest.plan
    if count_broken_rules(instance, polished):
        polished = repaired
    moved = tuple(number for number, placing in enumerate(polished) if placing != plan[number])
    costs = calculate_costs(instance, polished)
    return RepairResult(
        polished, moved, is_proven, costs, outcome.is_capped or nearest.is_capped, outcome.is_stopped
    )


def find_fewest_moves(task: RepairTask) -> tuple[Plan, bool]:
    """Return a plan with the fewest sessions moved, and whether fewer are proven impossible."""
    alone = {
        number for number, placing in enumerate(task.plan) if placing and not is_well_placed(task, number)
    }
    pairs = list_pairs(task, alone)
    misplaced = alone.union(*pairs)
    small = solve_small_repair(task, misplaced)
    # Of each pair one must move; the pairs counted share no session.
    if small and count_moves(small[0], task.plan) == len(alone) + count_disjoint(pairs):
        return small[0], True
    try:
        found = solve_repair(task)
    except PlanNotFound:
        if small:
            return small[0], False
        raise
    if found is None:
        raise make_impossible_error(task.instance, find_contradiction(task.instance, task.limits))
    return found


def solve_small_repair(task: RepairTask, misplaced: set[int]) -> tuple[Plan, bool] | None:
    """Return a plan in which only misplaced sessions move, and whether it is proven; None if unknown."""
    try:
        return solve_repair(replace(task, instance=lock_others(task, misplaced)))
    except PlanNotFound:
        if task.limits.is_over():
            raise
        return None


def is_well_placed(task: RepairTask, number: int) -> bool:
    """Return whether a session has a place in which it alone breaks no rule."""
    placing = task.plan[number]
    return placing is not None and is_placing_allowed(task.instance, task.instance.sessions[number], placing)


def list_pairs(task: RepairTask, alone: set[int]) -> list[tuple[int, int]]:
    """Return the pairs of sessions that share a room or a speaker at once, but for those misplaced alone."""
    filled = tuple(placing or Placing(0, 0) for placing in task.plan)
    placed = [number for number, placing in enumerate(task.plan) if placing and number not in alone]
    return [pair for pair in combinations(placed, 2) if are_in_conflict(task.instance, filled, *pair)]


def count_disjoint(pairs: list[tuple[int, int]]) -> int:
    """Return how many of the pairs can be taken one after the other without taking a session twice."""
    taken: set[int] = set()
    for pair in pairs:
        if taken.isdisjoint(pair):
            taken.update(pair)
    return len(taken) // 2


def count_moves(repaired: Plan, plan: PartialPlan) -> int:
    """Return how many sessions that had a place have another one."""
    return sum(old is not None and old != new for old, new in zip(plan, repaired, strict=True))


def solve_repair(task: RepairTask) -> tuple[Plan, bool] | None:
    """Return a plan with the fewest moves, and whether it is proven; None if no plan is possible."""
    placement = build_home_model(task.instance, task.plan, task.limits)
    stays, same_slots = list_goals(placement, task)
    for variable in stays:
        placement.model.add_hint(variable, value=True)
    # One session that stays is worth more than all that keep their slot.
    weight = len(task.plan) + 1
    placement.model.maximize(weight * sum(stays) + sum(same_slots))
    solver, status = solve_model(placement.model, budget=REPAIR_BUDGET, limits=task.limits)
    if status == cp_model.INFEASIBLE:
        return None
    if status not in ANSWERED:
        raise make_not_found_error(task.limits)
    stay_count = sum(solver.boolean_value(variable) for variable in stays)
    return placement.read_plan(solver), int(solver.best_objective_bound) // weight <= stay_count


def list_goals(
    placement: PlacementModel, task: RepairTask
) -> tuple[list[cp_model.IntVar], list[cp_model.IntVar]]:
    """Return the variables of sessions that stay, and of those that start in the slot they have now."""
    stays, same_slots = [], []
    for options, placing, slot in zip(placement.placings, task.plan, task.home_slots, strict=True):
        for option, variable in options.items():
            if option == placing:
                stays.append(variable)
            if option.slot == slot:
                same_slots.append(variable)
    return stays, same_slots


def lock_others(task: RepairTask, misplaced: set[int]) -> PlannerInstance:
    """Return the instance in which all sessions but those misplaced, or without a place, are locked."""
    sessions = tuple(
        session if number in misplaced else lock_session(session, placing)
        for number, (session, placing) in enumerate(zip(task.instance.sessions, task.plan, strict=True))
    )
    return replace(task.instance, sessions=sessions)


def lock_session(session: PlannerSession, placing: Placing | None) -> PlannerSession:
    if placing is None:
        return session
    return replace(session, locked_slot=placing.slot, locked_room=placing.room)


def lock_unmoved(task: RepairTask, repaired: Plan) -> PlannerInstance:
    """Return the instance in which only moved sessions may move; those that kept their slot keep it."""
    sessions = []
    parts = zip(task.instance.sessions, repaired, task.plan, task.home_slots, strict=True)
    for session, placing, before, slot in parts:
        if placing == before:
            sessions.append(lock_session(session, placing))
        else:
            sessions.append(replace(session, locked_slot=slot) if placing.slot == slot else session)
    return replace(task.instance, sessions=tuple(sessions))


def find_nearest(task: RepairTask, repaired: Plan, *, seed: int) -> PolishedPlan:
    """Return a plan of at most the same cost in which moved sessions are near to where they were.

    They are on the same day if possible, and not beside another session of their track.
    """
    return polish_plan(
        instance=lock_unmoved(task, repaired),
        plan=repaired,
        seed=seed,
        weights=NEAR_SHAPE,
        homes=[
            Home(slot, placing.room if placing else None)
            for slot, placing in zip(task.home_slots, task.plan, strict=True)
        ],
    )


def polish_moved(task: RepairTask, repaired: Plan, *, seconds: float, seed: int) -> SearchOutcome:
    """Search better places for the moved sessions, and no others."""
    moved = sum(placing != before for placing, before in zip(repaired, task.plan, strict=True))
    budget = min(seconds, POLISH_SECONDS * moved)
    fixed = lock_unmoved(task, repaired)
    return run_search(
        problem=InstanceProblem(fixed),
        layout=to_cells(fixed, repaired),
        total=calculate_costs(fixed, repaired).total,
        seconds=budget,
        deadline=max(task.limits.deadline, time.monotonic() + POLISH_DEADLINE),
        seed=seed,
        process_count=1,
        should_stop=task.limits.should_stop,
    )
