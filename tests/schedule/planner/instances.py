"""Small invented instances for the planner's tests."""

import random
from collections.abc import Mapping
from types import MappingProxyType

from schedule.planner.instance import (
    Placing,
    PlannerInstance,
    PlannerRoom,
    PlannerSession,
    PlannerSlot,
    PlannerSpeaker,
)


def make_slots(count: int, *, per_half_day: int = 3) -> tuple[PlannerSlot, ...]:
    """Return slots, with two half days in each day."""
    return tuple(
        PlannerSlot(str(number), day=number // (2 * per_half_day), half_day=number // per_half_day)
        for number in range(count)
    )


def make_rooms(*capacities: int) -> tuple[PlannerRoom, ...]:
    return tuple(PlannerRoom(f"room {number}", capacity) for number, capacity in enumerate(capacities))


def make_random_instance(
    seed: int,
    *,
    sessions: int = 14,
    durations: tuple[int, ...] = (1,),
    slots: int = 12,
    follows: Mapping[int, int] = MappingProxyType({}),
) -> PlannerInstance:
    """Return an instance with tracks, shared speakers, absences, a closed room, penalties and a lock.

    `follows` is the followed session of each that has one.
    """
    generator = random.Random(seed)
    rooms = (
        PlannerRoom("Aula", 12),
        PlannerRoom("Lab", 6),
        PlannerRoom("Attic", 3, open_slots=frozenset(range(slots - 2))),
    )
    made = tuple(
        PlannerSession(
            f"session {number}",
            speakers=frozenset(generator.sample(range(10), generator.choice([1, 1, 2]))),
            track=generator.choice([None, 0, 1, 2]),
            duration=generator.choice(durations),
            allowed_rooms=frozenset({0, 1}) if number % 5 == 0 else None,
            locked_slot=1 if number == 3 else None,
            slot_penalties={2: 3} if number % 4 == 0 else {},
            follows=follows.get(number),
        )
        for number in range(sessions)
    )
    return PlannerInstance(
        sessions=made,
        slots=make_slots(slots),
        rooms=rooms,
        speakers=tuple(
            PlannerSpeaker(f"speaker {number}", frozenset({5, 6}) if number == 4 else frozenset())
            for number in range(10)
        ),
        favourites=tuple(frozenset(generator.sample(range(sessions), 5)) for _attendee in range(25)),
    )


def place(*pairs: tuple[int, int]) -> tuple[Placing, ...]:
    """Return a plan from pairs of slot and room."""
    return tuple(Placing(*pair) for pair in pairs)
