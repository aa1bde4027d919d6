"""Find any plan that keeps all hard rules, or a smallest set of rules that contradict each other."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from ortools.sat.python import cp_model

from schedule.planner.instance import Plan, PlannerInstance, list_allowed_placings
from schedule.planner.limits import NO_LIMITS, PlanNotFound, WorkLimits, make_not_found_error
from schedule.planner.rules import PlannerRule, check_room_for_all, make_impossible_error

from .placement_model import PlacementModel, build_strict_model, build_switched_model
from .solve import ANSWERED, solve_model

# In CP-SAT's deterministic seconds, so that results repeat.
FEASIBILITY_BUDGET: Final = 60.0
CHECK_BUDGET: Final = 10.0
MAX_HITTING_SETS: Final = 40


def find_feasible_plan(*, instance: PlannerInstance, seed: int = 1, limits: WorkLimits = NO_LIMITS) -> Plan:
    """Return a plan that keeps all rules.

    Raise PlanImpossible with the rules that contradict each other, PlanNotFound if the time was not enough.
    """
    check_room_for_all(instance)
    placement = build_strict_model(instance, limits)
    solver, status = solve_model(placement.model, budget=FEASIBILITY_BUDGET, limits=limits, seed=seed)
    if status in ANSWERED:
        return placement.read_plan(solver)
    if status == cp_model.INFEASIBLE:
        raise make_impossible_error(instance, find_contradiction(instance, limits))
    raise make_not_found_error(limits)


def find_contradiction(instance: PlannerInstance, limits: WorkLimits = NO_LIMITS) -> list[PlannerRule]:
    """Return a smallest set of contradicting rules of an impossible instance.

    The first contradiction is reduced until each of its rules is needed. Smaller ones are then sought among
    sets that hit every set of rules which, dropped together, would make a plan possible. If the limits end
    that, return the smallest contradiction known so far, or nothing if none is known.
    """
    for number, session in enumerate(instance.sessions):
        if not list_allowed_placings(instance, session):
            return find_contradiction_of(instance, number, limits)
    try:
        placement = build_switched_model(instance, limits)
    except PlanNotFound:
        return []
    core = find_needed_rules(placement, limits)
    corrections: list[list[PlannerRule]] = []
    for _round in range(MAX_HITTING_SETS):
        candidate = find_hitting_set(corrections)
        if limits.is_over() or len(candidate) >= len(core):
            break
        if find_core(placement, candidate, limits) is not None:
            return sorted(candidate)
        correction = find_correction(placement, candidate, limits)
        if not correction:
            break
        corrections.append(correction)
    return core


def find_contradiction_of(
    instance: PlannerInstance, number: int, limits: WorkLimits = NO_LIMITS
) -> list[PlannerRule]:
    """Return rules, each of them needed, for which one session alone has no place.

    The model of all sessions would take minutes for a large event.
    """
    session = replace(instance.sessions[number], follows=None)
    single = replace(instance, sessions=(session,), favourites=())
    core = find_needed_rules(build_switched_model(single), limits)
    session_kinds = ("locked-slot", "locked-room", "session-slots", "session-rooms")
    return [replace(rule, subject=number) if rule.kind in session_kinds else rule for rule in core]


def find_needed_rules(placement: PlacementModel, limits: WorkLimits) -> list[PlannerRule]:
    """Return contradicting rules of an impossible instance, each needed unless the limits ended the work."""
    core = find_core(placement, list(placement.switches), limits)
    if core is None and limits.is_over():
        return []
    return reduce_core(placement, core or list(placement.switches), limits)


def find_core(
    placement: PlacementModel, rules: Collection[PlannerRule], limits: WorkLimits
) -> list[PlannerRule] | None:
    """Return contradicting ones among these rules, or None if all can hold or the solver cannot tell."""
    placement.model.clear_assumptions()
    placement.model.add_assumptions([placement.switches[rule] for rule in rules])
    solver, status = solve_model(placement.model, budget=CHECK_BUDGET, limits=limits)
    if status != cp_model.INFEASIBLE:
        return None
    by_index = {placement.switches[rule].index: rule for rule in rules}
    return sorted(by_index[index] for index in solver.sufficient_assumptions_for_infeasibility())


def reduce_core(placement: PlacementModel, core: list[PlannerRule], limits: WorkLimits) -> list[PlannerRule]:
    """Drop rules from a contradiction while the others still contradict each other."""
    needed = list(core)
    for rule in core:
        if rule in needed and not limits.is_over():
            smaller = find_core(placement, [other for other in needed if other != rule], limits)
            needed = needed if smaller is None else smaller
    return needed


def find_hitting_set(corrections: list[list[PlannerRule]]) -> list[PlannerRule]:
    """Return the fewest rules of which at least one is in each correction; more if the solver cannot tell."""
    model = cp_model.CpModel()
    rules = sorted({rule for correction in corrections for rule in correction})
    chosen = {rule: model.new_bool_var(f"{rule.kind} {rule.subject}") for rule in rules}
    for correction in corrections:
        model.add_bool_or(chosen[rule] for rule in correction)
    model.minimize(sum(chosen.values()))
    solver, status = solve_model(model, budget=CHECK_BUDGET)
    return [rule for rule in rules if status not in ANSWERED or solver.boolean_value(chosen[rule])]


def find_correction(
    placement: PlacementModel, candidate: list[PlannerRule], limits: WorkLimits
) -> list[PlannerRule]:
    """Return few rules that can be dropped to make a plan possible which keeps all of the candidate."""
    placement.model.clear_assumptions()
    model = placement.model.clone()
    for rule in candidate:
        model.add_bool_and(placement.switches[rule])
    model.maximize(sum(placement.switches.values()))
    solver, status = solve_model(model, budget=CHECK_BUDGET, limits=limits)
    if status not in ANSWERED:
        return []
    return [rule for rule, switch in placement.switches.items() if not solver.boolean_value(switch)]
