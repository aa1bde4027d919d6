"""Repairs move as few sessions as possible, and prove it."""

from dataclasses import replace

import pytest

from schedule.planner.costs import calculate_costs, count_broken_rules
from schedule.planner.exact.repair import RepairTask, find_fewest_moves, repair_plan
from schedule.planner.instance import PlannerInstance, PlannerRoom, PlannerSession, PlannerSpeaker
from schedule.planner.plan_schedule import find_first_plan
from schedule.planner.rules import PlanImpossible

from .instances import make_random_instance, make_rooms, make_slots, place


def close_room(instance: PlannerInstance, room: int) -> PlannerInstance:
    rooms = list(instance.rooms)
    rooms[room] = replace(rooms[room], open_slots=frozenset())
    return replace(instance, rooms=tuple(rooms))


def test_plan_without_broken_rules_is_unchanged():
    instance = make_random_instance(1)
    plan = find_first_plan(instance=instance)

    repaired = repair_plan(instance=instance, plan=plan)

    assert repaired.plan == plan
    assert repaired.moved == ()
    assert repaired.is_proven


@pytest.mark.parametrize("durations", [(1,), (1, 2)])
@pytest.mark.parametrize("seed", range(2))
def test_a_closed_room_moves_only_its_sessions(seed, durations):
    instance = make_random_instance(seed, sessions=9, durations=durations)
    plan = find_first_plan(instance=instance)
    closed = close_room(instance, 2)

    repaired = repair_plan(instance=closed, plan=plan)

    assert count_broken_rules(closed, repaired.plan) == 0
    assert repaired.is_proven
    assert set(repaired.moved) == {number for number, placing in enumerate(plan) if placing.room == 2}


def test_polishing_moves_no_further_session():
    instance = make_random_instance(4, sessions=12)
    plan = find_first_plan(instance=instance)
    closed = close_room(instance, 2)
    task = RepairTask(closed, plan, [placing.slot for placing in plan])
    fewest, _is_proven = find_fewest_moves(task)

    repaired = repair_plan(instance=closed, plan=plan)

    moves = sum(placing != before for placing, before in zip(fewest, plan, strict=True))
    assert len(repaired.moved) <= moves
    assert repaired.costs.total <= calculate_costs(closed, fewest).total


def test_session_is_moved_to_free_the_only_possible_slot():
    instance = PlannerInstance(
        sessions=(
            PlannerSession("a", speakers=frozenset({0})),
            PlannerSession("b"),
            PlannerSession("c", locked_slot=2, locked_room=0),
        ),
        slots=make_slots(3),
        rooms=make_rooms(5),
        speakers=(PlannerSpeaker("Ada", absent_slots=frozenset({0})),),
    )

    repaired = repair_plan(instance=instance, plan=place((0, 0), (1, 0), (2, 0)))

    assert repaired.plan == place((1, 0), (0, 0), (2, 0))
    assert repaired.moved == (0, 1)


def test_unplaced_sessions_are_placed_without_moving_others():
    instance = make_random_instance(2, sessions=10)
    plan = find_first_plan(instance=instance)
    partial = (None, *plan[1:6], None, *plan[7:])

    repaired = repair_plan(instance=instance, plan=partial)

    assert count_broken_rules(instance, repaired.plan) == 0
    assert repaired.moved == (0, 6)
    assert repaired.is_proven


def test_session_of_deleted_room_stays_at_its_time():
    instance = PlannerInstance(
        sessions=(PlannerSession("a"), PlannerSession("b", slot_penalties={2: 5})),
        slots=make_slots(4),
        rooms=make_rooms(5, 5),
    )

    repaired = repair_plan(instance=instance, plan=(*place((1, 0)), None), home_slots=[1, 2])

    assert repaired.plan == place((1, 0), (2, repaired.plan[1].room))


def test_one_session_of_a_pair_in_conflict_moves():
    instance = PlannerInstance(
        sessions=tuple(PlannerSession(name) for name in "abc"), slots=make_slots(4), rooms=make_rooms(5)
    )

    repaired = repair_plan(instance=instance, plan=place((0, 0), (0, 0), (1, 0)))

    assert len(repaired.moved) == 1
    assert repaired.is_proven
    assert repaired.plan[2] == place((1, 0))[0]


def test_an_impossible_repair_names_the_rules():
    instance = PlannerInstance(
        sessions=(PlannerSession("a", locked_room=0),),
        slots=make_slots(2),
        rooms=(PlannerRoom("Aula", 5, open_slots=frozenset()), PlannerRoom("Lab", 5)),
    )

    with pytest.raises(PlanImpossible, match="Session “a” is locked to room “Aula”"):
        repair_plan(instance=instance, plan=place((0, 0)))
