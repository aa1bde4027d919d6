"""The price of a placing: equal to the difference of the costs, with what forbids it."""

import pytest

from schedule.planner.costs import calculate_costs, count_broken_rules, replace_placing
from schedule.planner.explain import Objection, explain_placing, explain_placings
from schedule.planner.instance import PlannerInstance, PlannerSession, PlannerSpeaker
from schedule.planner.plan_schedule import find_first_plan
from schedule.planner.rules import PlannerRule

from .instances import make_random_instance, make_rooms, make_slots, place


@pytest.mark.parametrize("durations", [(1,), (1, 2)])
def test_prices_are_the_differences_of_the_costs(durations):
    instance = make_random_instance(2, durations=durations, sessions=10)
    plan = find_first_plan(instance=instance)
    before = calculate_costs(instance, plan)

    for price in explain_placings(instance=instance, plan=plan, session=4):
        changed = replace_placing(plan, 4, price.placing)
        after = calculate_costs(instance, changed)
        assert price.lost_favourites == after.lost_favourites - before.lost_favourites
        assert price.missing_seats == after.missing_seats - before.missing_seats
        assert price.extra_rooms == after.extra_rooms - before.extra_rooms
        assert price.unwanted_slots == after.unwanted_slots - before.unwanted_slots
        assert price.total == after.total - before.total
        assert bool(price.objections) == (count_broken_rules(instance, changed) > 0)


def test_the_cheapest_allowed_placing_comes_first():
    instance = make_random_instance(3)
    plan = find_first_plan(instance=instance)

    prices = explain_placings(instance=instance, plan=plan, session=1)

    allowed = [price.total for price in prices if not price.objections]
    assert allowed == sorted(allowed)
    assert [price.total for price in prices[: len(allowed)]] == allowed


def test_objections_name_rules_and_sessions():
    instance = PlannerInstance(
        sessions=(
            PlannerSession("a", speakers=frozenset({0})),
            PlannerSession("b", speakers=frozenset({0})),
            PlannerSession("c"),
        ),
        slots=make_slots(3),
        rooms=make_rooms(5, 5),
        speakers=(PlannerSpeaker("Ada", absent_slots=frozenset({2})),),
    )
    plan = place((0, 0), (1, 0), (1, 1))

    def explain(slot: int, room: int):
        target = place((slot, room))[0]
        return explain_placing(instance=instance, plan=plan, session=0, placing=target).objections

    assert explain(0, 1) == ()
    assert explain(1, 1) == (
        Objection("speaker-taken", PlannerRule("speaker-once", 0), 1),
        Objection("room-taken", PlannerRule("room-once"), 2),
    )
    assert explain(2, 0) == (Objection("rule", PlannerRule("absent", 0)),)
    assert explain(3, 0) == (Objection("day-ends"),)
