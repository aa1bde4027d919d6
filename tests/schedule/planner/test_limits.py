"""CP-SAT ends when the caller stops it, or when the time is over."""

import random
import time
from collections.abc import Callable

import pytest
from ortools.sat.python import cp_model

from schedule.planner.exact.feasibility import find_contradiction, find_feasible_plan
from schedule.planner.exact.solve import solve_model
from schedule.planner.instance import PlannerInstance, PlannerSession
from schedule.planner.limits import PlanningStopped, PlanNotFound, WorkLimits
from schedule.planner.plan_schedule import plan_schedule
from schedule.planner.rules import PlanImpossible, make_impossible_error

from .instances import make_rooms, make_slots

LONG_BUDGET = 1_000.0


def make_hard_model() -> cp_model.CpModel:
    """Return a model without a solution that takes hours to prove: equal sums of many large numbers."""
    generator = random.Random(1)
    model = cp_model.CpModel()
    variables = [model.new_bool_var("") for _number in range(50)]
    for _row in range(5):
        factors = [generator.randrange(100) for _variable in variables]
        model.add(
            sum(factor * variable for factor, variable in zip(factors, variables, strict=True))
            == sum(factors) // 2
        )
    return model


def make_impossible_instance() -> PlannerInstance:
    """Return an instance with two sessions locked to the same place, which only CP-SAT detects."""
    locked = [PlannerSession(name, locked_slot=0, locked_room=0) for name in "ab"]
    return PlannerInstance(tuple(locked), make_slots(3), make_rooms(5, 5))


def make_stop_callback(most: int) -> Callable[[], bool]:
    """Return a `should_stop` callback that returns False `most` times and then True."""
    asks = iter(range(most))
    return lambda: next(asks, None) is None


def test_should_stop_ends_cp_sat_search():
    began_at = time.monotonic()

    _solver, status = solve_model(
        make_hard_model(), budget=LONG_BUDGET, limits=WorkLimits(should_stop=make_stop_callback(3))
    )

    assert status == cp_model.UNKNOWN
    assert time.monotonic() - began_at < 30


def test_deadline_ends_cp_sat_search():
    began_at = time.monotonic()

    _solver, status = solve_model(
        make_hard_model(), budget=LONG_BUDGET, limits=WorkLimits(deadline=began_at + 0.3)
    )

    assert status == cp_model.UNKNOWN
    assert time.monotonic() - began_at < 30


def test_keyboard_interrupt_ends_cp_sat_search():
    def interrupt() -> bool:
        if interruptions:
            raise KeyboardInterrupt
        interruptions.append(1)
        return False

    interruptions: list[int] = []

    with pytest.raises(KeyboardInterrupt):
        solve_model(make_hard_model(), budget=LONG_BUDGET, limits=WorkLimits(should_stop=interrupt))


def test_find_contradiction_returns_nothing_after_stop():
    assert find_contradiction(make_impossible_instance(), WorkLimits(should_stop=lambda: True)) == []


def test_contradiction_found_before_stop_contains_the_smallest_one():
    stops = [
        find_contradiction(make_impossible_instance(), WorkLimits(should_stop=make_stop_callback(n)))
        for n in (5, 6)
    ]
    full = find_contradiction(make_impossible_instance())

    assert all(not found or set(full) <= set(found) for found in stops)


def test_impossible_error_without_rules_says_that_time_ran_out():
    error = make_impossible_error(make_impossible_instance(), [])

    assert error.reasons == (
        "No plan keeps all rules. There was no time to find out which contradict each other.",
    )


def test_plan_schedule_stops_before_the_first_plan():
    with pytest.raises(PlanningStopped, match="stopped before"):
        plan_schedule(instance=make_impossible_instance(), should_stop=lambda: True)


def test_feasible_plan_is_not_searched_after_deadline():
    with pytest.raises(PlanNotFound, match="one may exist"):
        find_feasible_plan(instance=make_impossible_instance(), limits=WorkLimits(deadline=0))


def test_impossible_plan_is_explained_even_with_zero_seconds():
    with pytest.raises(PlanImpossible, match="these 5 rules"):
        plan_schedule(instance=make_impossible_instance(), seconds=0)
