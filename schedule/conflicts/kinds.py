"""Kinds of conflict, and their default rules, which an event may override."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schedule.models import ConflictLevel

type Level = ConflictLevel.Level

BLOCK: Final = ConflictLevel.Level.BLOCK
WARN: Final = ConflictLevel.Level.WARN
IGNORE: Final = ConflictLevel.Level.IGNORE


class ConflictKind(StrEnum):
    # Two sessions at once in a room, or with a person who speaks in both, or chairs one of them.
    ROOM = "room"
    SPEAKER = "speaker"
    CHAIR = "chair"
    # Outside the times at which a speaker or chair, or a room, is available; or at an unwanted time.
    SPEAKER_AVAILABILITY = "speaker_availability"
    ROOM_AVAILABILITY = "room_availability"
    PREFERENCE = "preference"
    # Too little time to walk from one session to the next, or to prepare the room.
    WALKING = "walking"
    TURNOVER = "turnover"
    # More places, bookings or expected people than seats; equipment that the room lacks.
    CAPACITY = "capacity"
    EQUIPMENT = "equipment"
    # People who booked two sessions at once, or want to see them.
    BOOKINGS = "bookings"
    FAVOURITES = "favourites"
    # Two sessions in the same track at once; a session during a break, or during a plenary.
    TRACK = "track"
    BREAK = "break"
    PLENARY = "plenary"
    # A session that starts before the one that it follows has ended.
    ORDER = "order"


@dataclass(frozen=True, slots=True)
class KindRule:
    """The level of a kind; `minutes` is its shortest buffer.

    Conflicts that affect fewer than `minimum_people` are not reported.
    """

    level: Level
    minutes: int = 0
    minimum_people: int = 0


# Between rooms of different zones without a walking time of their own.
DEFAULT_WALKING_MINUTES: Final = 5
# In a full programme most pairs of parallel sessions share one or two favourites: nobody can avoid that.
DEFAULT_MINIMUM_FAVOURITES: Final = 5

DEFAULT_RULES: Final = {
    ConflictKind.ROOM: KindRule(BLOCK),
    ConflictKind.SPEAKER: KindRule(BLOCK),
    ConflictKind.CHAIR: KindRule(BLOCK),
    ConflictKind.SPEAKER_AVAILABILITY: KindRule(BLOCK),
    ConflictKind.ROOM_AVAILABILITY: KindRule(BLOCK),
    ConflictKind.PREFERENCE: KindRule(WARN),
    ConflictKind.WALKING: KindRule(WARN, minutes=DEFAULT_WALKING_MINUTES),
    ConflictKind.TURNOVER: KindRule(WARN),
    ConflictKind.CAPACITY: KindRule(WARN),
    ConflictKind.EQUIPMENT: KindRule(WARN),
    ConflictKind.BOOKINGS: KindRule(WARN, minimum_people=1),
    ConflictKind.FAVOURITES: KindRule(WARN, minimum_people=DEFAULT_MINIMUM_FAVOURITES),
    ConflictKind.TRACK: KindRule(WARN),
    ConflictKind.BREAK: KindRule(WARN),
    ConflictKind.PLENARY: KindRule(WARN),
    ConflictKind.ORDER: KindRule(WARN),
}
# A room or person in two sessions at once.
DOUBLE_USE_KINDS: Final = (ConflictKind.ROOM, ConflictKind.SPEAKER, ConflictKind.CHAIR)
# Kinds for which an event may set minutes, and kinds for which it may set a minimum of people.
BUFFER_KINDS: Final = frozenset({ConflictKind.WALKING, ConflictKind.TURNOVER})
AUDIENCE_KINDS: Final = frozenset({ConflictKind.BOOKINGS, ConflictKind.FAVOURITES})
