"""Enter a signed sheet: a scan of the checkpoint's desk for each name that was ticked."""

import uuid
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.scanning.check_in import get_desk_device
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.scan_input import MAX_OPERATOR_LENGTH, MAX_SCANS_PER_REQUEST
from badges.attendance.scanning.verdict import ADMITTED
from convention.audit.record import record_action
from convention.errors import NotOpenNow

from .sheet import SheetKey

if TYPE_CHECKING:
    from convention.club.models import Person
    from registrations.models import Registration

# Any constant: the same signature always gets the same id, so that entering a sheet twice records it once.
SHEET_NAMESPACE = uuid.UUID("3f0f6a52-3f4b-4a4e-9d0a-6f7f0f6c1d11")


@transaction.atomic
def record_sheet(*, key: SheetKey, registrations: Sequence["Registration"], operator: "Person | None") -> int:
    """Record an entry for each of these attendees and return how many were new.

    The time is that of the session or the day, marked as uncertain. A signature outweighs the rules: they
    signed, so they were there. Raise NotOpenNow before that time.
    """
    if key.recorded_time > timezone.now():
        raise NotOpenNow(_("This sheet cannot be filled in yet: the time it covers has not started."))
    device = get_desk_device(key.checkpoint)
    # By id, as every batch locks registrations.
    ordered = sorted(registrations, key=lambda registration: registration.pk)
    items = [_make_item(key, registration, operator) for registration in ordered]
    results = [
        result
        for chunk in batched(items, MAX_SCANS_PER_REQUEST, strict=False)
        for result in record_scan_items(device=device, items=list(chunk))
    ]
    count = sum(result.verdict == ADMITTED and not result.is_replayed for result in results)
    if count:
        record_action("sheet.record", key.checkpoint, event=key.checkpoint.event, fields=[str(key.day)])
    return count


def _make_item(key: SheetKey, registration: "Registration", operator: "Person | None") -> dict[str, Any]:
    name = f"{key.checkpoint.pk}:{key.day}:{registration.pk}"
    return {
        "id": str(uuid.uuid5(SHEET_NAMESPACE, name)),
        "registration": registration.reference,
        "direction": "in",
        # Without `clock_offset_ms`, so that the time is marked as uncertain.
        "at": key.recorded_time.isoformat(),
        "local_verdict": ADMITTED,
        "let_in": True,
        "operator": str(operator or "")[:MAX_OPERATOR_LENGTH],
        "override_reason": _("signed the sign-in sheet"),
    }
