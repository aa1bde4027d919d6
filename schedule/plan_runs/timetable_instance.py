"""Translate a timetable into a planner's instance, and a plan back into slots.

Talks are planned. Plenaries, breaks and blocked times stay where they are: nothing is planned beside them,
nor in the rooms or with the speakers of what stays.
"""

import datetime
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from schedule.conflicts.placements import get_duration
from schedule.conflicts.timetable import AvailabilityPeriod, Period, Timetable, TimetableSession
from schedule.drafts.slot_state import SlotState
from schedule.models import Availability, PlanRun, Session
from schedule.planner.instance import (
    PartialPlan,
    Placing,
    Plan,
    PlannerInstance,
    PlannerRoom,
    PlannerSession,
    PlannerSlot,
    PlannerSpeaker,
)

MINUTE: Final = datetime.timedelta(minutes=1)
MIN_STEP_MINUTES: Final = 5
# A slot that a speaker would rather avoid costs as much as this many lost favourites.
UNWANTED_PENALTY: Final = 10
NOON: Final = 12
EARLIEST: Final = datetime.datetime.min.replace(tzinfo=datetime.UTC)
LATEST: Final = datetime.datetime.max.replace(tzinfo=datetime.UTC)


@dataclass(frozen=True)
class PlanningGrid:
    """The planner's slots: steps of equal length in each day's hours; `slot_starts` are in UTC."""

    step: datetime.timedelta
    slot_starts: tuple[datetime.datetime, ...]
    slot_days: tuple[int, ...]

    @cached_property
    def slots_by_start(self) -> dict[datetime.datetime, int]:
        return {start: number for number, start in enumerate(self.slot_starts)}

    def find_slot(self, moment: datetime.datetime) -> int | None:
        """Return the slot that contains a moment."""
        for number, start in enumerate(self.slot_starts):
            if start <= moment < start + self.step:
                return number
        return None

    def count_slots(self, duration: datetime.timedelta) -> int:
        """Return how many slots a duration occupies, at least one."""
        return max(1, math.ceil(duration / self.step))

    def list_overlapping(self, periods: Iterable[Period]) -> frozenset[int]:
        """Return the slots that overlap with any of the periods."""
        found = set()
        for starts_at, ends_at in periods:
            found |= {
                number
                for number, start in enumerate(self.slot_starts)
                if start < ends_at and starts_at < start + self.step
            }
        return frozenset(found)


@dataclass(frozen=True)
class TimetableInstance:
    """An instance made of a timetable; its sessions, rooms and speakers are the keys in the same order.

    `unplanned_keys` are talks that could not be planned: they are placed at a time partly outside the hours.
    """

    instance: PlannerInstance
    timetable: Timetable
    grid: PlanningGrid
    session_keys: tuple[int, ...]
    room_keys: tuple[int, ...]
    unplanned_keys: tuple[int, ...] = ()

    def list_placings(self) -> PartialPlan:
        """Return where the sessions are now, None for those without a time or a room."""
        rooms = {key: number for number, key in enumerate(self.room_keys)}
        states = [self.timetable.placements.get(key) for key in self.session_keys]
        return tuple(
            Placing(slot, rooms[state.room_id])
            if state and slot is not None and state.room_id in rooms
            else None
            for state, slot in zip(states, self.list_home_slots(), strict=True)
        )

    def list_home_slots(self) -> list[int | None]:
        """Return the slots in which the sessions start now, None for those without a time."""
        states = (self.timetable.placements.get(key) for key in self.session_keys)
        return [self.grid.find_slot(state.starts_at) if state else None for state in states]

    def to_states(self, plan: Plan) -> dict[int, SlotState]:
        """Return the slots of a plan by session, only of those that it places or moves."""
        states = {}
        for key, placing in zip(self.session_keys, plan, strict=True):
            state = self._make_state(key, placing)
            if state != self.timetable.placements.get(key):
                states[key] = state
        return states

    def _make_state(self, key: int, placing: Placing) -> SlotState:
        before = self.timetable.placements.get(key)
        room = self.room_keys[placing.room]
        starts_at = self.grid.slot_starts[placing.slot]
        if before and self.grid.find_slot(before.starts_at) == placing.slot:
            # Its start may lie between two steps of the grid, and its day may have been given by a file.
            starts_at, day = before.starts_at, before.day
        else:
            day = None
        return SlotState(
            room,
            starts_at,
            starts_at + get_duration(self.timetable, key),
            day,
            is_time_pinned=bool(before and before.is_time_pinned),
            is_room_pinned=bool(before and before.is_room_pinned),
        )


