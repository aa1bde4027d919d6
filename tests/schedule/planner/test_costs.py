"""Costs and hard rules of a plan, computed without the incremental search."""

from schedule.planner.costs import calculate_costs, count_broken_rules
from schedule.planner.instance import CostWeights, PlannerInstance, PlannerSession, PlannerSpeaker

from .instances import make_rooms, make_slots, place


def make_instance(*sessions: PlannerSession, favourites=(), weights=None) -> PlannerInstance:
    return PlannerInstance(
        sessions=sessions,
        slots=make_slots(6),
        rooms=make_rooms(10, 1),
        speakers=(PlannerSpeaker("Ada"), PlannerSpeaker("Bo", absent_slots=frozenset({2}))),
        favourites=tuple(map(frozenset, favourites)),
        weights=weights or CostWeights(),
    )


def test_two_favourites_at_the_same_time_lose_one():
    instance = make_instance(PlannerSession("a"), PlannerSession("b"), favourites=[{0, 1}, {0}])

    assert calculate_costs(instance, place((0, 0), (0, 1))).lost_favourites == 1
    assert calculate_costs(instance, place((0, 0), (1, 0))).lost_favourites == 0


def test_a_favourite_that_begins_while_another_runs_is_lost():
    instance = make_instance(PlannerSession("long", duration=2), PlannerSession("b"), favourites=[{0, 1}])

    assert calculate_costs(instance, place((0, 0), (1, 1))).lost_favourites == 1
    assert calculate_costs(instance, place((0, 0), (2, 1))).lost_favourites == 0


def test_missing_seats_are_counted_by_person():
    instance = make_instance(PlannerSession("a"), favourites=[{0}, {0}, {0}])

    assert calculate_costs(instance, place((0, 1))).missing_seats == 2


def test_a_track_in_two_rooms_of_a_half_day_costs_one_extra_room():
    instance = make_instance(PlannerSession("a", track=1), PlannerSession("b", track=1))

    assert calculate_costs(instance, place((0, 0), (1, 1))).extra_rooms == 1
    assert calculate_costs(instance, place((0, 0), (3, 1))).extra_rooms == 0


def test_the_total_is_weighted():
    instance = make_instance(
        PlannerSession("a", track=1, slot_penalties={0: 2}),
        PlannerSession("b", track=1),
        favourites=[{0, 1}, {1}],
        weights=CostWeights(lost_favourites=1000, missing_seats=100, extra_rooms=10, unwanted_slots=1),
    )

    assert calculate_costs(instance, place((0, 0), (0, 1))).total == 1112


def test_rooms_speakers_and_absences_are_hard_rules():
    instance = make_instance(
        PlannerSession("a", speakers=frozenset({0})),
        PlannerSession("b", speakers=frozenset({0, 1})),
        PlannerSession("c", locked_room=1),
    )

    assert count_broken_rules(instance, place((0, 0), (1, 0), (0, 1))) == 0
    assert count_broken_rules(instance, place((0, 0), (0, 1), (1, 1))) == 1  # Ada in two rooms
    assert count_broken_rules(instance, place((0, 0), (2, 0), (0, 1))) == 1  # Bo is absent
    assert count_broken_rules(instance, place((0, 0), (1, 0), (1, 0))) == 2  # the lock, and one room twice


def test_session_must_end_on_the_day_it_starts():
    instance = PlannerInstance(
        sessions=(PlannerSession("a", duration=2),), slots=make_slots(12), rooms=make_rooms(1)
    )

    assert count_broken_rules(instance, place((4, 0))) == 0
    assert count_broken_rules(instance, place((5, 0))) == 1
