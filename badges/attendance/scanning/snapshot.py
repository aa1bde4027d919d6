"""Load the snapshot from which a device decides offline.

Without `since`, with one that this event never reached, or after presences were rebuilt, the snapshot is
complete, and the device replaces its data; otherwise it holds only changes. Both cursors are numbers of
changes, not times. snapshot_serializers.py describes request and response.
"""

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import F, Q
from django.utils import timezone

from badges.attendance.entitlements import find_entitlements
from badges.attendance.models import Checkpoint, Device, Presence
from badges.codes import make_short_code, sign_badge_token
from convention import hooks
from convention.events.models import Event, EventKey
from convention.events.signing_keys import get_signing_key
from registrations.models import Registration

from .device_state.leases import CapacityLimit, renew_lease
from .device_state.silence import (
    SilentDevice,
    count_possible_entries,
    count_possible_exits,
    find_silent_devices,
)
from .numbering import is_cursor_invalid, number_changes
from .record_encryption import encrypt_record, hash_short_code, make_registration_key

# The values that `make_person_record` takes.
PERSON_COLUMNS = (
    "first_name", "last_name", "company", "no_photo", "ticket_id", "ticket__name", "ticket__name_en",
)  # fmt: skip


class BadgeRecord(NamedTuple):
    """A registration that ever had a valid badge, encrypted under its current code.

    `state` is "confirmed", "unnamed" if the attendee's name is to follow, "cancelled", or "merged" into
    another registration of the same attendee. `short` is for devices that may look up typed codes: see
    `hash_short_code`.
    """

    key: str
    badge_version: int
    state: str
    sealed: str
    short: str = ""


class PresenceRecord(NamedTuple):
    """A presence at `door`, the checkpoint at which scans count; `is_mine`: this device read that entry.

    `read_at` is the time of the last entry, as `entered_at`: the verdict compares it with a new read.
    """

    key: str
    door: int
    is_inside: bool
    entered_at: datetime.datetime | None
    left_at: datetime.datetime | None
    read_at: datetime.datetime | None
    gate: str
    is_mine: bool


@dataclass(frozen=True)
class Snapshot:
    """The data that replaces a device's own, if `full`, or its changes.

    `removed` are the keys of registrations that lost their place without ever having had a badge.
    """

    device: Device
    event: Event
    checkpoint_state: "CheckpointState"
    presences_cursor: str
    full: bool
    server_time: datetime.datetime
    keys: Sequence[EventKey]
    checkpoints: Sequence[Checkpoint]
    registrations: Sequence[BadgeRecord]
    removed: Sequence[str]
    presences: Sequence[PresenceRecord]


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """The state of the device's checkpoint that changes without any change of a presence."""

    device: Device
    limits: list[CapacityLimit]
    silent_devices: list[SilentDevice]

    @property
    def silent_device_count(self) -> int:
        return len(self.silent_devices)

    @property
    def uncertain_entries(self) -> int:
        return count_possible_entries(self.silent_devices)

    @property
    def uncertain_exits(self) -> int:
        return count_possible_exits(self.silent_devices)


def load_checkpoint_state(device: Device, *, at: datetime.datetime, pending: int = 0) -> CheckpointState:
    """Return the state of the device's checkpoint, and renew the device's lease there."""
    limit = renew_lease(device, at=at, pending=pending)
    checkpoint_id = device.checkpoint.presence_checkpoint_id
    silent = find_silent_devices(device.event, at=at, checkpoint_id=checkpoint_id)
    # The device itself is not silent, since it sends this request.
    others = [each for each in silent if each.device_id != device.pk]
    return CheckpointState(device, [limit] if limit else [], others)


def make_etag(checkpoint_state: CheckpointState, since: int, cursor: int | None) -> str:
    """Return the ETag of a snapshot: of event, presences, device, checkpoint state and both cursors."""
    device = checkpoint_state.device
    # Numbers are given here, before the tag is compared, so that new scans change the tag at once.
    latest = number_changes(device.event_id)
    parts = (
        device.pk,
        device.checkpoint_id,
        device.can_override,
        device.event.sequence,
        device.event.starts_at,
        latest,
        since,
        cursor,
        checkpoint_state.limits,
        checkpoint_state.silent_device_count,
        checkpoint_state.uncertain_entries,
        checkpoint_state.uncertain_exits,
    )
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def load_snapshot(
    checkpoint_state: CheckpointState, *, since: int = 0, cursor: int | None = None
) -> Snapshot:
    """Return the changes after both cursors; without `since`, everything."""
    device, event = checkpoint_state.device, checkpoint_state.device.event
    # Before the presences are read: what changes in between is sent twice rather than never.
    latest = number_changes(event.pk)
    is_restarted = cursor is not None and is_cursor_invalid(event.pk, cursor)
    # A sequence from the future comes from a database that was restored since: start over.
    full = since <= 0 or since > event.sequence or is_restarted
    # A cursor from the future was never given: perhaps the database was restored from a backup.
    if cursor is not None and cursor > latest:
        cursor = None
    changed_rows = Registration.objects.filter(event=event)
    if not full:
        # During the event most requests come after new scans alone, and read no registration.
        has_changes = since < event.sequence
        changed_rows = changed_rows.filter(sequence__gt=since) if has_changes else changed_rows.none()
    return Snapshot(
        device=device,
        event=event,
        checkpoint_state=checkpoint_state,
        presences_cursor=str(latest) if latest else "",
        full=full,
        server_time=timezone.now(),
        keys=list(event.keys.all()),
        checkpoints=list(event.checkpoints.select_related("session").prefetch_related("tickets")),
        registrations=list(make_badge_records(device, changed_rows)),
        # A full snapshot replaces the device's data, so it need not name what to delete.
        removed=[] if full else list_removed_keys(changed_rows),
        presences=list(load_presence_records(device, None if full else cursor)),
    )


