"""The planner's problem as plain data: sessions to place, slots, rooms, favourites; and a plan for it.

Sessions, rooms and slots are known by their position in the instance's tuples. Names are for messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

# Of sessions x slots x rooms: the search keeps lists of this length.
MAX_PLACINGS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class PlannerSlot:
    """One step of the timetable's grid. Consecutive slots of one `day` follow each other without a gap."""

    name: str
    day: int
    half_day: int


@dataclass(frozen=True, slots=True)
class PlannerRoom:
    """A room; `open_slots` are the slots in which it may be used, None for all."""

    name: str
    capacity: int
    open_slots: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class PlannerSession:
    """A session to place.

    `duration` is its number of consecutive slots, all in one day. `allowed_slots` and `allowed_rooms` limit
    where it may be (None: anywhere); the locked ones fix it. `slot_penalties` are the costs of starting in
    a slot, such as one that a speaker would rather avoid. `expected_attendance` replaces the number of its
    favourites if it is higher. The session starts after the session `follows` has ended.
    """

    name: str
    speakers: frozenset[int] = frozenset()
    track: int | None = None
    duration: int = 1
    allowed_slots: frozenset[int] | None = None
    allowed_rooms: frozenset[int] | None = None
    locked_slot: int | None = None
    locked_room: int | None = None
    slot_penalties: Mapping[int, int] = field(default_factory=dict)
    expected_attendance: int | None = None
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class PlannerSpeaker:
    """A speaker; `absent_slots` are those in which none of the speaker's sessions may run."""

    name: str
    absent_slots: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CostWeights:
    """The price of one unit of each named cost."""

    lost_favourites: int = 2
    missing_seats: int = 1
    extra_rooms: int = 5
    unwanted_slots: int = 1


@dataclass(frozen=True, slots=True)
class PlannerInstance:
    """A problem. `favourites` has one entry for each attendee: the sessions that person wants to see."""

    sessions: tuple[PlannerSession, ...]
    slots: tuple[PlannerSlot, ...]
    rooms: tuple[PlannerRoom, ...]
    speakers: tuple[PlannerSpeaker, ...] = ()
    favourites: tuple[frozenset[int], ...] = ()
    weights: CostWeights = CostWeights()


@dataclass(frozen=True, slots=True, order=True)
class Placing:
    """The first slot of a session, and its room."""

    slot: int
    room: int


type Plan = tuple[Placing, ...]
"""One placing for each session of the instance, in its order."""

type PartialPlan = tuple[Placing | None, ...]
"""The same, with None for sessions that have no place yet."""


def count_placings(instance: PlannerInstance) -> int:
    return len(instance.sessions) * len(instance.slots) * len(instance.rooms)


def list_slots(session: PlannerSession, start: int) -> range:
    """Return the slots that the session occupies if it starts in slot `start`."""
    return range(start, start + session.duration)


def is_placing_allowed(instance: PlannerInstance, session: PlannerSession, placing: Placing) -> bool:
    """Return whether a session alone may be placed there: locks, limits, opening, absences, end of day."""
    slots = list_slots(session, placing.slot)
    return (
        session.locked_slot in {None, placing.slot}
        and session.locked_room in {None, placing.room}
        and (session.allowed_slots is None or placing.slot in session.allowed_slots)
        and (session.allowed_rooms is None or placing.room in session.allowed_rooms)
        and fits_in_day(instance, slots)
        and is_room_open(instance.rooms[placing.room], slots)
        and all(instance.speakers[speaker].absent_slots.isdisjoint(slots) for speaker in session.speakers)
    )


def fits_in_day(instance: PlannerInstance, slots: range) -> bool:
    """Return whether the slots exist and belong to one day."""
    return (
        slots.start >= 0
        and slots.stop <= len(instance.slots)
        and instance.slots[slots.start].day == instance.slots[slots.stop - 1].day
    )


def is_room_open(room: PlannerRoom, slots: range) -> bool:
    return room.open_slots is None or room.open_slots.issuperset(slots)


def list_allowed_placings(instance: PlannerInstance, session: PlannerSession) -> list[Placing]:
    """Return every placing in which the session alone breaks no rule, in order."""
    slots = range(len(instance.slots)) if session.locked_slot is None else [session.locked_slot]
    rooms = range(len(instance.rooms)) if session.locked_room is None else [session.locked_room]
    placings = (Placing(slot, room) for slot in slots for room in rooms)
    return [placing for placing in placings if is_placing_allowed(instance, session, placing)]
