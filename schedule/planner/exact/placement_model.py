"""The placing of all sessions as a CP-SAT model in which each hard rule can be switched on and off.

Sessions of one slot that may use any room are placed in a slot only, and take one of its free rooms when the
plan is read: a tenth of the variables. All others are placed in a slot and a room.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from ortools.sat.python import cp_model

from schedule.planner.instance import PartialPlan, Placing, Plan, PlannerInstance, fits_in_day, list_slots
from schedule.planner.limits import NO_LIMITS, WorkLimits, make_not_found_error
from schedule.planner.rules import PlannerRule, list_broken_alone, list_rules, list_sessions_of

# The room of sessions that can be in any room.
ANY_ROOM: Final = -1


@dataclass(slots=True)
class PlacementModel:
    """The model; `switches` has a variable for each rule, `placings` one for each session and placing.

    In a strict model all rules hold, and placings that break one alone are left out. With `home`, each
    session may also stay in its placing of that plan, by a variable of its own.
    """

    instance: PlannerInstance
    is_strict: bool
    home: PartialPlan | None = None
    model: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    switches: dict[PlannerRule, cp_model.IntVar] = field(default_factory=dict)
    placings: list[dict[Placing, cp_model.IntVar]] = field(default_factory=list)

    def read_plan(self, solver: cp_model.CpSolver) -> Plan:
        """Return the plan of a solution, with a room for the sessions that take any."""
        chosen = [
            next(placing for placing, variable in options.items() if solver.boolean_value(variable))
            for options in self.placings
        ]
        return assign_rooms(self.instance, chosen)


def build_strict_model(instance: PlannerInstance, limits: WorkLimits = NO_LIMITS) -> PlacementModel:
    """Return the model in which all rules hold. Raise PlanNotFound if the limits end the work."""
    return add_constraints(PlacementModel(instance, is_strict=True), limits)


def build_home_model(
    instance: PlannerInstance, home: PartialPlan, limits: WorkLimits = NO_LIMITS
) -> PlacementModel:
    """Return the model in which all rules hold, and sessions may stay where they are in a plan."""
    return add_constraints(PlacementModel(instance, is_strict=True, home=home), limits)


def build_switched_model(instance: PlannerInstance, limits: WorkLimits = NO_LIMITS) -> PlacementModel:
    """Return the model in which each rule may be switched off by its variable."""
    return add_constraints(PlacementModel(instance, is_strict=False), limits)


def add_constraints(placement: PlacementModel, limits: WorkLimits) -> PlacementModel:
    """Add all variables and constraints, which takes seconds for a large event."""
    for rule in list_rules(placement.instance):
        placement.switches[rule] = placement.model.new_bool_var(f"{rule.kind} {rule.subject}")
        if placement.is_strict:
            placement.model.add_bool_and(placement.switches[rule])
    for number in range(len(placement.instance.sessions)):
        if limits.is_over():
            raise make_not_found_error(limits)
        add_session(placement, number)
    add_room_rules(placement)
    add_speaker_rules(placement)
    add_order_rules(placement)
    return placement


def add_session(placement: PlacementModel, number: int) -> None:
    """Add a session's placings; each switches off the rules that it breaks alone."""
    session = placement.instance.sessions[number]
    options: dict[Placing, cp_model.IntVar] = {}
    placings = list(list_conceivable_placings(placement, number))
    home = placement.home[number] if placement.home is not None else None
    if home and home not in placings and fits_in_day(placement.instance, list_slots(session, home.slot)):
        placings.append(home)
    for placing in placings:
        broken = list(list_broken_rules(placement.instance, number, placing))
        if broken and placement.is_strict:
            continue
        options[placing] = placement.model.new_bool_var(f"{number} {placing.slot} {placing.room}")
        for rule in broken:
            placement.model.add_implication(options[placing], placement.switches[rule].negated())
    placement.model.add_exactly_one(options.values())
    placement.placings.append(options)


def takes_any_room(instance: PlannerInstance, number: int) -> bool:
    session = instance.sessions[number]
    return session.duration == 1 and session.locked_room is None and session.allowed_rooms is None


