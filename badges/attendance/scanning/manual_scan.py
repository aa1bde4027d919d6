"""Check attendees in or out by hand: a scan like any other, with the operator's name."""

import datetime
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from badges.attendance.models import Checkpoint, Device

from .batch import ScanResult
from .record_scans import record_scan_items
from .scan_input import MAX_OPERATOR_LENGTH

if TYPE_CHECKING:
    from convention.club.models import Person
    from registrations.models import Registration


@transaction.atomic
def check_in_registration(
    *, registration: "Registration", checkpoint: Checkpoint, operator: "Person | None", direction: str = "in",
    reason: str = "",
) -> ScanResult:  # fmt: skip
    """Record a scan of this registration at `checkpoint`; a `reason` overrides a refusal."""
    # Through the same parser and rules as a phone's scan, so that both leave the same rows and verdicts.
    item = make_scan_item(registration, operator, uuid.uuid4(), timezone.now())
    item |= {"direction": direction, "override_reason": reason}
    return record_scan_items(device=get_desk_device(checkpoint), items=[item])[0]


def make_scan_item(
    registration: "Registration", operator: "Person | None", uid: uuid.UUID, at: datetime.datetime
) -> dict[str, Any]:
    """Return a scan of this registration as a device would send it."""
    return {
        "id": str(uid),
        "registration": registration.reference,
        "at": at.isoformat(),
        "clock_offset_ms": 0,
        # Cut to the column's length: the parser would refuse the whole scan for a long name.
        "operator": str(operator or "")[:MAX_OPERATOR_LENGTH],
    }


def get_desk_device(checkpoint: Checkpoint) -> Device:
    """Return the desk's device at a checkpoint, creating it if needed; nobody knows its token."""
    device, _created = Device.objects.select_related("event", "checkpoint").get_or_create(
        checkpoint=checkpoint,
        is_desk=True,
        defaults={
            "event": checkpoint.event,
            # The column is required and unique; no token has this hash, so nobody can authenticate as the
            # desk.
            "token_hash": secrets.token_hex(32),
            "expires_at": checkpoint.event.ends_at,
            "seen_at": timezone.now(),
            "can_override": True,
        },
    )
    return device
