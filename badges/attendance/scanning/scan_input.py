"""A scan as a device sent it. scan_fields.py and serializers.py validate it; scan_time.py dates it."""

import datetime
import hashlib
import json
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .verdict import ACTION, ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED

MAX_SCANS_PER_REQUEST = 200


# The columns' lengths where the text is stored; a code is stored only as a hash.
MAX_CODE_LENGTH = 4096
MAX_REFERENCE_LENGTH = 40
MAX_OPERATOR_LENGTH = 100
MAX_REASON_LENGTH = 300
MAX_PAGE_LENGTH = 40
MAX_SIGNATURE_LENGTH = 100


ALLOWED_VERDICTS = ("", ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED, ACTION)


# The limits of PostgreSQL's integer and bigint columns.
MAX_OFFSET_MS = 2**31 - 1


MAX_COUNTER = 2**63 - 1

# Thirty years: no page is open for longer, and times stay within what datetime can hold.
MAX_ELAPSED_MS = 10**12


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
    let_in: bool | None = None
    undoes: uuid.UUID | None = None
    # The page load that made the scan, and its monotonic clock at that moment.
    page: str = ""
    elapsed_ms: int | None = None
    # The device that made the scan; None is the one that delivers it.
    device_id: int | None = None
    signature: str = ""
    # The item as sent, which the signature covers (see device_signatures.py); "" without a signature.
    signed_item: str = ""

    @cached_property
    def payload_hash(self) -> str:
        """Return a hash that tells the same scan sent again from another one under the same id.

        It leaves out values that may differ between two tries: clock offset, snapshot, delivering device.
        """
        identifying_values: tuple[Any, ...] = (
            # timestamp() rather than the text: the same instant may be written with another offset.
            self.code, self.registration_reference, self.direction, self.scanned_at.timestamp(),
            self.checkpoint, self.device_sequence, self.local_verdict, self.operator, self.override_reason,
        )  # fmt: skip
        # Appended only where sent, so that scans stored before these fields existed keep their hash.
        if self.let_in is not None or self.undoes is not None:
            identifying_values += (self.let_in, str(self.undoes or ""))
        return hashlib.sha256(json.dumps(identifying_values).encode()).hexdigest()

    @cached_property
    def code_hash(self) -> str:
        """Return the hash that is stored instead of the code; "" where no code was read."""
        return hashlib.sha256(self.code.encode()).hexdigest() if self.code else ""


def to_milliseconds(moment: datetime.datetime | None) -> int | None:
    """Return milliseconds since 1970 (UTC)."""
    return None if moment is None else int(moment.timestamp() * 1000)