def make_badge_records(device: Device, changed_rows: Any) -> Iterator[BadgeRecord]:
    """Yield the registrations that have or had a valid badge.

    The encrypted record is {"name", "company", "ticket", "note", "no_photo"}, with "ticket_en" if the ticket
    has another name in English, "ticket_id", and "sessions" and "addons", the ids of booked sessions and of
    add-ons, if there are any; "to_pay" is true for attendees who have something to pay at the desk.
    """
    signing_key, slug = get_signing_key(device.event), device.event.slug
    entitlements, remarks = find_entitlements(changed_rows), hooks.badge_remarks.provider()(changed_rows)
    rows = (
        changed_rows.filter(confirmed_at__isnull=False)
        .order_by("pk")
        .values_list("pk", "reference", "badge_version", "cancelled_at", "merged_into", *PERSON_COLUMNS)
    )
    for pk, reference, badge_version, cancelled_at, merged_into, *columns in rows:
        record = make_person_record(columns, entitlements.get(pk, {}), remarks.get(pk, {}))
        token = sign_badge_token(reference, badge_version, signing_key)
        yield BadgeRecord(
            key=make_registration_key(reference),
            badge_version=badge_version,
            state=get_badge_state(merged_into, cancelled_at, record["name"]),
            sealed=encrypt_record(token, record),
            short=hash_short_code(slug, make_short_code(token)) if device.can_override else "",
        )


def get_badge_state(merged_into: int | None, cancelled_at: datetime.datetime | None, name: object) -> str:
    """Return the state of a registration that was confirmed, as a device's snapshot has it."""
    # A merged registration is cancelled too; "merged" gives the operator the better reason.
    if merged_into or cancelled_at:
        return "merged" if merged_into else "cancelled"
    return "confirmed" if name else "unnamed"


def make_person_record(columns: list[Any], *additions: dict[str, Any]) -> dict[str, object]:
    """Return an attendee's record from the values of PERSON_COLUMNS, with entitlements and remarks added."""
    first, last, company, no_photo, ticket_id, *ticket_names = columns
    record: dict[str, object] = {
        "name": f"{first} {last}".strip(),
        "company": company,
        **describe_ticket(*ticket_names),
        "note": "",
        "no_photo": no_photo,
        "ticket_id": ticket_id,
    }
    # Others are left out rather than sent empty: snapshots of 10,000 registrations must stay below 3 MB
    # (figures.md).
    for addition in additions:
        record |= addition
    return record


def describe_ticket(name: str, name_en: str) -> dict[str, str]:
    """Return the ticket's names; the English one only if it differs, since every record repeats it."""
    return {"ticket": name} if name_en in {"", name} else {"ticket": name, "ticket_en": name_en}


def list_removed_keys(changed_rows: Any) -> list[str]:
    """Return the keys of registrations that lost their place without ever having had a badge."""
    removed = changed_rows.filter(confirmed_at__isnull=True).filter(
        Q(cancelled_at__isnull=False) | Q(hold_expires_at__lte=timezone.now())
    )
    return [make_registration_key(reference) for reference in removed.values_list("reference", flat=True)]


def load_presence_records(device: Device, cursor: int | None) -> Iterator[PresenceRecord]:
    """Yield the presences at the device's checkpoint with a change after the cursor."""
    own_checkpoint = device.checkpoint.presence_checkpoint_id
    rows = Presence.objects.filter(event=device.event_id, checkpoint=own_checkpoint)
    if cursor is not None:
        rows = rows.filter(sequence__gt=cursor)
    fields = ("is_inside", "last_entered_at", "last_left_at", "last_device_id")
    for reference, checkpoint_id, gate, inside, entered, left, device_id in rows.values_list(
        "registration__reference", "checkpoint_id", F("last_checkpoint__name"), *fields
    ):
        yield PresenceRecord(
            key=make_registration_key(reference),
            door=checkpoint_id,
            is_inside=inside,
            entered_at=entered,
            left_at=left,
            read_at=entered,
            gate=gate or "",
            is_mine=device_id == device.pk,
        )