@dataclass
class InstanceBuilder:
    """Builds the instance; `zone` decides which half of a day a slot belongs to."""

    timetable: Timetable
    mode: PlanRun.Mode
    zone: datetime.tzinfo
    grid: PlanningGrid = field(init=False)

    def __post_init__(self) -> None:
        self.grid = make_grid(self.timetable)
        self.room_keys = tuple(sorted(self.timetable.rooms))
        # Sorted, because the database returns rows in any order, and a seed has to give the same plan again.
        self.planned_keys = [key for key in sorted(self.timetable.sessions) if self._is_planned(key)]
        self.numbers = {key: number for number, key in enumerate(self.planned_keys)}
        self.fixed = {
            key: state
            for key, state in self.timetable.placements.items()
            if key not in self.numbers and not state.is_cancelled
        }
        persons = {
            person for key in self.planned_keys for person in get_persons(self.timetable.sessions[key])
        }
        self.person_keys = tuple(sorted(persons))
        self.blocked_slots = self.grid.list_overlapping(list_common_periods(self.timetable))
        self.starts = list_neat_starts(self.timetable, self.planned_keys)

    def build(self) -> TimetableInstance:
        instance = PlannerInstance(
            sessions=tuple(self._make_session(key) for key in self.planned_keys),
            slots=tuple(self._make_slots()),
            rooms=tuple(self._make_room(key) for key in self.room_keys),
            speakers=tuple(self._make_speaker(key) for key in self.person_keys),
            favourites=tuple(self._list_favourites(self.numbers)),
        )
        talks = [key for key, session in self.timetable.sessions.items() if is_talk(session)]
        return TimetableInstance(
            instance,
            self.timetable,
            self.grid,
            tuple(self.planned_keys),
            self.room_keys,
            tuple(sorted({key for key in talks if not self._is_cancelled(key)} - {*self.planned_keys})),
        )

    def _is_cancelled(self, key: int) -> bool:
        state = self.timetable.placements.get(key)
        return state is not None and state.is_cancelled

    def _is_planned(self, key: int) -> bool:
        """Return whether a session is a talk that takes place, and does not stay partly outside the hours."""
        state = self.timetable.placements.get(key)
        if not is_talk(self.timetable.sessions[key]) or self._is_cancelled(key):
            return False
        if state is None or any(
            opens_at <= state.starts_at < closes_at and state.ends_at <= closes_at
            for opens_at, closes_at in self.timetable.hours
        ):
            return True
        return self._may_move_into_hours(key, state)

    def _may_move_into_hours(self, key: int, state: SlotState) -> bool:
        """Return whether a talk placed outside the hours that the organizers have set may leave its time."""
        if not self.timetable.has_set_hours or self.mode != PlanRun.Mode.EVERYTHING or state.is_time_pinned:
            return False
        duration = get_duration(self.timetable, key)
        return any(closes_at - opens_at >= duration for opens_at, closes_at in self.timetable.hours)

    def _make_slots(self) -> Iterator[PlannerSlot]:
        for start, day in zip(self.grid.slot_starts, self.grid.slot_days, strict=True):
            local = start.astimezone(self.zone)
            yield PlannerSlot(f"{local:%d/%m %H:%M}", day, 2 * day + (local.hour >= NOON))

    def _make_room(self, key: int) -> PlannerRoom:
        room = self.timetable.rooms[key]
        closed = self.blocked_slots | self.grid.list_overlapping(
            [
                *list_absences(self.timetable.room_availabilities.get(key, ()), self.timetable.hours),
                *((state.starts_at, state.ends_at) for state in self.fixed.values() if state.room_id == key),
            ]
        )
        everywhere = frozenset(range(len(self.grid.slot_starts)))
        # A room without a stated capacity has no limit.
        capacity = 10**6 if room.capacity is None else room.capacity
        return PlannerRoom(room.name, capacity, everywhere - closed)

    def _make_speaker(self, key: int) -> PlannerSpeaker:
        absences = [
            *list_absences(self.timetable.speaker_availabilities.get(key, ()), self.timetable.hours),
            *(
                (state.starts_at, state.ends_at)
                for other, state in self.fixed.items()
                if key in get_persons(self.timetable.sessions[other])
            ),
        ]
        return PlannerSpeaker(self.timetable.speaker_names.get(key, ""), self.grid.list_overlapping(absences))

    def _make_session(self, key: int) -> PlannerSession:
        session, state = self.timetable.sessions[key], self.timetable.placements.get(key)
        persons = get_persons(session)
        numbers = {person: number for number, person in enumerate(self.person_keys)}
        is_fixed = state is not None and self.mode == PlanRun.Mode.UNPLACED
        locked_slot = locked_room = None
        if state and (is_fixed or state.is_time_pinned):
            locked_slot = self.grid.find_slot(state.starts_at)
        if state and state.room_id in self.timetable.rooms and (is_fixed or state.is_room_pinned):
            locked_room = self.room_keys.index(state.room_id)
        return PlannerSession(
            name=session.title,
            speakers=frozenset(numbers[person] for person in persons),
            track=session.track,
            duration=self._count_slots(key),
            allowed_slots=None if locked_slot is not None else self._list_starts(key),
            allowed_rooms=None if locked_room is not None else self._list_rooms(session),
            locked_slot=locked_slot,
            locked_room=locked_room,
            slot_penalties=self._list_penalties(persons),
            expected_attendance=session.expected_attendance,
            follows=self._find_followed(key),
        )

    def _find_followed(self, key: int) -> int | None:
        """Return the planned session that a session follows.

        None also if both keep their time: the planner cannot change their order, which is a conflict.
        """
        followed = self.timetable.sessions[key].follows
        if followed == key or followed not in self.numbers:
            return None
        is_fixed = self.mode == PlanRun.Mode.UNPLACED and {key, followed} <= self.timetable.placements.keys()
        return None if is_fixed else self.numbers[followed]

    def _count_slots(self, key: int) -> int:
        """Return how many slots a session occupies, also if it starts between two steps of the grid."""
        duration, state = get_duration(self.timetable, key), self.timetable.placements.get(key)
        slot = self.grid.find_slot(state.starts_at) if state else None
        if state and slot is not None:
            duration += state.starts_at - self.grid.slot_starts[slot]
        return self.grid.count_slots(duration)

    def _list_starts(self, key: int) -> frozenset[int]:
        duration, state = get_duration(self.timetable, key), self.timetable.placements.get(key)
        starts = {*self.starts[duration]} | ({state.starts_at} if state else set())
        earliest, latest = self._find_bounds(key)
        starts = {start for start in starts if earliest <= start <= latest - duration}
        found = {self.grid.slots_by_start.get(start) for start in starts}
        if state and self.mode == PlanRun.Mode.REPAIR and earliest <= state.starts_at <= latest - duration:
            # A start between two steps of the grid is no reason to move.
            found.add(self.grid.find_slot(state.starts_at))
        return frozenset(slot for slot in found if slot is not None)

    def _find_bounds(self, key: int) -> Period:
        """Return the time between the sessions that a session follows and that follow it.

        Only those count that are placed and not planned, such as plenaries.
        """
        sessions = self.timetable.sessions
        ends = [state.ends_at for other, state in self.fixed.items() if other == sessions[key].follows]
        starts = [state.starts_at for other, state in self.fixed.items() if sessions[other].follows == key]
        return max(ends, default=EARLIEST), min(starts, default=LATEST)

    def _list_rooms(self, session: TimetableSession) -> frozenset[int] | None:
        """Return the rooms with the needed equipment; all if no room has it, which is shown as a conflict."""
        fitting = frozenset(
            number
            for number, key in enumerate(self.room_keys)
            if session.needed_features <= self.timetable.rooms[key].features
        )
        return fitting or None

    def _list_penalties(self, persons: Iterable[int]) -> dict[int, int]:
        unwanted = [
            (period.starts_at, period.ends_at)
            for person in persons
            for period in self.timetable.speaker_availabilities.get(person, ())
            if period.level == Availability.Level.RATHER_NOT
        ]
        return dict.fromkeys(self.grid.list_overlapping(unwanted), UNWANTED_PENALTY)

    def _list_favourites(self, numbers: dict[int, int]) -> Iterator[frozenset[int]]:
        """Yield for each attendee the planned sessions that they booked or starred."""
        wanted: dict[str, set[int]] = {}
        for audiences in (self.timetable.favourites, self.timetable.bookings):
            for key, attendees in audiences.items():
                for attendee in attendees if key in numbers else ():
                    wanted.setdefault(attendee, set()).add(numbers[key])
        for attendee in sorted(wanted):
            yield frozenset(wanted[attendee])


