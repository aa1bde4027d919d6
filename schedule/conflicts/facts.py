"""Prepare a timetable for fast rules: times in whole seconds, and sets of attendees as bits.

An integer with one bit for each attendee makes “how many want both sessions” two machine operations; with
Python's sets a programme of 300 sessions would take seconds.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from schedule.drafts.slot_state import SlotState
from schedule.models import Availability, Session
from schedule.programme.days import do_spans_overlap

from .kinds import IGNORE, ConflictKind, Level
from .timetable import AvailabilityPeriod, Timetable, TimetableSession

MINUTE = 60
type Span = tuple[int, int]


class Place(NamedTuple):
    """Start and end in seconds since 1970, and the key of the room."""

    start: int
    end: int
    room: int | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A session for the rules. `booked` and `wanted` (booked or starred) have a bit for each attendee."""

    key: int
    role: Session.Role
    speakers: frozenset[int]
    persons: frozenset[int]
    track: int | None
    wanted: int
    booked: int
    audience_size: int
    needed_seats: int
    needed_features: frozenset[str]
    follows: int | None


@dataclass(frozen=True, slots=True)
class Periods:
    """When a person or room is absent, would rather not be scheduled, or is present (None: always)."""

    absent: tuple[Span, ...]
    unwanted: tuple[Span, ...]
    present: tuple[Span, ...] | None

    def are_absent(self, start: int, end: int) -> bool:
        """Return whether any part of a time is impossible."""
        if overlaps_any(self.absent, start, end):
            return True
        return self.present is not None and not any(
            first <= start and end <= last for first, last in self.present
        )

    def are_unwanted(self, start: int, end: int) -> bool:
        return overlaps_any(self.unwanted, start, end)


class TimetableFacts:
    """A prepared timetable; `places` are those of sessions that take place."""

    def __init__(self, timetable: Timetable) -> None:
        self.timetable = timetable
        self.rooms = timetable.rooms
        self.rules = timetable.rules
        self.levels: dict[ConflictKind, Level] = {
            kind: rule.level for kind, rule in timetable.rules.items() if rule.level != IGNORE
        }
        self.sessions = prepare_sessions(timetable)
        self.places = {
            key: place for key, state in timetable.placements.items() if (place := to_place(state))
        }
        self.person_periods = prepare_periods(timetable.speaker_availabilities)
        self.room_periods = prepare_periods(timetable.room_availabilities)
        self.followers: dict[int, list[int]] = {}
        for session in self.sessions.values():
            if session.follows is not None:
                self.followers.setdefault(session.follows, []).append(session.key)
        self.longest_buffer = self._find_longest_buffer()

    def get_turnover(self, room: int) -> int:
        """Return the seconds between two sessions in a room."""
        shortest = self.rules[ConflictKind.TURNOVER].minutes
        return MINUTE * max(self.rooms[room].turnover_minutes, shortest)

    def get_walking_time(self, room: int, other: int) -> int:
        """Return the seconds to walk between two rooms; none within a zone, or where a zone is unknown."""
        zone, other_zone = self.rooms[room].zone, self.rooms[other].zone
        if zone == other_zone or not zone or not other_zone:
            return 0
        default = self.rules[ConflictKind.WALKING].minutes
        return MINUTE * self.timetable.walking_minutes.get(frozenset({zone, other_zone}), default)

    def _find_longest_buffer(self) -> int:
        """Return the longest gap in seconds that any rule requires."""
        buffers = [0]
        if ConflictKind.TURNOVER in self.levels:
            buffers += [self.get_turnover(room) for room in self.rooms]
        if ConflictKind.WALKING in self.levels:
            minutes = [*self.timetable.walking_minutes.values(), self.rules[ConflictKind.WALKING].minutes]
            buffers += [MINUTE * number for number in minutes]
        return max(buffers)


def to_seconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp())


def to_place(state: SlotState) -> Place | None:
    """Return the place of a slot; None for one that is cancelled."""
    if state.is_cancelled:
        return None
    return Place(to_seconds(state.starts_at), to_seconds(state.ends_at), state.room_id)


def overlaps_any(spans: Iterable[Span], start: int, end: int) -> bool:
    return any(do_spans_overlap(start, end, *span) for span in spans)


def prepare_sessions(timetable: Timetable) -> dict[int, SessionFacts]:
    """Return the facts of all sessions by key."""
    attendees = {
        attendee: 1 << number
        for number, attendee in enumerate(
            dict.fromkeys(
                attendee
                for audiences in (timetable.favourites, timetable.bookings)
                for audience in audiences.values()
                for attendee in audience
            )
        )
    }
    return {
        session.key: prepare_session(
            session,
            booked=collect_bits(attendees, timetable.bookings.get(session.key, ())),
            starred=collect_bits(attendees, timetable.favourites.get(session.key, ())),
        )
        for session in timetable.sessions.values()
    }


def collect_bits(attendees: Mapping[str, int], audience: Iterable[str]) -> int:
    bits = 0
    for attendee in audience:
        bits |= attendees[attendee]
    return bits


def prepare_session(session: TimetableSession, *, booked: int, starred: int) -> SessionFacts:
    known = (booked | starred).bit_count()
    audience_size = max(known, session.expected_attendance or 0)
    return SessionFacts(
        key=session.key,
        role=session.role,
        speakers=session.speakers,
        persons=session.speakers | session.chairs,
        track=session.track,
        wanted=booked | starred,
        booked=booked,
        audience_size=audience_size,
        needed_seats=max(audience_size, session.places or 0),
        needed_features=session.needed_features,
        follows=None if session.follows == session.key else session.follows,
    )


def prepare_periods(availabilities: Mapping[int, tuple[AvailabilityPeriod, ...]]) -> dict[int, Periods]:
    """Return the periods of each person or room that has any, by key.

    If any period has the level CAN, times outside the CAN and RATHER_NOT periods are impossible.
    """
    levels = Availability.Level
    found = {}
    for key, periods in availabilities.items():
        spans: dict[str, list[Span]] = {level: [] for level in levels}
        for period in periods:
            spans[period.level].append((to_seconds(period.starts_at), to_seconds(period.ends_at)))
        possible = merge_spans(spans[levels.CAN] + spans[levels.RATHER_NOT]) if spans[levels.CAN] else None
        found[key] = Periods(tuple(spans[levels.CANNOT]), tuple(spans[levels.RATHER_NOT]), possible)
    return found


def merge_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join the spans that overlap or touch."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)
