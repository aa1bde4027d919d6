"""Compute what it would cost to place a session in each room at each time."""

import datetime
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from schedule.models import Session

from .facts import Place, SessionFacts, TimetableFacts, to_seconds
from .kinds import BLOCK
from .rules import (
    find_absent_persons,
    find_parallel_faults,
    find_place_overlap,
    find_room_absence,
    find_room_faults,
    find_shared_people,
    find_short_gap,
    find_wrong_order,
)
from .timetable import Conflict, Period, Timetable

DEFAULT_STEP_MINUTES: Final = 5


class PlacementCost(NamedTuple):
    """The conflicts that placing a session in one room at one time would cause, and the people it loses.

    `lost_bookings` and `lost_favourites` are the people who booked or starred this session and another one
    at that time, out of the `audience_size` of PlacementCosts.
    """

    conflicts: tuple[Conflict, ...]
    lost_bookings: int
    lost_favourites: int

    @property
    def is_blocked(self) -> bool:
        return any(conflict.level == BLOCK for conflict in self.conflicts)

    @property
    def people_count(self) -> int:
        return sum(conflict.people_count for conflict in self.conflicts)


@dataclass(frozen=True, slots=True)
class PlacementCosts:
    """The costs of one session by room and start, in UTC; the room None is for one that spans all rooms."""

    session: int
    duration: datetime.timedelta
    audience_size: int
    cells: Mapping[tuple[int | None, datetime.datetime], PlacementCost]


def compute_placement_costs(
    timetable: Timetable,
    session: int,
    *,
    starts: Sequence[datetime.datetime] | None = None,
    rooms: Sequence[int | None] | None = None,
    step_minutes: int = DEFAULT_STEP_MINUTES,
) -> PlacementCosts:
    """Return what placing the session would cost, in all rooms at all steps of the hours of the timetable.

    `starts` and `rooms` replace these. The session keeps the length of its slot, or has its planned one.
    A cell's conflicts are those that `find_conflicts` would return for the session in that place.
    """
    facts = TimetableFacts(timetable)
    duration = get_duration(timetable, session)
    hours = timetable.get_hours(session)
    wanted = list_starts(hours, duration, step_minutes) if starts is None else sorted(set(starts))
    grid = PlacementGrid(
        facts,
        facts.sessions[session],
        int(duration.total_seconds()),
        [*timetable.rooms] if rooms is None else [*rooms],
    )
    return PlacementCosts(session, duration, grid.session.audience_size, grid.compute_cells(wanted))


def get_duration(timetable: Timetable, session: int) -> datetime.timedelta:
    """Return the length of the session's slot, or its planned one while it has none."""
    state = timetable.placements.get(session)
    return state.ends_at - state.starts_at if state else timetable.sessions[session].duration