def build_instance(timetable: Timetable, *, mode: PlanRun.Mode, zone: datetime.tzinfo) -> TimetableInstance:
    """Return the instance of a timetable.

    With the mode UNPLACED, sessions that have a time keep it and their room. Otherwise only pins are kept;
    with REPAIR, every session may also stay where it is if no rule forbids that.
    """
    return InstanceBuilder(timetable, mode, zone).build()


def is_talk(session: TimetableSession) -> bool:
    return session.role == Session.Role.TALK


def get_persons(session: TimetableSession) -> frozenset[int]:
    return session.speakers | session.chairs


def list_common_periods(timetable: Timetable) -> list[Period]:
    """Return the times of plenaries and breaks, and of blocked times in all rooms."""
    return [
        (state.starts_at, state.ends_at)
        for key, state in timetable.placements.items()
        if not state.is_cancelled
        and not is_talk(timetable.sessions[key])
        and (timetable.sessions[key].role != Session.Role.BLOCKER or state.room_id is None)
    ]


def list_absences(periods: Iterable[AvailabilityPeriod], hours: Iterable[Period]) -> list[Period]:
    """Return the periods in which somebody or something cannot be used.

    Once there is a CAN period, times outside the CAN and RATHER_NOT periods count as absences.
    """
    periods = list(periods)
    absent = [
        (period.starts_at, period.ends_at) for period in periods if period.level == Availability.Level.CANNOT
    ]
    is_limited = any(period.level == Availability.Level.CAN for period in periods)
    present = sorted(
        (period.starts_at, period.ends_at) for period in periods if period.level != Availability.Level.CANNOT
    )
    return absent + (list_gaps(hours, present) if is_limited else [])


