"""The shape of a plan, beside its named costs: sessions that begin together, full and even half days.

With few stars and bookings, many plans have the same costs, and most of them look disorderly. Each cost
here is a whole number that is updated while sessions are placed and taken; `polish.py` searches with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schedule.planner.costs import count_demand
from schedule.planner.instance import PlannerInstance

from .tables import SearchTables


@dataclass(frozen=True, slots=True)
class ShapeWeights:
    """The price of each fault of a plan's shape.

    `named_costs` is that of one unit of the weighted total. `parallel_tracks` is for two sessions of a track
    that run together for as long as a session lasts, `start_time` for each time at which any session starts,
    `idle_room` for the square of the rooms that are free then. `uneven_day` and `uneven_half` are for the
    square of how full a day or half day is, `busy_room` for that of a room in a half day, `late_start` for
    each length of a session by which one starts later than its half day, and `late_half` for each half day
    before it. `small_room` is that of the largest audience in the smallest room, `distance` that of each
    length of a session from where it was, `other_day` that of another day, `other_room` of another room.
    """

    named_costs: int = 10_000
    parallel_tracks: int = 400
    start_time: int = 150
    idle_room: int = 20
    uneven_day: int = 80
    uneven_half: int = 40
    busy_room: int = 5
    late_start: int = 10
    late_half: int = 1
    small_room: int = 60
    distance: int = 0
    other_day: int = 0
    other_room: int = 0


class Home(NamedTuple):
    """The slot and the room in which a session was; None where it had none."""

    slot: int | None
    room: int | None


EVEN_SHAPE = ShapeWeights()
# For repairs: as close as possible to the timetable that people know already.
NEAR_SHAPE = ShapeWeights(
    named_costs=10,
    parallel_tracks=400,
    start_time=0,
    idle_room=0,
    uneven_day=0,
    uneven_half=0,
    busy_room=0,
    late_start=0,
    late_half=0,
    small_room=0,
    distance=10,
    other_day=300,
    other_room=15,
)


class PlanShape:
    """The shape of a plan while it is changed; `cost` is the weighted sum without the named costs.

    `homes` are the places from which the distance of sessions counts.
    """

    def __init__(
        self,
        instance: PlannerInstance,
        tables: SearchTables,
        weights: ShapeWeights,
        homes: Sequence[Home] = (),
    ) -> None:
        self.tables, self.weights, self.cost = tables, weights, 0
        durations = tables.durations[: tables.session_count]
        self.length = max(1, round(sum(durations) / max(1, len(durations))))
        slots, rooms, halves = tables.slot_count, tables.room_count, tables.half_day_count
        self.starting, self.running = [0] * slots, [0] * slots
        self.open_rooms = count_open_rooms(instance)
        days = [slot.day for slot in instance.slots]
        self.day_of_slot = [sorted(set(days)).index(day) for day in days]
        self.half_loads, self.day_loads = [0] * halves, [0] * len(set(days))
        self.half_capacities, self.day_capacities = [0] * halves, [0] * len(set(days))
        self.room_loads = [0] * (halves * rooms)
        self.track_running = [[0] * slots for _track in range(tables.track_count)]
        for slot, count in enumerate(self.open_rooms):
            self.half_capacities[tables.half_day_of_cell[slot * rooms]] += count
            self.day_capacities[self.day_of_slot[slot]] += count
        self.cell_costs = self._list_cell_costs(instance, homes)

    def place(self, session: int, cell: int) -> None:
        """Add a session whose first cell is given."""
        self._change(session, cell, 1)

    def take(self, session: int, cell: int) -> None:
        """Remove a session from the cell in which it was placed."""
        self._change(session, cell, -1)

    def _change(self, session: int, cell: int, sign: int) -> None:
        tables = self.tables
        first, duration = tables.slot_of_cell[cell], tables.durations[session]
        slots = range(first, first + duration)
        before = sum(map(self._price_slot, slots))
        self.starting[first] += sign
        for slot in slots:
            self.running[slot] += sign
        self.cost += sum(map(self._price_slot, slots)) - before
        self.cost += sign * self.cell_costs[session][cell]
        self._change_track(tables.track_of[session], slots, sign)
        self._change_loads(cell, sign * duration)

    def _price_slot(self, slot: int) -> int:
        """Return the cost of the sessions that begin together in a slot."""
        if not self.starting[slot]:
            return 0
        idle = max(0, self.open_rooms[slot] - self.running[slot])
        return self.weights.start_time + self.weights.idle_room * idle * idle

    def _change_track(self, track: int, slots: range, sign: int) -> None:
        if track >= self.tables.track_count:
            return
        running = self.track_running[track]
        price = self.weights.parallel_tracks // self.length
        for slot in slots:
            # The pairs of a session with the others of its track.
            others = running[slot] - (sign < 0)
            self.cost += sign * price * others
            running[slot] += sign

    def _change_loads(self, cell: int, load: int) -> None:
        half, room = self.tables.half_day_of_cell[cell], self.tables.half_day_room_of_cell[cell]
        day = self.day_of_slot[self.tables.slot_of_cell[cell]]
        before = self._price_loads(day, half) + self._price_room(room)
        self.day_loads[day] += load
        self.half_loads[half] += load
        self.room_loads[room] += load
        self.cost += self._price_loads(day, half) + self._price_room(room) - before

    def _price_loads(self, day: int, half: int) -> int:
        """Return the cost of how full a day and one of its halves are."""
        day_load, half_load, length = self.day_loads[day], self.half_loads[half], self.length
        full_day, full_half = max(1, self.day_capacities[day]), max(1, self.half_capacities[half])
        return self.weights.uneven_day * day_load * day_load // (
            full_day * length
        ) + self.weights.uneven_half * half_load * half_load // (full_half * length)

    def _price_room(self, room: int) -> int:
        load = self.room_loads[room]
        return self.weights.busy_room * load * load // (self.length * self.length)

    def _list_cell_costs(self, instance: PlannerInstance, homes: Sequence[Home]) -> list[list[int]]:
        """Return for each session and cell what depends on no other session."""
        ranks, demand = rank_rooms(instance), count_demand(instance)
        largest, worst = max([*demand, 1]), max([*ranks, 1])
        lateness, other_room = self._list_lateness(), self.weights.other_room
        costs = []
        for number, wanted in enumerate(demand):
            home = homes[number] if homes else Home(None, None)
            by_room = [
                self.weights.small_room * wanted * rank // (largest * worst)
                + other_room * (home.room not in {None, room})
                for room, rank in enumerate(ranks)
            ]
            distances = list_distances(instance, home.slot, self.weights, self.length)
            by_slot = [late + distance for late, distance in zip(lateness, distances, strict=True)]
            costs.append([slot + room for slot in by_slot for room in by_room])
        return costs

    def _list_lateness(self) -> list[int]:
        """Return the cost of starting in each slot, counted from the first use of its half day."""
        tables, first_slots = self.tables, dict[int, int]()
        costs = []
        for slot, count in enumerate(self.open_rooms):
            half = tables.half_day_of_cell[slot * tables.room_count]
            if count:
                first_slots.setdefault(half, slot)
            late = slot - first_slots.get(half, slot)
            costs.append(self.weights.late_start * late // self.length + self.weights.late_half * half)
        return costs


def count_open_rooms(instance: PlannerInstance) -> list[int]:
    """Return for each slot how many rooms may be used in it."""
    return [
        sum(room.open_slots is None or slot in room.open_slots for room in instance.rooms)
        for slot in range(len(instance.slots))
    ]


def rank_rooms(instance: PlannerInstance) -> list[int]:
    """Return for each room how many capacities are larger than its own."""
    capacities = sorted({room.capacity for room in instance.rooms}, reverse=True)
    return [capacities.index(room.capacity) for room in instance.rooms]


def list_distances(
    instance: PlannerInstance, home: int | None, weights: ShapeWeights, length: int
) -> list[int]:
    """Return for each slot the cost of its distance from a slot."""
    if home is None:
        return [0] * len(instance.slots)
    day = instance.slots[home].day
    return [
        weights.distance * abs(number - home) // length + weights.other_day * (slot.day != day)
        for number, slot in enumerate(instance.slots)
    ]
