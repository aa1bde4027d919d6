"""Polish a plan: improve its shape without raising its cost."""

from collections import Counter
from dataclasses import replace

import pytest

from schedule.planner.costs import calculate_costs, count_broken_rules
from schedule.planner.instance import PlannerInstance, PlannerSession, PlannerSpeaker
from schedule.planner.plan_schedule import find_first_plan, plan_schedule
from schedule.planner.search.polish import ShapeAnnealer, polish_plan
from schedule.planner.search.shape import EVEN_SHAPE, NEAR_SHAPE, Home, PlanShape
from schedule.planner.search.tables import prepare_tables, to_plan

from .instances import make_random_instance, make_rooms, make_slots, place

TWO_DAYS = make_slots(48, per_half_day=12)
"""Quarters of an hour: three hours in each of four half days."""
NEAT_STARTS = frozenset(range(0, 48, 3))


def make_instance(sessions: int, *, rooms=(50, 50, 50, 50, 50), **properties) -> PlannerInstance:
    """Return sessions of 45 minutes without favourites, each with its own speaker."""
    return PlannerInstance(
        sessions=tuple(
            PlannerSession(
                f"session {number}",
                frozenset({number}),
                duration=3,
                allowed_slots=NEAT_STARTS,
                **{name: values[number] for name, values in properties.items()},
            )
            for number in range(sessions)
        ),
        slots=TWO_DAYS,
        rooms=make_rooms(*rooms),
        speakers=tuple(PlannerSpeaker(f"speaker {number}") for number in range(sessions)),
    )


def polish(instance: PlannerInstance):
    return polish_plan(instance=instance, plan=find_first_plan(instance=instance)).plan


@pytest.fixture(scope="module")
def polished_plan():
    """Return a plan of 30 sessions in five rooms."""
    return polish(make_instance(30))


def test_thirty_sessions_in_five_rooms_begin_at_six_times(polished_plan):
    assert sorted(Counter(placing.slot for placing in polished_plan).values()) == [5, 5, 5, 5, 5, 5]


def test_both_days_have_the_same_number_of_sessions(polished_plan):
    days = Counter(TWO_DAYS[placing.slot].day for placing in polished_plan)

    assert days == {0: 15, 1: 15}


def test_each_half_day_is_filled_from_its_beginning(polished_plan):
    by_half = {}
    for placing in polished_plan:
        by_half.setdefault(TWO_DAYS[placing.slot].half_day, set()).add(placing.slot % 12)

    assert {frozenset(slots) for slots in by_half.values()} == {frozenset({0}), frozenset({0, 3})}


def test_no_start_time_has_a_single_session():
    plan = polish(make_instance(16))

    assert min(Counter(placing.slot for placing in plan).values()) == 4


def test_the_larger_audience_gets_the_larger_room():
    instance = make_instance(3, rooms=(300, 100, 200), expected_attendance=[20, 90, 50])

    plan = polish(instance)

    assert [instance.rooms[placing.room].capacity for placing in plan] == [100, 300, 200]


def test_sessions_of_same_track_are_spread_over_start_times():
    instance = make_instance(8, track=[number % 2 for number in range(8)])
    instance = replace(instance, weights=replace(instance.weights, extra_rooms=0))

    plan = polish(instance)

    by_start = Counter((placing.slot, number % 2) for number, placing in enumerate(plan))
    assert max(by_start.values()) == 1


@pytest.mark.parametrize("durations", [(1,), (1, 2, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_polishing_breaks_no_rule_and_does_not_raise_the_cost(seed, durations):
    instance = make_random_instance(seed, sessions=10, durations=durations, follows={7: 2})
    plan = find_first_plan(instance=instance, seed=seed)

    polished = polish_plan(instance=instance, plan=plan).plan

    assert count_broken_rules(instance, polished) == 0
    assert calculate_costs(instance, polished).total <= calculate_costs(instance, plan).total


@pytest.mark.parametrize("weights", [EVEN_SHAPE, NEAR_SHAPE])
def test_incremental_shape_cost_equals_recomputed_cost(weights):
    instance = make_random_instance(1, sessions=12, durations=(1, 2, 3))
    plan = find_first_plan(instance=instance)
    homes = [Home(placing.slot, placing.room) for placing in plan]
    annealer = ShapeAnnealer(instance, plan, 1, weights, homes)

    annealer.take_steps(500, temperature=1_000.0)

    counted = PlanShape(instance, prepare_tables(instance), weights, homes)
    for session, cell in enumerate(annealer.state.export_cells()):
        counted.place(session, cell)
    assert annealer.shape.cost == counted.cost
    moved = to_plan(instance, annealer.state.export_cells())
    assert annealer.state.total == calculate_costs(instance, moved).total
    assert count_broken_rules(instance, moved) == 0


def test_the_same_seed_gives_the_same_plan():
    instance = make_instance(20)
    plan = find_first_plan(instance=instance)

    assert polish_plan(instance=instance, plan=plan) == polish_plan(instance=instance, plan=plan)


def test_plan_schedule_without_shape_does_not_polish():
    instance = make_instance(6)

    result = plan_schedule(instance=instance, seconds=0)

    assert result.plan == find_first_plan(instance=instance)
    assert result.plan != polish(instance)


def test_repaired_session_returns_to_its_original_slot_and_room():
    moved, *others = make_instance(4).sessions
    locked = [replace(session, locked_slot=0, locked_room=room) for room, session in enumerate(others, 1)]
    instance = replace(make_instance(4), sessions=(moved, *locked))
    homes = [Home(36, 4), Home(0, 1), Home(0, 2), Home(0, 3)]
    plan = place((45, 0), (0, 1), (0, 2), (0, 3))

    near = polish_plan(instance=instance, plan=plan, weights=NEAR_SHAPE, homes=homes).plan

    assert near == place((36, 4), (0, 1), (0, 2), (0, 3))
