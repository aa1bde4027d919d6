"""Check attendees in or out by hand: a scan like any other, with the operator's name."""

import secrets
import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from badges.attendance.models import Checkpoint, Device

from .batch import ScanResult
from .record_scans import record_scans

if TYPE_CHECKING:
    from convention.club.models import Person
    from registrations.models import Registration


@transaction.atomic
def check_in_registration(
    *, registration: "Registration", checkpoint: Checkpoint, operator: "Person | None", direction: str = "in",
    reason: str = "",
) -> ScanResult:  # fmt: skip
    """Record a scan of this registration at `checkpoint`; a `reason` overrides a refusal."""
    item = {
        "id": str(uuid.uuid4()),
        "registration": registration.reference,
        "direction": direction,
        "at": timezone.now().isoformat(),
        "clock_offset_ms": 0,
        "operator": str(operator or "")[:100],
        "override_reason": reason,
    }
    return record_scans(device=get_desk_device(checkpoint), items=[item])[0]


def get_desk_device(checkpoint: Checkpoint) -> Device:
    """Return the device that stands for the desk at a checkpoint; nobody knows its token."""
    device, _made = Device.objects.select_related("event", "checkpoint").get_or_create(
        checkpoint=checkpoint,
        is_desk=True,
        defaults={
            "event": checkpoint.event,
            "token_hash": secrets.token_hex(32),
            "expires_at": checkpoint.event.ends_at,
            "seen_at": timezone.now(),
            "can_override": True,
        },
    )
    return device
