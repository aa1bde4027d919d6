"""Say what it would cost to place a session elsewhere: rules that it would break, and costs by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .costs import count_extra_rooms, count_seen, overlap, replace_placing
from .instance import Placing, Plan, PlannerInstance, fits_in_day, list_slots
from .rules import PlannerRule, list_broken_alone


@dataclass(frozen=True, slots=True)
class Objection:
    """A reason why a session may not stand somewhere.

    `rule` is the rule that it would break; `session` is the other session that is in the way, if one is. An
    end beyond the day has neither.
    """

    kind: Literal["rule", "room-taken", "speaker-taken", "day-ends"]
    rule: PlannerRule | None = None
    session: int | None = None


@dataclass(frozen=True, slots=True)
class PlacingPrice:
    """By how much each named cost would rise, unweighted; the weighted sum; and what forbids the placing."""

    placing: Placing
    lost_favourites: int
    missing_seats: int
    extra_rooms: int
    unwanted_slots: int
    total: int
    objections: tuple[Objection, ...]


def explain_placing(*, instance: PlannerInstance, plan: Plan, session: int, placing: Placing) -> PlacingPrice:
    """Return the price of one placing of a session, all others staying where they are."""
    lost = count_fans_lost(instance, plan, session, placing.slot)
    return price_placing(instance, plan, session, placing, lost)


def explain_placings(*, instance: PlannerInstance, plan: Plan, session: int) -> list[PlacingPrice]:
    """Return the price of every placing of a session that ends within its day, the cheapest allowed first."""
    prices = []
    for slot in range(len(instance.slots)):
        if fits_in_day(instance, list_slots(instance.sessions[session], slot)):
            # The same in all rooms, and by far the dearest to count.
            lost = count_fans_lost(instance, plan, session, slot)
            prices += [
                price_placing(instance, plan, session, Placing(slot, room), lost)
                for room in range(len(instance.rooms))
            ]
    return sorted(prices, key=lambda price: (bool(price.objections), price.total, price.placing))


def price_placing(
    instance: PlannerInstance, plan: Plan, session: int, placing: Placing, lost: int
) -> PlacingPrice:
    """Return the price of a placing that loses that many favourites more."""
    before, details = plan[session], instance.sessions[session]
    demand = sum(session in favourites for favourites in instance.favourites)
    changed = replace_placing(plan, session, placing)
    missing = max(0, demand - instance.rooms[placing.room].capacity) - max(
        0, demand - instance.rooms[before.room].capacity
    )
    extra = count_extra_rooms(instance, changed) - count_extra_rooms(instance, plan)
    penalties = details.slot_penalties
    unwanted = penalties.get(placing.slot, 0) - penalties.get(before.slot, 0)
    weights = instance.weights
    return PlacingPrice(
        placing=placing,
        lost_favourites=lost,
        missing_seats=missing,
        extra_rooms=extra,
        unwanted_slots=unwanted,
        total=weights.lost_favourites * lost
        + weights.missing_seats * missing
        + weights.extra_rooms * extra
        + weights.unwanted_slots * unwanted,
        objections=tuple(list_objections(instance, changed, session)),
    )


def count_fans_lost(instance: PlannerInstance, plan: Plan, session: int, slot: int) -> int:
    """Return how many favourites more are lost if a session starts in another slot."""
    changed = replace_placing(plan, session, Placing(slot, plan[session].room))
    return sum(
        count_seen(instance, plan, favourites) - count_seen(instance, changed, favourites)
        for favourites in instance.favourites
        if session in favourites
    )


def list_objections(instance: PlannerInstance, plan: Plan, session: int) -> Iterator[Objection]:
    """Yield what forbids the placing that the session has in this plan."""
    details, placing = instance.sessions[session], plan[session]
    if not fits_in_day(instance, list_slots(details, placing.slot)):
        yield Objection("day-ends")
        return
    for rule in list_broken_alone(instance, session, placing):
        yield Objection("rule", rule=rule)
    for other in range(len(plan)):
        if other == session or not overlap(instance, plan, session, other):
            continue
        if plan[other].room == placing.room:
            yield Objection("room-taken", PlannerRule("room-once"), other)
        for speaker in sorted(details.speakers & instance.sessions[other].speakers):
            yield Objection("speaker-taken", PlannerRule("speaker-once", speaker), other)