def list_starts(
    hours: Iterable[Period], duration: datetime.timedelta, step_minutes: int
) -> list[datetime.datetime]:
    """Return the steps at which a session of that length fits into the hours.

    Steps are counted in elapsed time, so that a change of the clock neither skips nor repeats one.
    """
    step = datetime.timedelta(minutes=step_minutes)
    return [
        opens_at + number * step
        for opens_at, closes_at in hours
        for number in range(max(0, (closes_at - duration - opens_at) // step + 1))
    ]


@dataclass(slots=True)
class StartFacts:
    """Conflicts that a start would cause, in every room or by room, and who is busy at that time."""

    for_all_rooms: list[Conflict] = field(default_factory=list)
    by_room: dict[int | None, list[Conflict]] = field(default_factory=lambda: defaultdict(list))
    booked_elsewhere: int = 0
    wanted_elsewhere: int = 0


class Neighbour(NamedTuple):
    """Another placed session, and its conflicts with the one to place if they overlap.

    `by_room` is by the room of the session to place; in `near_rooms` the gap between both matters too.
    """

    session: SessionFacts
    place: Place
    always: list[Conflict]
    by_room: dict[int | None, list[Conflict]]
    near_rooms: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class PlacementGrid:
    """A session of a length in seconds, to be placed in any of these rooms."""

    facts: TimetableFacts
    session: SessionFacts
    seconds: int
    rooms: Sequence[int | None]

    def compute_cells(
        self, starts: Sequence[datetime.datetime]
    ) -> dict[tuple[int | None, datetime.datetime], PlacementCost]:
        """Return the costs by room and start; starts ascend."""
        times = [to_seconds(start) for start in starts]
        room_faults = {room: [*find_room_faults(self.facts, self.session, room)] for room in self.rooms}
        cells = {}
        for start, time, start_facts in zip(starts, times, self.collect_by_start(times), strict=True):
            booked, wanted = self.count_lost_people(start_facts)
            usual = PlacementCost(tuple(start_facts.for_all_rooms), booked, wanted)
            for room in self.rooms:
                own = room_faults[room] + start_facts.by_room.get(room, [])
                if room in self.facts.room_periods:
                    place = Place(time, time + self.seconds, room)
                    own += find_room_absence(self.facts, self.session, place)
                # Most rooms have no conflicts of their own, so most cells of a start share one object.
                cells[room, start] = PlacementCost((*usual.conflicts, *own), booked, wanted) if own else usual
        return cells

    def count_lost_people(self, start_facts: StartFacts) -> tuple[int, int]:
        """Return how many booked, and how many others starred, this session and another at that time."""
        booked = (self.session.booked & start_facts.booked_elsewhere).bit_count()
        wanted = (self.session.wanted & start_facts.wanted_elsewhere).bit_count() - booked
        return booked, wanted

    def collect_by_start(self, times: list[int]) -> list[StartFacts]:
        by_start = [StartFacts() for _time in times]
        for start_facts, time in zip(by_start, times, strict=True):
            place = Place(time, time + self.seconds, None)
            start_facts.for_all_rooms += find_absent_persons(self.facts, self.session, place)
            start_facts.for_all_rooms += self.iterate_order_conflicts(place)
        # A session of no length overlaps with nothing.
        for neighbour in self.iterate_neighbours() if self.seconds else ():
            self.add_neighbour(by_start, times, neighbour)
        return by_start

    def add_neighbour(self, by_start: list[StartFacts], times: list[int], neighbour: Neighbour) -> None:
        """Add the conflicts with another session to those of all starts."""
        other, other_place = neighbour.session, neighbour.place
        # The starts at which both overlap.
        first = bisect_right(times, other_place.start - self.seconds)
        last = bisect_left(times, other_place.end)
        for start_facts in by_start[first:last]:
            start_facts.for_all_rooms += neighbour.always
            start_facts.booked_elsewhere |= other.booked
            start_facts.wanted_elsewhere |= other.wanted
            for room, conflicts in neighbour.by_room.items():
                start_facts.by_room[room] += conflicts
        buffer = self.facts.longest_buffer
        earliest = bisect_left(times, other_place.start - self.seconds - buffer)
        latest = bisect_right(times, other_place.end + buffer)
        for room in neighbour.near_rooms:
            for index in (*range(earliest, first), *range(last, latest)):
                own = Place(times[index], times[index] + self.seconds, room)
                if short := [*self.find_short_gap(own, other, other_place)]:
                    by_start[index].by_room[room] += short

    def find_short_gap(self, own: Place, other: SessionFacts, other_place: Place) -> Iterator[Conflict]:
        """Yield what is too short between the session and one before or after it."""
        if own.end <= other_place.start:
            return find_short_gap(self.facts, self.session, own, other, other_place)
        return find_short_gap(self.facts, other, other_place, self.session, own)

    def iterate_order_conflicts(self, place: Place) -> Iterator[Conflict]:
        places, session = self.facts.places, self.session
        if session.follows in places:
            yield from find_wrong_order(self.facts, session, place.start, places[session.follows].end)
        for follower in self.facts.followers.get(session.key, ()):
            if follower in places:
                follower_facts = self.facts.sessions[follower]
                yield from find_wrong_order(self.facts, follower_facts, places[follower].start, place.end)

    def iterate_neighbours(self) -> Iterator[Neighbour]:
        """Yield the other placed sessions that have a length."""
        for key, place in self.facts.places.items():
            if key == self.session.key or place.start == place.end:
                continue
            other = self.facts.sessions[key]
            always = [
                *find_shared_people(self.facts, self.session, other),
                *find_parallel_faults(self.facts, self.session, other),
            ]
            # The places of two talks conflict in the same room only.
            are_talks = self.session.role == other.role == Session.Role.TALK
            by_room = {
                room: conflicts
                for room in ([place.room] if are_talks else self.rooms)
                if (conflicts := [*find_place_overlap(self.facts, self.session, room, other, place.room)])
            }
            yield Neighbour(other, place, always, by_room, self.list_near_rooms(other, place))

    def list_near_rooms(self, other: SessionFacts, place: Place) -> Sequence[int | None]:
        """Return the rooms in which the session must not follow the other one, or precede it, too closely."""
        if place.room is None:
            return []
        # Without a shared person only the other session's own room matters.
        return self.rooms if self.session.persons & other.persons else [place.room]
