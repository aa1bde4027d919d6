"""Let someone in or out by hand at the desk: a scan like any other, with the operator's name."""

import secrets
import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from .batch import Result
from .models import Checkpoint, Device
from .scan import scan

if TYPE_CHECKING:
    from convention.club.models import Person
    from registrations.models import Registration


@transaction.atomic
def check_in(
    *, registration: "Registration", door: Checkpoint, operator: "Person | None", direction: str = "in",
    reason: str = "",
) -> Result:  # fmt: skip
    """Record a scan of this registration at that door; a reason overrides what speaks against it."""
    item = {
        "id": str(uuid.uuid4()),
        "registration": registration.reference,
        "direction": direction,
        "at": timezone.now().isoformat(),
        "clock_offset_ms": 0,
        "operator": str(operator or "")[:100],
        "override_reason": reason,
    }
    return scan(device=desk_of(door), items=[item])[0]


def desk_of(door: Checkpoint) -> Device:
    """The device that stands for the desk at a door: its token is known to nobody."""
    device, _made = Device.objects.select_related("event", "checkpoint").get_or_create(
        checkpoint=door,
        is_desk=True,
        defaults={
            "event": door.event,
            "token_hash": secrets.token_hex(32),
            "expires_at": door.event.ends_at,
            "seen_at": timezone.now(),
            "may_override": True,
        },
    )
    return device
