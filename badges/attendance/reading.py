"""What a device sends: `POST /api/v1/scanner/scans/`, read item by item, strictly and without a database.

    {"scans": [{"id": "UUID made on the device", "code": "HTTPS://.../B/TOKEN, as read",
                "direction": "in" or "out", "at": "2026-06-17T08:31:02+02:00, by the device's clock"}]}

At most 200. Optional in each: `registration` (its reference, instead of `code`, when found by name),
`checkpoint` (id of the snapshot, or its name; else the device's own), `sequence` (the device's counter),
`clock_offset_ms` (server time minus device time, measured), `local_verdict` (what the operator saw),
`snapshot` (the sequence it was decided from), `operator` (who holds the phone), `override_reason`.

    {"sequence": 43, "server_time": "...", "results": [
      {"id": "UUID", "verdict": "already_in", "reason": "conflict", "name": "A B", "company": "C",
       "ticket": "Adhérent", "entered_at": "2026-06-17T07:12:00+02:00", "gate": "Entrée",
       "replayed": false, "detail": ""}]}

One result for each item in the order sent, bad ones included (`refused`, `invalid`, `detail` says why);
an item that has a result is acknowledged and may be deleted. `entered_at` and `gate` tell an
`already_in` when and where; name, company and ticket are empty where the code is not of this event.
"""

import datetime
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .verdict import ACTION, ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED

MOST_AT_ONCE = 200
LONGEST = {
    "code": 4096, "registration": 40, "operator": 100, "override_reason": 300, "local_verdict": 20,
}  # fmt: skip
VERDICTS = ("", ADMITTED, ALREADY_IN, REFUSED, UNVERIFIED, ACTION)
OFFSET_LIMIT_MS = 2**31 - 1
COUNTER_LIMIT = 2**63 - 1


class InvalidReading(ValueError):
    """One item that is not a scan; the message says what is missing, for the device's developer."""


@dataclass(frozen=True)
class Reading:
    """One scan as sent, each part checked; `code` is trimmed and in upper case."""

    uid: uuid.UUID
    given_id: str
    code: str
    registration: str
    direction: str
    at: datetime.datetime
    checkpoint: int | str | None
    sequence: int | None
    clock_offset_ms: int | None
    local_verdict: str
    snapshot: int | None
    operator: str
    override_reason: str

    def payload_hash(self) -> str:
        """Tells the same scan sent again from another under the same id.

        The measured clock offset and the snapshot may differ between two tries of one scan.
        """
        said = (
            self.code, self.registration, self.direction, self.at.timestamp(), self.checkpoint,
            self.sequence, self.local_verdict, self.operator, self.override_reason,
        )  # fmt: skip
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    def code_hash(self) -> str:
        """What is kept of a code, known or not; empty where none was read."""
        return hashlib.sha256(self.code.encode()).hexdigest() if self.code else ""


def read(item: Any) -> Reading:
    """One item. Raises InvalidReading with what is wrong."""
    if not isinstance(item, dict):
        raise InvalidReading(_("A scan is an object."))
    code, registration = text(item, "code").strip().upper(), text(item, "registration").strip().upper()
    if not code and not registration:
        raise InvalidReading(_("“code” is missing."))
    if item.get("direction") not in ("in", "out"):
        raise InvalidReading(_("“direction” is “in” or “out”."))
    if text(item, "local_verdict") not in VERDICTS:
        raise InvalidReading(_("“local_verdict” is not a verdict."))
    return Reading(
        uid=identifier(item.get("id")),
        given_id=item["id"],
        code=code,
        registration="" if code else registration,
        direction=item["direction"],
        at=moment(item.get("at")),
        checkpoint=door(item.get("checkpoint")),
        sequence=number(item, "sequence", COUNTER_LIMIT),
        clock_offset_ms=number(item, "clock_offset_ms", OFFSET_LIMIT_MS),
        local_verdict=text(item, "local_verdict"),
        snapshot=number(item, "snapshot", COUNTER_LIMIT),
        operator=text(item, "operator").strip(),
        override_reason=text(item, "override_reason").strip(),
    )


def identifier(value: Any) -> uuid.UUID:
    """The scan's own id."""
    try:
        return uuid.UUID(value)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidReading(_("“id” is not a UUID.")) from error


def moment(value: Any) -> datetime.datetime:
    """A time in RFC 3339 with an offset."""
    try:
        at = datetime.datetime.fromisoformat(value)
        if at.tzinfo is not None and 1970 < at.year < 9000:
            return at.astimezone(datetime.UTC)
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidReading(_("“at” is not a time in RFC 3339.")) from error
    raise InvalidReading(_("“at” needs an offset, such as 2026-06-17T08:31:02+02:00."))


def text(item: dict[str, Any], name: str) -> str:
    """A text, empty where it is missing; refused where a database could not keep it."""
    value = item.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value or not storable(value):
        raise InvalidReading(_("“%(name)s” is not a text.") % {"name": name})
    if len(value) > LONGEST[name]:
        sentence = _("“%(name)s” is longer than %(most)d characters.")
        raise InvalidReading(sentence % {"name": name, "most": LONGEST[name]})
    return value


def storable(value: str) -> bool:
    """Whether the text is whole Unicode, without half a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def number(item: dict[str, Any], name: str, limit: int) -> int | None:
    """A whole number, or none."""
    value = item.get(name)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > limit:
        raise InvalidReading(_("“%(name)s” is not a whole number.") % {"name": name})
    return value


def door(value: Any) -> int | str | None:
    """A checkpoint by id or name; none for the device's own."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | str) or len(str(value)) > 200:
        raise InvalidReading(_("“checkpoint” is an id or a name."))
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
