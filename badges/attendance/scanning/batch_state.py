"""Load the rows that decide a batch of scans, in a fixed number of queries, and save the batch."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from badges.attendance.entitlements import find_booked_registrations, find_entitled_registrations
from badges.attendance.models import Checkpoint, Device, Presence, Scan
from convention.db.raw_sql import insert_rows
from convention.events.models import EventKey
from registrations.models import Registration

from .device_state.leases import LeasedPlaces, load_leased_places
from .inputs.received_scan import ReceivedScan
from .inputs.scan_devices import find_pairing_people, was_device_valid
from .lookup.short_codes import check_short_codes
from .presence import NEVER_SCANNED, PresenceState
from .presence_store import PresenceKey, filter_still_inside, load_presence_states, save_presences
from .scan_input import ScanInput
from .signatures import CheckedCode, EventPublicKey, check_code, get_key_number
from .sql import SCAN_COLUMNS

# All that make_holder and Registration.state read, in both ways of recording a scan: a column that is missing
# costs a query for each scan.
HOLDER_COLUMNS = [
    "id", "reference", "badge_version", "first_name", "last_name", "company", "hold_expires_at",
    "confirmed_at", "cancelled_at", "transferred_at", "merged_into_id", "order_id",
]  # fmt: skip
HOLDER_TICKET_COLUMNS = ["id", "name", "name_en"]


MERGED_STATE, UNVERIFIED_STATE, UNNAMED_STATE = "merged", "unverified", "unnamed"
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class ScannedHolder:
    """The data about a badge's holder that a checkpoint needs."""

    pk: int
    reference: str
    badge_version: int
    state: str
    name: str
    company: str
    ticket: str
    transferred_at: datetime.datetime | None = None

    def held_place_at(self, at: datetime.datetime) -> bool:
        """Return whether the place was this holder's at `at`; before a transfer it was another person's."""
        return self.transferred_at is None or at >= self.transferred_at


@dataclass(slots=True)
class BatchState:
    """The state that a batch is decided on; each decided scan updates it for the next one.

    `device` delivers the scans. Pass it and `checked_codes` on creation; `load_batch_state` loads the rest.
    """

    device: Device
    checked_codes: dict[str, CheckedCode] = field(default_factory=dict)
    holders: dict[str, ScannedHolder | None] = field(default_factory=dict)
    stored_scans: dict[uuid.UUID, Scan] = field(default_factory=dict)
    stored_undos: list[Scan] = field(default_factory=list)
    presence_states: dict[PresenceKey, PresenceState] = field(default_factory=dict)
    capacities: dict[int, int] = field(default_factory=dict)
    places_left: dict[int, int] = field(default_factory=dict)
    leases: LeasedPlaces = field(default_factory=LeasedPlaces)
    booked_registrations: dict[int, set[int]] = field(default_factory=dict)
    entitled_registrations: dict[int, set[int]] = field(default_factory=dict)
    pairing_people: dict[datetime.date, set[int]] = field(default_factory=dict)

    def find_holder(self, scan_input: ScanInput) -> ScannedHolder | None:
        """Return the holder of the scanned badge; None if no registration of this event has its code."""
        code = self.checked_codes.get(scan_input.code)
        reference = (
            code.claim.registration_reference if code and code.claim else scan_input.registration_reference
        )
        return self.holders.get(reference)

    def was_valid(self, received: ReceivedScan) -> bool:
        """Return whether the scan's device was still valid when it made the scan."""
        # The device that delivers was authenticated.
        if received.device.pk == self.device.pk:
            return True
        at = received.time.effective_at
        # Loaded on demand, once for each day: times may still be raised after `load_batch_state`.
        day = timezone.localdate(at)
        if day not in self.pairing_people:
            self.pairing_people[day] = find_pairing_people(self.device.event_id, day)
        return was_device_valid(received.device, at, self.pairing_people[day])

    def find_entitlement(self, checkpoint: Checkpoint, holder: ScannedHolder | None) -> str:
        """Return the holder's entitlement at this checkpoint, as verdict.py names it."""
        booked = self.booked_registrations.get(checkpoint.pk)
        entitled = self.entitled_registrations.get(checkpoint.pk)
        if booked is None and entitled is None:
            return "open"
        if booked is not None and (holder is None or holder.pk not in booked):
            return "not_booked"
        if entitled is not None and (holder is None or holder.pk not in entitled):
            return "not_entitled"
        return "included"


