"""Find any plan that keeps all hard rules, or a smallest set of rules that contradict each other."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _
from ortools.sat.python import cp_model

from convention.errors import ConventionError
from schedule.planner.instance import Plan, PlannerInstance, list_allowed_placings
from schedule.planner.rules import PlannerRule, check_room_for_all, make_impossible_error

from .placement_model import PlacementModel, build_strict_model, build_switched_model

# In CP-SAT's deterministic seconds, so that results repeat.
FEASIBILITY_BUDGET: Final = 60.0
CHECK_BUDGET: Final = 10.0
MAX_HITTING_SETS: Final = 40
ANSWERED: Final = (cp_model.OPTIMAL, cp_model.FEASIBLE)


class PlanNotFound(ConventionError):
    """Neither a plan nor a contradiction was found within the budget."""

    kind = "plan-not-found"


def create_solver(*, budget: float, seed: int = 1) -> cp_model.CpSolver:
    """Return a solver that repeats its results."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = budget
    return solver


def find_feasible_plan(*, instance: PlannerInstance, seed: int = 1) -> Plan:
    """Return a plan that keeps all rules.

    Raise PlanImpossible with the rules that contradict each other, PlanNotFound if the budget did not do.
    """
    check_room_for_all(instance)
    built = build_strict_model(instance)
    solver = create_solver(budget=FEASIBILITY_BUDGET, seed=seed)
    status = solver.solve(built.model)
    if status in ANSWERED:
        return built.read_plan(solver)
    if status == cp_model.INFEASIBLE:
        raise make_impossible_error(instance, find_contradiction(instance))
    raise make_not_found_error()


def make_not_found_error() -> PlanNotFound:
    return PlanNotFound(
        _("No plan that keeps all rules was found, and no proof that there is none. Relax some.")
    )


def find_contradiction(instance: PlannerInstance) -> list[PlannerRule]:
    """Return a smallest set of contradicting rules of an impossible instance.

    The first contradiction is reduced until each of its rules is needed. Smaller ones are then sought among
    sets that hit every set of rules which, dropped together, would make a plan possible.
    """
    for number, session in enumerate(instance.sessions):
        if not list_allowed_placings(instance, session):
            return find_contradiction_of(instance, number)
    built = build_switched_model(instance)
    core = reduce_core(built, find_core(built, list(built.switches)) or list(built.switches))
    corrections: list[list[PlannerRule]] = []
    for _round in range(MAX_HITTING_SETS):
        candidate = find_hitting_set(corrections)
        if len(candidate) >= len(core):
            break
        if find_core(built, candidate) is not None:
            return sorted(candidate)
        correction = find_correction(built, candidate)
        if not correction:
            break
        corrections.append(correction)
    return core


def find_contradiction_of(instance: PlannerInstance, number: int) -> list[PlannerRule]:
    """Return rules, each of them needed, for which one session alone has no place.

    The model of all sessions would take minutes for a large event.
    """
    alone = replace(instance, sessions=(instance.sessions[number],), favourites=())
    built = build_switched_model(alone)
    core = reduce_core(built, find_core(built, list(built.switches)) or list(built.switches))
    of_session = ("locked-slot", "locked-room", "session-slots", "session-rooms")
    return [replace(rule, subject=number) if rule.kind in of_session else rule for rule in core]


def find_core(built: PlacementModel, rules: Collection[PlannerRule]) -> list[PlannerRule] | None:
    """Return contradicting ones among these rules, or None if they can all hold (or nobody knows)."""
    built.model.clear_assumptions()
    built.model.add_assumptions([built.switches[rule] for rule in rules])
    solver = create_solver(budget=CHECK_BUDGET)
    if solver.solve(built.model) != cp_model.INFEASIBLE:
        return None
    by_index = {built.switches[rule].index: rule for rule in rules}
    return sorted(by_index[index] for index in solver.sufficient_assumptions_for_infeasibility())


def reduce_core(built: PlacementModel, core: list[PlannerRule]) -> list[PlannerRule]:
    """Drop rules from a contradiction while the others still contradict each other."""
    needed = list(core)
    for rule in core:
        if rule in needed:
            smaller = find_core(built, [other for other in needed if other != rule])
            needed = needed if smaller is None else smaller
    return needed


def find_hitting_set(corrections: list[list[PlannerRule]]) -> list[PlannerRule]:
    """Return the fewest rules of which at least one is in each correction."""
    model = cp_model.CpModel()
    rules = sorted({rule for correction in corrections for rule in correction})
    chosen = {rule: model.new_bool_var(f"{rule.kind} {rule.subject}") for rule in rules}
    for correction in corrections:
        model.add_bool_or(chosen[rule] for rule in correction)
    model.minimize(sum(chosen.values()))
    solver = create_solver(budget=CHECK_BUDGET)
    solver.solve(model)
    return [rule for rule in rules if solver.boolean_value(chosen[rule])]


def find_correction(built: PlacementModel, candidate: list[PlannerRule]) -> list[PlannerRule]:
    """Return few rules that can be dropped to make a plan possible which keeps all of the candidate."""
    built.model.clear_assumptions()
    model = built.model.clone()
    for rule in candidate:
        model.add_bool_and(built.switches[rule])
    model.maximize(sum(built.switches.values()))
    solver = create_solver(budget=CHECK_BUDGET)
    if solver.solve(model) not in ANSWERED:
        return []
    return [rule for rule, switch in built.switches.items() if not solver.boolean_value(switch)]