def list_conceivable_placings(placement: PlacementModel, number: int) -> Iterator[Placing]:
    """Yield the placings that end within their day; in a strict model only where the session may start."""
    instance = placement.instance
    rooms = [ANY_ROOM] if takes_any_room(instance, number) else range(len(instance.rooms))
    session = instance.sessions[number]
    slots: Iterable[int] = range(len(instance.slots))
    if placement.is_strict and session.locked_slot is not None:
        slots = [session.locked_slot]
    elif placement.is_strict and session.allowed_slots is not None:
        slots = sorted(session.allowed_slots)
    for slot in slots:
        if fits_in_day(instance, list_slots(session, slot)):
            yield from (Placing(slot, room) for room in rooms)


def list_broken_rules(instance: PlannerInstance, number: int, placing: Placing) -> Iterator[PlannerRule]:
    """Yield the rules that the placing breaks alone; for ANY_ROOM, `add_room_rules` checks the openings."""
    if placing.room != ANY_ROOM:
        yield from list_broken_alone(instance, number, placing)
        return
    for rule in list_broken_alone(instance, number, Placing(placing.slot, 0)):
        if rule.kind != "room-open":
            yield rule


def add_room_rules(placement: PlacementModel) -> None:
    """Add: no cell has two sessions, and no slot more sessions than open rooms."""
    in_cell: dict[tuple[int, int], list[cp_model.IntVar]] = defaultdict(list)
    for number, options in enumerate(placement.placings):
        for placing, variable in options.items():
            for slot in list_slots(placement.instance.sessions[number], placing.slot):
                in_cell[slot, placing.room].append(variable)
    once = placement.switches[PlannerRule("room-once")]
    for slot in range(len(placement.instance.slots)):
        closed = [
            placement.switches[PlannerRule("room-open", room)]
            for room, details in enumerate(placement.instance.rooms)
            if details.open_slots is not None and slot not in details.open_slots
        ]
        running = [
            variable for room in range(-1, len(placement.instance.rooms)) for variable in in_cell[slot, room]
        ]
        total = sum(running) + sum(closed)
        placement.model.add(total <= len(placement.instance.rooms)).only_enforce_if(once)
        for room in range(len(placement.instance.rooms)):
            if len(in_cell[slot, room]) > 1:
                placement.model.add(sum(in_cell[slot, room]) <= 1).only_enforce_if(once)


def add_speaker_rules(placement: PlacementModel) -> None:
    """Add: no speaker is in two sessions at once."""
    for rule, switch in placement.switches.items():
        if rule.kind != "speaker-once":
            continue
        running: dict[int, list[cp_model.IntVar]] = defaultdict(list)
        for number in list_sessions_of(placement.instance, rule.subject):
            for placing, variable in placement.placings[number].items():
                for slot in list_slots(placement.instance.sessions[number], placing.slot):
                    running[slot].append(variable)
        for variables in running.values():
            placement.model.add(sum(variables) <= 1).only_enforce_if(switch)


def add_order_rules(placement: PlacementModel) -> None:
    """Add: no session starts before the one that it follows has ended."""
    for follower, session in enumerate(placement.instance.sessions):
        if session.follows is None:
            continue
        switch = placement.switches[PlannerRule("follows", follower)]
        duration = placement.instance.sessions[session.follows].duration
        # For each slot, as the pairs of placings: tighter than a comparison of the two starts.
        for slot in range(len(placement.instance.slots)):
            late = [
                variable
                for placing, variable in placement.placings[session.follows].items()
                if placing.slot >= slot
            ]
            early = [
                variable
                for placing, variable in placement.placings[follower].items()
                if placing.slot < slot + duration
            ]
            placement.model.add(sum(late) + sum(early) <= 1).only_enforce_if(switch)


def assign_rooms(instance: PlannerInstance, chosen: list[Placing]) -> Plan:
    """Give each session without a room the largest free one of its slot, in the order of the sessions."""
    used = {
        (slot, placing.room)
        for session, placing in zip(instance.sessions, chosen, strict=True)
        if placing.room != ANY_ROOM
        for slot in list_slots(session, placing.slot)
    }
    free: dict[int, list[int]] = {}
    for slot in range(len(instance.slots)):
        rooms = [
            number
            for number, room in enumerate(instance.rooms)
            if (slot, number) not in used and (room.open_slots is None or slot in room.open_slots)
        ]
        free[slot] = sorted(rooms, key=lambda number: instance.rooms[number].capacity)
    plan = list(chosen)
    for number, placing in enumerate(chosen):
        if placing.room == ANY_ROOM:
            plan[number] = Placing(placing.slot, free[placing.slot].pop())
    return tuple(plan)