class BadgeWasMerged(Exception):
    """A badge was merged into a registration whose row is not locked yet; load everything again."""

    def __init__(self, survivor_ids: Iterable[int]) -> None:
        super().__init__("The survivor of a merged badge is not locked.")
        self.survivor_ids = frozenset(survivor_ids)


def load_batch_state(
    batch_state: BatchState,
    received_scans: list[ReceivedScan],
    *,
    at: datetime.datetime,
    survivor_ids: frozenset[int] = frozenset(),
) -> None:
    """Load all other rows that the scans need, and lock those that must not change.

    Rows are locked in order of their ids, checkpoints with a capacity before registrations, so that two
    batches never deadlock. Call it in a transaction. `survivor_ids` are further registrations to load:
    survivors of merged badges. Raise BadgeWasMerged for badges whose survivor is not among them.
    """
    device = batch_state.device
    checkpoints = [received.checkpoint for received in received_scans]
    scan_inputs = [received.scan_input for received in received_scans]
    batch_state.capacities = lock_capacities(checkpoints)
    batch_state.places_left = count_places_left(device, batch_state.capacities, at=at)
    batch_state.leases = load_leased_places(batch_state.capacities, at=at)
    references = {
        code.claim.registration_reference for code in batch_state.checked_codes.values() if code.claim
    }
    batch_state.holders = lock_holders(
        device, references | {scan_input.registration_reference for scan_input in scan_inputs}, survivor_ids
    )
    # Read after the locks: a concurrent batch may have stored these very scans while this one waited.
    batch_state.stored_scans, batch_state.stored_undos = load_stored_scans(device, scan_inputs)
    holders = [holder.pk for holder in batch_state.holders.values() if holder]
    # Presences are not locked: every scan that changes one holds the lock on its registration.
    batch_state.presence_states = load_presence_states(
        holders, {checkpoint.presence_checkpoint_id for checkpoint in checkpoints}
    )
    batch_state.booked_registrations = find_booked_registrations(
        {checkpoint.pk for checkpoint in checkpoints if checkpoint.session_id}, holders
    )
    batch_state.entitled_registrations = find_entitled_registrations(checkpoints, holders)


def check_codes(device: Device, scan_inputs: Iterable[ScanInput]) -> dict[str, CheckedCode]:
    """Check each code against the keys of the device's event."""
    codes = {scan_input.code for scan_input in scan_inputs if scan_input.code}
    # Keys of all events, not of this one alone: a badge of another event is told apart from a forged one.
    numbers = {number for number in map(get_key_number, codes) if number is not None}
    rows = EventKey.objects.filter(number__in=numbers).values_list("number", "event_id", "public_key")
    keys = {number: EventPublicKey(event, bytes(public)) for number, event, public in rows}
    checked = {code: check_code(code, keys, device.event_id) for code in codes}
    return checked | check_short_codes(device, codes)


def lock_capacities(checkpoints: Iterable[Checkpoint]) -> dict[int, int]:
    """Lock the checkpoints with a capacity at which these count, and return their capacities."""
    # A gate may have no capacity while the entrance that it counts for has one.
    limited = {
        checkpoint.presence_checkpoint_id
        for checkpoint in checkpoints
        if checkpoint.capacity is not None or checkpoint.counts_as_id
    }
    if not limited:
        return {}
    locked = Checkpoint.objects.filter(pk__in=limited, capacity__isnull=False).order_by("pk")
    # NO KEY UPDATE: inserting a scan takes a key-share lock on its checkpoint, which FOR UPDATE would block.
    return {
        pk: capacity or 0
        for pk, capacity in locked.select_for_update(no_key=True).values_list("pk", "capacity")
    }


def count_places_left(device: Device, capacities: dict[int, int], *, at: datetime.datetime) -> dict[int, int]:
    """Return the places left at locked checkpoints; exact until the transaction ends."""
    if not capacities:
        return {}
    inside = Presence.objects.filter(
        filter_still_inside(at=at), event=device.event_id, checkpoint__in=capacities
    ).order_by()
    counts = dict(inside.values_list("checkpoint").annotate(count=Count("*")))
    return {checkpoint: capacity - counts.get(checkpoint, 0) for checkpoint, capacity in capacities.items()}


