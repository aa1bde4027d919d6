"""What the database knows of the scans at hand, read in sets, and what is written back."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from convention.events.models import EventKey
from registrations.models import Registration, SessionSeat

from .columns import MOVED, PRESENCE, SCAN, STATE, STATE_FIELDS
from .dialect import add_rows
from .inside import still_inside
from .models import Checkpoint, Device, Presence, Scan
from .presence import COUNTED, NOBODY, Pass, State
from .reading import Reading
from .signatures import Code, Key, judge, key_number

type Pair = tuple[int, int]
"""A registration and a door, by their ids."""

HELD = [
    "reference", "generation", "first_name", "last_name", "company", "held_until", "confirmed_at",
    "cancelled_at", "merged_into", "order", "ticket__name", "ticket__name_en",
]  # fmt: skip
MERGED, UNVERIFIED = "merged", "unverified"
OVER = f"ON CONFLICT (checkpoint_id, registration_id) DO UPDATE SET {MOVED}"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a badge, as far as a door needs to know."""

    pk: int
    generation: int
    state: str
    name: str
    company: str
    ticket: str


@dataclass(slots=True)
class Ledger:
    """What is known of a batch: `codes` come first, `load` adds the rest; kept up to date while deciding."""

    device: Device
    codes: dict[str, Code] = field(default_factory=dict)
    holders: dict[str, Holder | None] = field(default_factory=dict)
    stored: dict[uuid.UUID, Scan] = field(default_factory=dict)
    states: dict[Pair, State] = field(default_factory=dict)
    passes: dict[Pair, list[Pass]] = field(default_factory=dict)
    places: dict[int, int] = field(default_factory=dict)
    booked: dict[int, set[int]] = field(default_factory=dict)

    def holder(self, reading: Reading) -> Holder | None:
        """Who this scan is about; nobody where the code is not of this event."""
        code = self.codes.get(reading.code)
        reference = code.claim.registration if code and code.claim else reading.registration
        return self.holders.get(reference)

    def booking(self, door: Checkpoint, holder: Holder | None) -> str:
        """Whether a door that takes bookings admits this holder: `open`, `booked` or `missing`.

        `booked` holds the registrations by checkpoint, for those doors alone.
        """
        if door.pk not in self.booked:
            return "open"
        return "booked" if holder and holder.pk in self.booked[door.pk] else "missing"


class Followed(Exception):
    """A badge was merged into another one, whose row is to be locked in its turn: all is read again."""

    def __init__(self, into: Iterable[int]) -> None:
        super().__init__("A badge that was merged is followed.")
        self.into = frozenset(into)


def load(ledger: Ledger, readings: dict[Reading, Checkpoint], also: frozenset[int] = frozenset()) -> None:
    """Read all else that the scans need, in a fixed number of queries, and lock what must not move.

    Rows are locked in the order of their ids (capacity doors, then registrations), so that two batches
    never wait for each other. Call it in a transaction. Raises Followed for badges whose registration was
    merged into one that is not at hand: it is locked in its turn when `also` names it.
    """
    device = ledger.device
    ledger.places = lock_places(device, readings.values())
    references = {code.claim.registration for code in ledger.codes.values() if code.claim}
    ledger.holders = lock_holders(device, references | {reading.registration for reading in readings}, also)
    ledger.stored = stored_scans(device, [reading.uid for reading in readings])
    holders = [holder.pk for holder in ledger.holders.values() if holder]
    ledger.states = states_of(holders, {door.door_id for door in readings.values()})
    ledger.booked = booked_at({door.pk for door in readings.values() if door.session_id}, holders)


def booked_at(doors: set[int], holders: list[int]) -> dict[int, set[int]]:
    """For each of these checkpoints whose session takes bookings, who of these holders has a seat in it."""
    if not doors:
        return {}
    bookable = Checkpoint.objects.filter(pk__in=doors, session__is_bookable=True)
    sessions = dict(bookable.order_by().values_list("pk", "session"))
    if not sessions:
        return {}
    seats = SessionSeat.objects.standing().filter(session__in=sessions.values(), registration__in=holders)
    holding: dict[int, set[int]] = {session: set() for session in sessions.values()}
    for session, holder in seats.order_by().values_list("session", "registration"):
        holding[session].add(holder)
    return {door: holding[session] for door, session in sessions.items()}


def judge_codes(device: Device, readings: Iterable[Reading]) -> dict[str, Code]:
    """What each code is to the device's event."""
    codes = {reading.code for reading in readings if reading.code}
    numbers = {number for number in map(key_number, codes) if number is not None}
    rows = EventKey.objects.filter(number__in=numbers).values_list("number", "event_id", "public_key")
    keys = {number: Key(event, bytes(public)) for number, event, public in rows}
    return {code: judge(code, keys, device.event_id) for code in codes}


def lock_places(device: Device, doors: Iterable[Checkpoint]) -> dict[int, int]:
    """Places left at the doors that have a limit, exact until the transaction ends."""
    limited = {door.door_id for door in doors if door.capacity is not None or door.counted_at_id}
    if not limited:
        return {}
    locked = Checkpoint.objects.filter(pk__in=limited, capacity__isnull=False).order_by("pk")
    capacities = dict(locked.select_for_update(no_key=True).values_list("pk", "capacity"))
    inside = Presence.objects.filter(
        still_inside(), event=device.event_id, checkpoint__in=capacities
    ).order_by()
    counts = dict(inside.values_list("checkpoint").annotate(count=Count("*")))
    return {door: capacity - counts.get(door, 0) for door, capacity in capacities.items()}


