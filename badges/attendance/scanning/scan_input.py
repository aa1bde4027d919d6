"""A scan as a device sent it, and when it happened. scan_fields.py and serializers.py validate it."""

import datetime
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from .verdict import ACTION, ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED

MAX_SCANS_PER_REQUEST = 200


# The columns' lengths where the text is stored; a code is stored only as a hash.
MAX_CODE_LENGTH = 4096
MAX_REFERENCE_LENGTH = 40
MAX_OPERATOR_LENGTH = 100
MAX_REASON_LENGTH = 300
MAX_CHECKPOINT_LENGTH = 200


ALLOWED_VERDICTS = ("", ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED, ACTION)


# The limits of PostgreSQL's integer and bigint columns.
MAX_OFFSET_MS = 2**31 - 1


MAX_COUNTER = 2**63 - 1


@dataclass(frozen=True)
class InvalidScan:
    """An item that is not a scan; `detail` tells the device's developer why."""

    sent_id: Any
    detail: str


@dataclass(frozen=True)
class ScanInput:
    """One scan as sent, validated; `code` is trimmed and in upper case."""

    uid: uuid.UUID
    sent_id: str
    code: str
    registration_reference: str
    direction: str
    scanned_at: datetime.datetime
    checkpoint: int | str | None
    device_sequence: int | None
    clock_offset_ms: int | None
    local_verdict: str
    snapshot_sequence: int | None
    operator: str
    override_reason: str

    def payload_hash(self) -> str:
        """Return a hash that tells the same scan sent again from another one under the same id.

        Clock offset and snapshot are left out: they may differ between two tries of one scan.
        """
        identifying_values = (
            # timestamp() rather than the text: the same instant may be written with another offset.
            self.code, self.registration_reference, self.direction, self.scanned_at.timestamp(),
            self.checkpoint, self.device_sequence, self.local_verdict, self.operator, self.override_reason,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(identifying_values).encode()).hexdigest()

    def code_hash(self) -> str:
        """Return the hash that is stored instead of the code; "" where no code was read."""
        return hashlib.sha256(self.code.encode()).hexdigest() if self.code else ""


LATE_AFTER = datetime.timedelta(seconds=20)


MAX_CLOCK_SKEW = datetime.timedelta(minutes=2)


MILLISECOND = datetime.timedelta(milliseconds=1)


def effective_time(scan_input: ScanInput, received_at: datetime.datetime) -> datetime.datetime:
    """Return when the badge was read by the server's clock; never later than it was received."""
    # A scan "from the future" would otherwise stay the latest one and make all real scans after it late.
    return min(scan_input.scanned_at + MILLISECOND * (scan_input.clock_offset_ms or 0), received_at)


def is_late_scan(scan_input: ScanInput, received_at: datetime.datetime) -> bool:
    """Return whether the scan arrived so late that the attendee has already passed."""
    return received_at - effective_time(scan_input, received_at) > LATE_AFTER


def has_uncertain_time(scan_input: ScanInput, received_at: datetime.datetime) -> bool:
    """Return whether the device's clock is off by more than two minutes, or its offset is unknown."""
    offset = scan_input.clock_offset_ms
    # Such scans count all the same; the flag tells an organizer to distrust the order of events.
    if offset is None or abs(offset) * MILLISECOND > MAX_CLOCK_SKEW:
        return True
    return scan_input.scanned_at + offset * MILLISECOND > received_at + MAX_CLOCK_SKEW


def to_milliseconds(moment: datetime.datetime | None) -> int | None:
    """Return milliseconds since 1970 (UTC)."""
    return None if moment is None else int(moment.timestamp() * 1000)
