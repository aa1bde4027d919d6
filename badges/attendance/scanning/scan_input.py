"""Parse the body of `POST /api/v1/scanner/scans/`, item by item, strictly and without a database.

    {"scans": [{"id": "UUID made on the device", "code": "HTTPS://.../B/TOKEN, as read",
                "direction": "in" or "out", "at": "2026-06-17T08:31:02+02:00, by the device's clock"}]}

At most 200 scans. Optional in each: `registration` (its reference, instead of `code`, when found by name),
`checkpoint` (its id in the snapshot, or its name; default: the device's own), `sequence` (the device's
counter), `clock_offset_ms` (measured: server time minus device time), `local_verdict` (the verdict that the
operator saw), `snapshot` (the sequence it was decided from), `operator` (name of the phone's user),
`override_reason`.

    {"sequence": 43, "server_time": "...", "results": [
      {"id": "UUID", "verdict": "already_in", "reason": "conflict", "name": "A B", "company": "C",
       "ticket": "Adhérent", "entered_at": "2026-06-17T07:12:00+02:00", "gate": "Entrée",
       "replayed": false, "detail": ""}]}

There is one result for each item, in the order sent, even for invalid items (`refused`, `invalid`; `detail`
says why). An item that has a result is acknowledged, and the device may delete it. With `already_in`,
`entered_at` and `gate` say when and where; name, company and ticket are empty for codes of other events.
"""

import datetime
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .verdict import ACTION, ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED

MAX_SCANS_PER_REQUEST = 200


# The columns' lengths where the text is stored; `code` is stored only as a hash.
MAX_TEXT_LENGTHS = {
    "code": 4096, "registration": 40, "operator": 100, "override_reason": 300, "local_verdict": 20,
}  # fmt: skip


ALLOWED_VERDICTS = ("", ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED, ACTION)


# The limits of PostgreSQL's integer and bigint columns.
MAX_OFFSET_MS = 2**31 - 1


MAX_COUNTER = 2**63 - 1


class InvalidScanInput(ValueError):
    """The item is not a scan; the message tells the device's developer why."""


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


def parse_scan_input(item: Any) -> ScanInput:
    """Parse one item. Raise InvalidScanInput."""
    if not isinstance(item, dict):
        raise InvalidScanInput(_("A scan is an object."))
    code, registration = (
        # Hand scanners may send lower case or spaces; codes and references are upper case by design.
        parse_text(item, "code").strip().upper(),
        parse_text(item, "registration").strip().upper(),
    )
    if not code and not registration:
        raise InvalidScanInput(_("“code” is missing."))
    if item.get("direction") not in ("in", "out"):
        raise InvalidScanInput(_("“direction” is “in” or “out”."))
    if parse_text(item, "local_verdict") not in ALLOWED_VERDICTS:
        raise InvalidScanInput(_("“local_verdict” is not a verdict."))
    return ScanInput(
        uid=parse_uuid(item.get("id")),
        sent_id=item["id"],
        code=code,
        # A code is signed, a reference is not: with both, only the code counts.
        registration_reference="" if code else registration,
        direction=item["direction"],
        scanned_at=parse_time(item.get("at")),
        checkpoint=parse_checkpoint(item.get("checkpoint")),
        device_sequence=parse_number(item, "sequence", MAX_COUNTER),
        clock_offset_ms=parse_number(item, "clock_offset_ms", MAX_OFFSET_MS),
        local_verdict=parse_text(item, "local_verdict"),
        snapshot_sequence=parse_number(item, "snapshot", MAX_COUNTER),
        operator=parse_text(item, "operator").strip(),
        override_reason=parse_text(item, "override_reason").strip(),
    )


def parse_uuid(value: Any) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidScanInput(_("“id” is not a UUID.")) from error


def parse_time(value: Any) -> datetime.datetime:
    """Parse a time in RFC 3339 with an offset; return it in UTC."""
    try:
        at = datetime.datetime.fromisoformat(value)
        # Naive times are refused, since the device's time zone is unknown. The bounds leave room for
        # arithmetic: near the years 1 and 9999 an offset or time zone makes it overflow.
        if at.tzinfo is not None and 1970 < at.year < 9000:
            return at.astimezone(datetime.UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidScanInput(_("“at” is not a time in RFC 3339.")) from error
    raise InvalidScanInput(_("“at” needs an offset, such as 2026-06-17T08:31:02+02:00."))


def parse_text(item: dict[str, Any], name: str) -> str:
    """Return a text, "" if it is missing. Raise InvalidScanInput for one that a database could not store."""
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value or not is_storable(value):
        raise InvalidScanInput(_("“%(name)s” is not a text.") % {"name": name})
    if len(value) > MAX_TEXT_LENGTHS[name]:
        sentence = _("“%(name)s” is longer than %(most)d characters.")
        raise InvalidScanInput(sentence % {"name": name, "most": MAX_TEXT_LENGTHS[name]})
    return value


def is_storable(value: str) -> bool:
    """Return whether the text is valid Unicode, without lone surrogates."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse_number(item: dict[str, Any], name: str, limit: int) -> int | None:
    value = item.get(name)
    if value is None:
        return None
    # JavaScript has only one number type, and some serializers write 1.0.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # In Python a bool is an int, in JSON it is none.
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > limit:
        raise InvalidScanInput(_("“%(name)s” is not a whole number.") % {"name": name})
    return value


def parse_checkpoint(value: Any) -> int | str | None:
    """Return a checkpoint's id, or a text that names one; None for the device's own."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 200:
        raise InvalidScanInput(_("“checkpoint” is an id or a name."))
    return value


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