def lock_holders(device: Device, references: set[str], also: frozenset[int]) -> dict[str, Holder | None]:
    """The registrations of this event with these references, locked until the transaction ends.

    Raises Followed.
    """
    named = Q(event=device.event_id, reference__in=references - {""})
    rows = Registration.objects.filter(named | Q(pk__in=also) if also else named)
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk").select_related("ticket")
    found = {row.pk: row for row in locked.only(*HELD)}
    if missing := {row.merged_into_id for row in found.values()} - {None, *found}:
        raise Followed(pk for pk in missing if pk is not None)
    return {
        row.reference: merged_holder(row, found[row.merged_into_id]) if row.merged_into_id else holder_of(row)
        for row in found.values()
    }


def merged_holder(row: Registration, kept: Registration) -> Holder:
    """Who holds a badge that was merged: the person of the other one, by which alone they come in."""
    return Holder(kept.pk, row.generation, MERGED, kept.name, kept.company, kept.ticket.title)


def holder_of(row: Registration | None) -> Holder | None:
    """What a door needs to know of a registration."""
    if row is None:
        return None
    return Holder(row.pk, row.generation, state_at_door(row), row.name, row.company, row.ticket.title)


def state_at_door(row: Registration) -> str:
    """Return the state of a registration; a pending one that is not paid by card is `unverified`."""
    is_unverified = row.state == Registration.State.PENDING and not row.order.is_by_card
    return UNVERIFIED if is_unverified else row.state


def stored_scans(device: Device, uids: list[uuid.UUID]) -> dict[uuid.UUID, Scan]:
    """The scans that this device sent before under the same ids."""
    rows = Scan.objects.filter(device=device, uid__in=uids).select_related(
        "registration__ticket", "checkpoint"
    )
    return {row.uid: row for row in rows}


def states_of(registrations: list[int], doors: set[int]) -> dict[Pair, State]:
    """The presences of these registrations at these doors."""
    rows = Presence.objects.filter(registration__in=registrations, checkpoint__in=doors).values_list(
        "registration_id", "checkpoint_id", *STATE_FIELDS, F("last_device__checkpoint__name")
    )
    return {
        (registration, door): State(*values, gate or "")  # type: ignore[call-arg]  # fields in order
        for registration, door, *values, gate in rows
    }


def passes_of(pairs: Iterable[Pair]) -> dict[Pair, list[Pass]]:
    """All counted scans of these registrations at these doors, from the scans themselves."""
    found: dict[Pair, list[Pass]] = {pair: [] for pair in pairs}
    if not found:
        return found
    doors = {door for _registration, door in found}
    people = {registration for registration, _door in found}
    scans = Scan.objects.filter(Q(registration__in=people) | Q(registration__merged_into__in=people))
    for registration, door, one in counted(scans, doors):
        if (registration, door) in found:
            found[registration, door].append(one)
    return found


def of_person(registration: Registration) -> Q:
    """A condition on scans: of this registration, or of one that was merged into it."""
    return Q(registration=registration) | Q(registration__merged_into=registration)


def counted(scans: QuerySet[Scan], doors: set[int] | None = None) -> Iterable[tuple[int, int, Pass]]:
    """Registration, door and pass of each scan that counts, at these doors or at all.

    What was merged counts for what it was merged into.
    """
    rows = scans.annotate(owner=Coalesce("registration__merged_into", "registration")).filter(
        verdict__in=COUNTED, registration__isnull=False
    )
    if doors is not None:
        rows = rows.filter(Q(checkpoint__in=doors) | Q(checkpoint__counted_at__in=doors))
    fields = (
        "owner", "checkpoint_id", "checkpoint__counted_at_id", "effective_at", "device_id", "uid",
        "direction", "local_verdict", "override_reason", "device__may_override", "resolution__kind",
        "checkpoint__name", "device_sequence",
    )  # fmt: skip
    for (
        registration,
        checkpoint,
        counted_at,
        *values,
        override,
        is_supervisor,
        resolution,
        gate,
        sequence,
    ) in rows.values_list(*fields).iterator(chunk_size=5000):
        yield (
            registration,
            counted_at or checkpoint,
            Pass(*values, bool(override and is_supervisor), resolution or "", gate, sequence or 0),  # type: ignore[call-arg]  # in order
        )


def store(ledger: Ledger, scans: list[dict[str, Any]], changed: set[Pair], *, at: datetime.datetime) -> None:
    """Add the scans and bring the presences up to date."""
    add_rows(Scan._meta.db_table, SCAN, scans)
    write_presences(ledger.device.event_id, {pair: ledger.states[pair] for pair in changed}, at=at)


def write_presences(event_id: int, states: dict[Pair, State], *, at: datetime.datetime) -> None:
    """Write these presences over what is there, in the order of their keys."""
    rows = [
        {"event_id": event_id, "checkpoint_id": door, "registration_id": registration, "changed_at": at}
        | {name: getattr(state, name.removesuffix("_id")) for name in STATE}
        for (registration, door), state in sorted(states.items())
    ]
    add_rows(Presence._meta.db_table, PRESENCE, rows, ending=OVER)


def state_of(pair: Pair, ledger: Ledger) -> State:
    """The presence as known now."""
    return ledger.states.get(pair, NOBODY)
