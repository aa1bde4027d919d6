"""Derive the facts of a verdict on a device: from rows of its snapshot and its own scans since.

Pure, and the same as device_facts.js on the phone; the consistency test's simulated devices use it. Times in
rows are RFC 3339 as in the snapshot; those of readings and unsent scans milliseconds by the server's clock.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .verdict import ADMITTED, ENTRY_LIFETIME_MS, UNVERIFIED, ScanFacts, Verdict, has_entry_expired

type SnapshotRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A badge as read: `key` names its registration in the snapshot, None for other texts."""

    code_status: str
    key: str | None
    badge_version: int
    direction: str
    at: int
    has_override: bool = False


@dataclass(frozen=True, slots=True)
class DeviceScan:
    """A scan that the device made and that its last snapshot does not contain."""

    id: str
    key: str | None
    door: int
    direction: str
    at: int
    let_in: bool
    # Whether it moved the badge in or out, as the device knew it: only then a place was taken or freed.
    changes_inside: bool = True
    undoes: str = ""
    # Made before the phone was paired anew: refused by the server if that device was revoked.
    is_of_former_pairing: bool = False


def derive_device_facts(
    reading: Reading,
    *,
    checkpoint: SnapshotRow,
    registration: SnapshotRow | None,
    record: SnapshotRow | None,
    presence: SnapshotRow | None,
    limit: SnapshotRow | None,
    unsent_scans: Sequence[DeviceScan],
    sent_scans: Sequence[DeviceScan] = (),
) -> ScanFacts:
    """Return the facts by which the device decides on a reading at its checkpoint.

    `registration`, `presence` and `limit` are the snapshot's rows for the badge and the checkpoint's door;
    `record` is the decrypted record of the registration. `sent_scans` were acknowledged after the snapshot:
    they count for presence, while the lease that came with the answer counts them already. A badge that is
    newer than the snapshot's is unknown here, as one registered a minute ago.
    """
    door = checkpoint["door"]
    # Genuine by its signature: this list is from before the badge was reprinted or the place transferred.
    if registration and reading.badge_version > registration["badge_version"]:
        registration = None
    scans = list_effective_scans([*sent_scans, *unsent_scans], door=door)
    is_inside, is_mine, read_at = find_last_entry(
        presence, [scan for scan in scans if scan.key == reading.key]
    )
    return ScanFacts(
        source="device",
        code_status=reading.code_status,
        registration_state=registration["state"] if registration else "unknown",
        is_current=registration is None or registration["badge_version"] == reading.badge_version,
        entitlement=find_entitlement(record, checkpoint),
        direction=reading.direction,
        at=reading.at,
        opens_at=parse_time_ms(checkpoint["opens_at"]),
        closes_at=parse_time_ms(checkpoint["closes_at"]),
        is_strict=checkpoint["is_strict"],
        places_left=count_leased_places(limit, list_effective_scans(unsent_scans, door=door), at=reading.at),
        is_inside=is_inside,
        is_same_device=is_mine,
        last_read_at=read_at,
        has_override=reading.has_override,
    )


def list_effective_scans(scans: Sequence[DeviceScan], *, door: int) -> list[DeviceScan]:
    """Return the scans at this door that changed who is inside, without those taken back, in order."""
    undone = {scan.undoes for scan in scans if scan.undoes}
    known = {scan.id for scan in scans}
    return [
        scan
        for scan in scans
        # An undo of an earlier scan counts as the opposite move, which is how the server will apply it.
        if scan.door == door
        and scan.id not in undone
        and (scan.undoes not in known if scan.undoes else scan.let_in)
    ]


def find_last_entry(
    presence: SnapshotRow | None, scans: Iterable[DeviceScan]
) -> tuple[bool, bool, int | None]:
    """Return whether the badge is inside, whether this device read its last entry, and when that was."""
    is_inside = bool(presence and presence["is_inside"])
    is_mine = bool(presence and presence["is_mine"])
    read_at = parse_time_ms(presence["read_at"]) if presence else None
    for scan in scans:
        # An undo has the direction of the scan that it takes back.
        if scan.undoes:
            is_inside = scan.direction == "out"
        elif scan.direction == "out":
            is_inside = False
        elif not is_inside or read_at is None or scan.at - read_at >= ENTRY_LIFETIME_MS:
            is_inside, is_mine, read_at = True, True, scan.at
    return is_inside, is_mine, read_at


def count_leased_places(limit: SnapshotRow | None, scans: Iterable[DeviceScan], *, at: int) -> int | None:
    """Return how many more people this device may let in; None without a capacity."""
    if limit is None:
        return None
    expires_at = parse_time_ms(limit["lease_expires_at"])
    if expires_at is not None and expires_at <= at:
        return 0
    moves = [scan for scan in scans if scan.changes_inside]
    # An undone exit takes a place; an undone entry frees one only with the next lease.
    entered = sum((scan.direction == "in") != bool(scan.undoes) for scan in moves)
    left = sum(
        scan.direction == "out" and not scan.undoes and not scan.is_of_former_pairing for scan in moves
    )
    # In a room that holds too many, an exit frees a place only once the excess has left.
    excess = max(0, limit["inside"] - limit["capacity"])
    return max(0, limit["lease"] - entered + max(0, left - excess))


def changes_inside(facts: ScanFacts) -> bool:
    """Return whether the badge moves in or out if its holder passes now."""
    is_inside = facts.is_inside and not has_entry_expired(facts)
    return is_inside == (facts.direction == "out")


def find_entitlement(record: SnapshotRow | None, checkpoint: SnapshotRow) -> str:
    """Return `open` if the checkpoint admits everyone, else `included`, `not_booked` or `not_entitled`."""
    known = record or {}
    session, tickets, addon = checkpoint["session"], checkpoint["tickets"], checkpoint["addon"]
    if session is not None and session not in known.get("sessions", ()):
        return "not_booked"
    if not tickets and addon is None:
        return "open" if session is None else "included"
    is_included = known.get("ticket_id") in tickets or addon in known.get("addons", ())
    return "included" if is_included else "not_entitled"


def lets_in_by_default(verdict: Verdict) -> bool:
    """Return whether the operator lets the attendee pass if they do nothing else than look at the verdict."""
    is_unknown_badge = verdict.verdict == UNVERIFIED and verdict.reason == "unknown"
    return verdict.verdict == ADMITTED or is_unknown_badge


def parse_time_ms(time: str | None) -> int | None:
    """Return an RFC 3339 time in milliseconds since 1970 (UTC)."""
    if not time:
        return None
    # Floor, as Date.parse does with more than three decimals.
    delta = datetime.datetime.fromisoformat(time) - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return delta // datetime.timedelta(milliseconds=1)
