"""Plans that keep all rules, and the rules that make a plan impossible."""

from dataclasses import replace

import pytest

from schedule.planner.costs import calculate_costs, count_broken_rules
from schedule.planner.exact.feasibility import find_feasible_plan
from schedule.planner.instance import PlannerInstance, PlannerSession, PlannerSpeaker
from schedule.planner.plan_schedule import choose_sound_plan, find_first_plan, plan_schedule
from schedule.planner.rules import PlanImpossible, PlannerRule

from .instances import make_random_instance, make_rooms, make_slots, place


@pytest.mark.parametrize("seed", range(3))
def test_plan_breaks_no_rule_and_costs_less_than_the_first_plan(seed):
    instance = make_random_instance(seed)
    first = find_first_plan(instance=instance)

    result = plan_schedule(instance=instance, seconds=0.1, process_count=1)

    assert count_broken_rules(instance, first) == 0
    assert count_broken_rules(instance, result.plan) == 0
    assert result.costs == calculate_costs(instance, result.plan)
    assert result.costs.total < calculate_costs(instance, first).total


def test_a_plan_with_a_broken_rule_is_never_chosen():
    instance = make_instance(PlannerSession("a"), PlannerSession("b"))
    first, broken = place((0, 0), (1, 0)), place((0, 0), (0, 0))

    assert choose_sound_plan(instance, broken, first) == first


def test_progress_is_reported_and_the_search_can_be_stopped():
    instance = make_random_instance(1)
    reported = []

    result = plan_schedule(
        instance=instance,
        seconds=60,
        process_count=1,
        on_progress=lambda progress: reported.append(progress.costs.total),
        should_stop=lambda: len(reported) > 1,
    )

    assert result.is_stopped
    assert reported == sorted(reported, reverse=True)
    assert result.costs.total == reported[-1]


def test_an_instance_without_sessions_has_an_empty_plan():
    result = plan_schedule(instance=replace(make_random_instance(1), sessions=(), favourites=()), seconds=0)

    assert result.plan == ()


@pytest.mark.parametrize("seed", range(3))
def test_exact_model_finds_a_valid_plan(seed):
    instance = make_random_instance(seed, durations=(1, 2), sessions=10)

    assert count_broken_rules(instance, find_feasible_plan(instance=instance)) == 0


@pytest.mark.parametrize("durations", [(1,), (1, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_the_exact_model_keeps_the_order(seed, durations):
    instance = make_random_instance(seed, durations=durations, sessions=9, follows={0: 8, 8: 4, 5: 6})

    assert count_broken_rules(instance, find_feasible_plan(instance=instance)) == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_search_keeps_the_order(seed):
    instance = make_random_instance(seed, follows={0: 8, 8: 4, 5: 6})

    result = plan_schedule(instance=instance, seconds=0.1, process_count=1)

    assert count_broken_rules(instance, result.plan) == 0


def test_session_locked_before_its_predecessor_is_a_contradiction():
    instance = make_instance(
        PlannerSession("a", locked_slot=1), PlannerSession("b", locked_slot=1, follows=0)
    )

    assert find_contradicting_rules(instance) == {
        PlannerRule("locked-slot", 0),
        PlannerRule("locked-slot", 1),
        PlannerRule("follows", 1),
    }


def make_instance(*sessions: PlannerSession, rooms=(10, 10), speakers=()) -> PlannerInstance:
    return PlannerInstance(sessions, make_slots(3), make_rooms(*rooms), tuple(speakers))


def find_contradicting_rules(instance: PlannerInstance) -> set[PlannerRule]:
    with pytest.raises(PlanImpossible) as raised:
        find_first_plan(instance=instance)
    return set(raised.value.rules)


def test_two_sessions_locked_to_same_place_are_a_contradiction():
    instance = make_instance(
        PlannerSession("a", locked_slot=0, locked_room=0),
        PlannerSession("b", locked_slot=0, locked_room=0),
        PlannerSession("c", locked_slot=1, locked_room=0),
    )

    assert find_contradicting_rules(instance) == {
        PlannerRule("locked-slot", 0),
        PlannerRule("locked-slot", 1),
        PlannerRule("locked-room", 0),
        PlannerRule("locked-room", 1),
        PlannerRule("room-once"),
    }


def test_speaker_with_more_sessions_than_slots_is_a_contradiction():
    speakers = [PlannerSpeaker("Ada", frozenset({0, 1})), PlannerSpeaker("Bo", frozenset({2}))]
    instance = make_instance(
        PlannerSession("a", speakers=frozenset({0})),
        PlannerSession("b", speakers=frozenset({0})),
        PlannerSession("c", speakers=frozenset({1})),
        speakers=speakers,
    )

    assert find_contradicting_rules(instance) == {PlannerRule("absent", 0), PlannerRule("speaker-once", 0)}


def test_the_smallest_of_two_contradictions_is_named():
    instance = make_instance(
        PlannerSession("a", locked_slot=0, locked_room=0),
        PlannerSession("b", locked_slot=0, locked_room=0),
        PlannerSession("c", speakers=frozenset({0}), locked_slot=1),
        speakers=[PlannerSpeaker("Ada", frozenset({1}))],
    )

    assert find_contradicting_rules(instance) == {PlannerRule("locked-slot", 2), PlannerRule("absent", 0)}


def test_contradiction_is_explained_in_error_message():
    instance = make_instance(
        PlannerSession("Opening", speakers=frozenset({0}), locked_slot=1),
        speakers=[PlannerSpeaker("Ada", frozenset({1}))],
    )

    with pytest.raises(PlanImpossible) as raised:
        find_first_plan(instance=instance)

    assert str(raised.value) == (
        "No plan is possible: these 2 rules contradict each other. "
        "Speaker “Ada” of Opening is not available in these slots: 1. "
        "Session “Opening” is locked to slot 1."
    )


def test_more_sessions_than_places_are_refused():
    instance = make_instance(*(PlannerSession(f"session {number}") for number in range(7)))

    with pytest.raises(PlanImpossible, match="need 7 room slots, and only 6 are available"):
        find_first_plan(instance=instance)