def lock_holders(
    device: Device, references: set[str], survivor_ids: frozenset[int]
) -> dict[str, ScannedHolder | None]:
    """Lock and return the holders with these references. Raise BadgeWasMerged."""
    named = Q(event=device.event_id, reference__in=references - {""})
    rows = Registration.objects.filter(named | Q(pk__in=survivor_ids) if survivor_ids else named)
    # of=("self",) leaves the ticket unlocked: all scans share it and would wait for each other.
    locked = rows.select_for_update(of=("self",), no_key=True).order_by("pk").select_related("ticket")
    ticket_fields = [f"ticket__{name}" for name in HOLDER_TICKET_COLUMNS]
    rows_by_pk = {row.pk: row for row in locked.only(*HOLDER_COLUMNS, *ticket_fields)}
    # Locking the survivors now would break the order of ids, so the caller starts over with them.
    if missing := {row.merged_into_id for row in rows_by_pk.values()} - {None, *rows_by_pk}:
        raise BadgeWasMerged(pk for pk in missing if pk is not None)
    return {
        row.reference: make_merged_holder(row, rows_by_pk[row.merged_into_id])
        if row.merged_into_id
        else make_holder(row)
        for row in rows_by_pk.values()
    }


def make_merged_holder(row: Registration, survivor: Registration) -> ScannedHolder:
    """Return the holder of a merged badge: the survivor's data with the state `merged`."""
    transfers = [each.transferred_at for each in (row, survivor) if each.transferred_at]
    return ScannedHolder(
        survivor.pk, survivor.reference, row.badge_version, MERGED_STATE, survivor.name, survivor.company,
        survivor.ticket.title, max(transfers, default=None),
    )  # fmt: skip


def make_holder(row: Registration | None) -> ScannedHolder | None:
    if row is None:
        return None
    return ScannedHolder(
        row.pk, row.reference, row.badge_version, get_scan_state(row), row.name, row.company,
        row.ticket.title, row.transferred_at,
    )  # fmt: skip


# An order by card awaits its payment, any other awaits the click on the mailed link. The desk settles both,
# but the operator must give the right reason (see REASON_BY_REGISTRATION_STATE).
def get_scan_state(row: Registration) -> str:
    """Return the registration's state; `unverified` if pending and not by card, `unnamed` without a name."""
    if row.state == Registration.State.CONFIRMED and not row.has_name:
        return UNNAMED_STATE
    is_unverified = row.state == Registration.State.PENDING and not row.order.is_by_card
    return UNVERIFIED_STATE if is_unverified else row.state


def load_stored_scans(
    device: Device, scan_inputs: list[ScanInput]
) -> tuple[dict[uuid.UUID, Scan], list[Scan]]:
    """Return the scans stored under the ids that the inputs have or take back, and undos of the inputs."""
    uids = [scan_input.uid for scan_input in scan_inputs]
    named = {*uids, *(scan_input.undoes for scan_input in scan_inputs if scan_input.undoes)}
    # Prefetched rather than joined, since hardly any scan of a batch is stored already.
    scans = Scan.objects.filter(event=device.event_id).prefetch_related(
        "registration__ticket", "checkpoint", "device"
    )
    # Not one condition with OR, for which SQLite would read all scans of the event.
    rows = scans.filter(uid__in=named).union(scans.filter(undoes__in=uids), all=True)
    stored = {row.uid: row for row in rows}
    return stored, [row for row in stored.values() if row.undoes and row.reason == UNDONE]


def save_batch(
    batch_state: BatchState, scans: list[dict[str, Any]], changed: set[PresenceKey], *, at: datetime.datetime
) -> None:
    """Insert the scans and upsert the changed presences."""
    insert_rows(Scan._meta.db_table, SCAN_COLUMNS, scans)
    batch_state.leases.save()
    save_presences(
        batch_state.device.event_id, {key: batch_state.presence_states[key] for key in changed}, at=at
    )


def get_presence_state(key: PresenceKey, batch_state: BatchState) -> PresenceState:
    return batch_state.presence_states.get(key, NEVER_SCANNED)
