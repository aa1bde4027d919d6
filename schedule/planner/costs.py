"""Judge a plan in plain code: which hard rules it breaks, and what it costs by name.

The search computes the same costs incrementally; a test compares both.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

from .instance import Plan, PlannerInstance, is_placing_allowed, list_slots


@dataclass(frozen=True, slots=True)
class PlanCosts:
    """The number of units of each named cost, and their weighted sum."""

    lost_favourites: int
    missing_seats: int
    extra_rooms: int
    unwanted_slots: int
    total: int


def calculate_costs(instance: PlannerInstance, plan: Plan) -> PlanCosts:
    """Return the costs of a plan by name."""
    lost = count_lost_favourites(instance, plan)
    missing = count_missing_seats(instance, plan)
    extra = count_extra_rooms(instance, plan)
    unwanted = count_unwanted_slots(instance, plan)
    weights = instance.weights
    return PlanCosts(
        lost_favourites=lost,
        missing_seats=missing,
        extra_rooms=extra,
        unwanted_slots=unwanted,
        total=weights.lost_favourites * lost
        + weights.missing_seats * missing
        + weights.extra_rooms * extra
        + weights.unwanted_slots * unwanted,
    )


def count_lost_favourites(instance: PlannerInstance, plan: Plan) -> int:
    """Return how many favourites their attendees miss.

    Of the favourites that start together an attendee sees one, and none if an earlier favourite still runs.
    """
    return sum(len(favourites) - count_seen(instance, plan, favourites) for favourites in instance.favourites)


def count_seen(instance: PlannerInstance, plan: Plan, favourites: frozenset[int]) -> int:
    starts = {plan[session].slot for session in favourites}
    running = {
        slot
        for session in favourites
        for slot in list_slots(instance.sessions[session], plan[session].slot)[1:]
    }
    return len(starts - running)


def count_demand(instance: PlannerInstance) -> list[int]:
    """Return for each session how many attendees have it as a favourite, or are expected."""
    counts = Counter(session for favourites in instance.favourites for session in favourites)
    return [
        max(counts[number], session.expected_attendance or 0)
        for number, session in enumerate(instance.sessions)
    ]


def count_missing_seats(instance: PlannerInstance, plan: Plan) -> int:
    """Return by how many people the demand for sessions exceeds the seats of their rooms."""
    return sum(
        max(0, demand - instance.rooms[placing.room].capacity)
        for demand, placing in zip(count_demand(instance), plan, strict=True)
    )


def count_extra_rooms(instance: PlannerInstance, plan: Plan) -> int:
    """Return how many rooms beyond the first each track uses in each half day, where sessions start."""
    used = {
        (session.track, instance.slots[placing.slot].half_day, placing.room)
        for session, placing in zip(instance.sessions, plan, strict=True)
        if session.track is not None
    }
    return len(used) - len({(track, half_day) for track, half_day, _room in used})


def count_unwanted_slots(instance: PlannerInstance, plan: Plan) -> int:
    """Return the sum of the slot penalties of all sessions."""
    return sum(
        session.slot_penalties.get(placing.slot, 0)
        for session, placing in zip(instance.sessions, plan, strict=True)
    )


def count_broken_rules(instance: PlannerInstance, plan: Plan) -> int:
    """Return how many hard rules the plan breaks.

    These are misplaced sessions, and pairs that use a room or speaker twice or are in the wrong order.
    """
    misplaced = sum(
        not is_placing_allowed(instance, session, placing)
        for session, placing in zip(instance.sessions, plan, strict=True)
    )
    pairs = combinations(range(len(instance.sessions)), 2)
    return misplaced + sum(are_in_conflict(instance, plan, *pair) for pair in pairs)


def are_in_conflict(instance: PlannerInstance, plan: Plan, first: int, second: int) -> bool:
    """Return whether two sessions share a room or a speaker at the same time, or are in the wrong order."""
    if is_order_wrong(instance, plan, first, second) or is_order_wrong(instance, plan, second, first):
        return True
    return overlap(instance, plan, first, second) and (
        plan[first].room == plan[second].room
        or not instance.sessions[first].speakers.isdisjoint(instance.sessions[second].speakers)
    )


def is_order_wrong(instance: PlannerInstance, plan: Plan, followed: int, follower: int) -> bool:
    """Return whether one session follows the other, and starts before that has ended."""
    if instance.sessions[follower].follows != followed:
        return False
    return plan[follower].slot < list_slots(instance.sessions[followed], plan[followed].slot).stop


def overlap(instance: PlannerInstance, plan: Plan, first: int, second: int) -> bool:
    """Return whether two sessions run at the same time."""
    slots, other_slots = (
        list_slots(instance.sessions[number], plan[number].slot) for number in (first, second)
    )
    return slots.start < other_slots.stop and other_slots.start < slots.stop


def count_parallel_tracks(instance: PlannerInstance, plan: Plan) -> int:
    """Return how many pairs of sessions of one track run at the same time. Not one of the costs."""
    pairs = combinations(range(len(instance.sessions)), 2)
    return sum(
        instance.sessions[first].track is not None
        and instance.sessions[first].track == instance.sessions[second].track
        and overlap(instance, plan, first, second)
        for first, second in pairs
    )


def count_start_times(plan: Plan) -> int:
    """Return at how many different times sessions start. Not one of the costs."""
    return len({placing.slot for placing in plan})
