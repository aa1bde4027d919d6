"""A timetable and all that its conflicts depend on, as plain data; times are aware."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schedule.drafts.slot_state import SlotState
from schedule.models import Availability, Session

from .kinds import DEFAULT_RULES, ConflictKind, KindRule, Level


@dataclass(frozen=True, slots=True)
class TimetableSession:
    """A session without its place; rooms, tracks and speakers are known by their keys.

    `duration` is its planned length, `places` the number of people who may book, and `needed_features` are
    normalized by `split_features`.
    """

    key: int
    title: str
    duration: datetime.timedelta
    number: int = 0
    role: Session.Role = Session.Role.TALK
    speakers: frozenset[int] = frozenset()
    chairs: frozenset[int] = frozenset()
    track: int | None = None
    expected_attendance: int | None = None
    places: int | None = None
    needed_features: frozenset[str] = frozenset()
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class TimetableRoom:
    key: int
    name: str
    capacity: int | None = None
    turnover_minutes: int = 0
    zone: str = ""
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AvailabilityPeriod:
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    level: Availability.Level = Availability.Level.CANNOT


type Period = tuple[datetime.datetime, datetime.datetime]


@dataclass(frozen=True, slots=True)
class Timetable:
    """Sessions, their placements, and the data that their conflicts depend on.

    `placements` has no entry for a session without a time; cancelled ones conflict with nothing. `favourites`
    and `bookings` are the keys of attendees by session; `walking_minutes` is by two zones, in either order.
    `hours` are the periods in which talks may be placed, one for each day, in UTC; `general_hours` are those
    of plenaries, breaks and blocked times; if empty, they are the same. `has_set_hours` if the organizers
    limited those of talks.
    """

    sessions: Mapping[int, TimetableSession]
    rooms: Mapping[int, TimetableRoom] = field(default_factory=dict)
    placements: Mapping[int, SlotState] = field(default_factory=dict)
    speaker_names: Mapping[int, str] = field(default_factory=dict)
    track_names: Mapping[int, str] = field(default_factory=dict)
    speaker_availabilities: Mapping[int, tuple[AvailabilityPeriod, ...]] = field(default_factory=dict)
    room_availabilities: Mapping[int, tuple[AvailabilityPeriod, ...]] = field(default_factory=dict)
    walking_minutes: Mapping[frozenset[str], int] = field(default_factory=dict)
    favourites: Mapping[int, frozenset[str]] = field(default_factory=dict)
    bookings: Mapping[int, frozenset[str]] = field(default_factory=dict)
    rules: Mapping[ConflictKind, KindRule] = field(default_factory=lambda: DEFAULT_RULES)
    hours: tuple[Period, ...] = ()
    general_hours: tuple[Period, ...] = ()
    has_set_hours: bool = False

    def get_hours(self, key: int) -> tuple[Period, ...]:
        """Return the periods in which a session may be placed."""
        is_talk = self.sessions[key].role == Session.Role.TALK
        return self.hours if is_talk or not self.general_hours else self.general_hours

    def get_room_name(self, room: int | None) -> str:
        """Return the name of a room; "" for none."""
        return self.rooms[room].name if room is not None and room in self.rooms else ""

    def is_unplaced(self, key: int) -> bool:
        """Return whether a session has no time, or a talk no room."""
        state = self.placements.get(key)
        if state is None:
            return True
        needs_room = self.sessions[key].role == Session.Role.TALK and state.room_id is None
        return needs_room and not state.is_cancelled

    def with_states(self, states: Mapping[int, SlotState | None]) -> "Timetable":
        """Return a timetable in which these sessions are placed so; None takes one out."""
        placements = {**self.placements, **states}
        return replace(self, placements={key: state for key, state in placements.items() if state})


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing wrong with one or two sessions, given by ascending keys.

    `persons` are the keys of speakers and chairs affected, `attendee_count` the number of other people.
    `amount` is the number of missing seats or minutes; `missing_features` is missing equipment.
    """

    kind: ConflictKind
    level: Level
    sessions: tuple[int, ...]
    persons: tuple[int, ...] = ()
    attendee_count: int = 0
    room: int | None = None
    amount: int = 0
    missing_features: tuple[str, ...] = ()

    @property
    def people_count(self) -> int:
        return self.attendee_count + len(self.persons)

    @property
    def signature(self) -> tuple[ConflictKind, tuple[int, ...]]:
        """Return kind and sessions, by which a conflict is known before and after a move."""
        return self.kind, self.sessions

    @property
    def code(self) -> str:
        """Return the signature as text for forms and addresses, such as “room-12-15”."""
        return "-".join([self.kind, *map(str, self.sessions)])


def split_features(text: str) -> frozenset[str]:
    """Return the equipment named in a text, one on each line, in lower case and without extra spaces."""
    lines = (" ".join(line.split()).casefold() for line in text.splitlines())
    return frozenset(line for line in lines if line)