def list_gaps(hours: Iterable[Period], taken: list[Period]) -> list[Period]:
    """Return the parts of the hours that the sorted periods leave free."""
    gaps = []
    for opens_at, closes_at in hours:
        at = opens_at
        for starts_at, ends_at in taken:
            if starts_at > at:
                gaps.append((at, min(starts_at, closes_at)))
            at = max(at, ends_at)
            if at >= closes_at:
                break
        if at < closes_at:
            gaps.append((at, closes_at))
    return [(start, end) for start, end in gaps if start < end]


def list_neat_starts(
    timetable: Timetable, planned_keys: Iterable[int]
) -> dict[datetime.timedelta, list[datetime.datetime]]:
    """Return for each duration the times at which sessions of that length may start.

    Between breaks and plenaries they follow each other without a gap but the rooms' turnover, at the pace of
    the most common length, so that sessions in all rooms begin together. Starts that are in use are kept.
    """
    durations = [get_duration(timetable, key) for key in planned_keys]
    turnover = max((room.turnover_minutes for room in timetable.rooms.values()), default=0) * MINUTE
    common = Counter(durations).most_common(1)[0][0] if durations else MINUTE
    free_periods = list_gaps(timetable.hours, sorted(list_common_periods(timetable)))
    current_starts = {
        state.starts_at
        for key, state in timetable.placements.items()
        if is_talk(timetable.sessions[key]) and not state.is_cancelled
    }
    found = {}
    for duration in set(durations):
        starts = set()
        for pace in {common + turnover, duration + turnover}:
            starts |= {*list_paced_starts(free_periods, duration, max(pace, MIN_STEP_MINUTES * MINUTE))}
        fitting = {
            start
            for start in current_starts
            if any(opens <= start and start + duration <= closes for opens, closes in free_periods)
        }
        found[duration] = sorted(starts | fitting)
    return found


def list_paced_starts(
    periods: Iterable[Period], duration: datetime.timedelta, pace: datetime.timedelta
) -> Iterator[datetime.datetime]:
    for opens_at, closes_at in periods:
        start = opens_at
        while start + duration <= closes_at:
            yield start
            start += pace


def make_grid(timetable: Timetable) -> PlanningGrid:
    """Return the coarsest grid for all starts and lengths, of at least five minutes.

    Lengths are rounded up to its steps.
    """
    planned = [key for key, session in sorted(timetable.sessions.items()) if is_talk(session)]
    neat = list_neat_starts(timetable, planned)
    minutes = {int(duration / MINUTE) for duration in neat}
    for opens_at, closes_at in timetable.hours:
        minutes |= {
            int((start - opens_at) / MINUTE)
            for starts in neat.values()
            for start in starts
            if opens_at <= start < closes_at
        }
    step = max(MIN_STEP_MINUTES, math.gcd(*minutes)) * MINUTE if minutes else 30 * MINUTE
    starts, days = [], []
    for day, (opens_at, closes_at) in enumerate(timetable.hours):
        at = opens_at
        while at < closes_at:
            starts.append(at)
            days.append(day)
            at += step
    return PlanningGrid(step, tuple(starts), tuple(days))
