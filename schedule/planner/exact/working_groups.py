"""Spread the sessions of working groups over slots so that few sessions of one group run at the same time.

A session of several talks is divided into parts, one for a slot. CP-SAT proves the optimum of real sizes.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from django.utils.translation import gettext as _
from ortools.sat.python import cp_model

from convention.errors import ConventionError
from schedule.planner.limits import NO_LIMITS, WorkLimits, make_not_found_error

from .solve import ANSWERED, solve_model

GROUPS_BUDGET: Final = 60.0


class GroupsDoNotFit(ConventionError):
    """The sessions cannot be divided among the slots."""

    kind = "groups-do-not-fit"


@dataclass(frozen=True, slots=True)
class GroupSession:
    """A session of a number of talks, held by some working groups; `allowed_slots` None: any."""

    talks: int
    groups: frozenset[int] = frozenset()
    allowed_slots: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class GroupProgramme:
    """Sessions to be divided into parts of the allowed `part_sizes`, counted in talks.

    `slot_sizes` are the most talks of a part in each slot; at most `max_parallel` parts run in one slot.
    """

    sessions: tuple[GroupSession, ...]
    slot_sizes: tuple[int, ...]
    part_sizes: tuple[int, ...]
    max_parallel: int


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """For each session the talks in its slots. `conflicts` counts pairs of a group's sessions in one slot.

    No plan has fewer than `bound` conflicts, so that a plan with that many is proven to be best.
    """

    parts: tuple[dict[int, int], ...]
    conflicts: int
    bound: int

    @property
    def is_proven(self) -> bool:
        """Return whether no plan has fewer conflicts."""
        return self.conflicts == self.bound


type Parts = list[dict[int, dict[int, cp_model.IntVar]]]
"""For each session, slot and size of a part: whether it occurs."""


def plan_working_groups(
    *,
    programme: GroupProgramme,
    budget: float = GROUPS_BUDGET,
    seed: int = 1,
    limits: WorkLimits = NO_LIMITS,
) -> GroupPlan:
    """Return the plan with the fewest conflicts found within `budget` deterministic seconds.

    Raise GroupsDoNotFit if the sessions cannot be divided so, PlanNotFound if the time was not enough.
    """
    model, parts = build_model(programme)
    model.minimize(sum(add_conflicts(model, programme, parts)))
    solver, status = solve_model(model, budget=budget, seed=seed, limits=limits)
    if status == cp_model.UNKNOWN:
        raise make_not_found_error(limits)
    if status not in ANSWERED:
        raise make_fit_error()
    return GroupPlan(
        parts=tuple(read_parts(solver, options) for options in parts),
        conflicts=round(solver.objective_value),
        bound=round(solver.best_objective_bound),
    )


def build_model(programme: GroupProgramme) -> tuple[cp_model.CpModel, Parts]:
    """Return the model of all plans of a programme, and its variables."""
    model = cp_model.CpModel()
    parts = [add_parts(model, programme, session) for session in programme.sessions]
    for slot in range(len(programme.slot_sizes)):
        running = [variable for options in parts for variable in options.get(slot, {}).values()]
        model.add(sum(running) <= programme.max_parallel)
    return model, parts


def find_fewest_parallel(
    *, programme: GroupProgramme, budget: float, seed: int = 1, limits: WorkLimits = NO_LIMITS
) -> GroupProgramme:
    """Return the programme with the fewest parts in parallel that fit.

    Raise GroupsDoNotFit if no number is enough, PlanNotFound if the time was not.
    """
    talks = sum(session.talks for session in programme.sessions)
    first = max(1, -(-talks // max(1, sum(programme.slot_sizes))))
    for parallel in range(first, len(programme.sessions) + 1):
        tried = replace(programme, max_parallel=parallel)
        model, _parts = build_model(tried)
        _solver, status = solve_model(model, budget=budget, seed=seed, limits=limits)
        if status == cp_model.UNKNOWN:
            raise make_not_found_error(limits)
        if status in ANSWERED:
            return tried
    raise make_fit_error()


def make_fit_error() -> GroupsDoNotFit:
    return GroupsDoNotFit(
        _("The sessions do not fit into the slots: allow other sizes, more slots or more in parallel.")
    )


def add_parts(
    model: cp_model.CpModel, programme: GroupProgramme, session: GroupSession
) -> dict[int, dict[int, cp_model.IntVar]]:
    """Add one variable for each slot and size of a part of a session; together they have all its talks."""
    options = {
        slot: {
            size: model.new_bool_var("")
            for size in programme.part_sizes
            if size <= min(largest, session.talks)
        }
        for slot, largest in enumerate(programme.slot_sizes)
        if session.allowed_slots is None or slot in session.allowed_slots
    }
    for sizes in options.values():
        model.add_at_most_one(sizes.values())
    talks = [size * variable for sizes in options.values() for size, variable in sizes.items()]
    model.add(sum(talks) == session.talks)
    return options


def add_conflicts(
    model: cp_model.CpModel, programme: GroupProgramme, parts: Parts
) -> Iterator[cp_model.IntVar]:
    """Yield the number of pairs of sessions of each group in each slot.

    It is n (n - 1) / 2 for n sessions, bounded from below by the lines through its values at integers: a
    tighter relaxation than one variable for each pair.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for number, session in enumerate(programme.sessions):
        for group in session.groups:
            members[group].append(number)
    for group in sorted(members):
        for slot in range(len(programme.slot_sizes)):
            running = [
                variable for number in members[group] for variable in parts[number].get(slot, {}).values()
            ]
            count = len(members[group])
            pairs = model.new_int_var(0, count * (count - 1) // 2, "")
            for slope in range(1, count):
                model.add(pairs >= slope * sum(running) - slope * (slope + 1) // 2)
            yield pairs


def read_parts(solver: cp_model.CpSolver, options: dict[int, dict[int, cp_model.IntVar]]) -> dict[int, int]:
    """Return the chosen size of each slot with a part."""
    return {
        slot: size
        for slot, sizes in options.items()
        for size, variable in sizes.items()
        if solver.boolean_value(variable)
    }
