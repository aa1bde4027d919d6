"""Enter a signed sheet: a scan of the checkpoint's desk for each name that was ticked."""

import uuid
from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.scanning.batch_state import UNDONE
from badges.attendance.scanning.manual_scan import get_desk_device
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.scan_input import MAX_OPERATOR_LENGTH, MAX_SCANS_PER_REQUEST
from badges.attendance.scanning.verdict import ADMITTED
from convention.audit.record import record_action
from convention.errors import NotOpenNow

from .sheet import (
    SHEET_NAMESPACE,
    SheetKey,
    SheetRow,
    SheetSignature,
    load_signatures,
    make_signature_id,
)

if TYPE_CHECKING:
    from convention.club.models import Person
    from registrations.models import Registration


@transaction.atomic
def record_sheet(*, key: SheetKey, registrations: Sequence["Registration"], operator: "Person | None") -> int:
    """Record an entry for each of these attendees and return how many were new.

    The time is that of the session or the day, marked as uncertain. A signature overrides a refusal, since
    it proves that the attendee was there. Raise NotOpenNow before that time.
    """
    if key.recorded_time > timezone.now():
        raise NotOpenNow(_("This sheet cannot be filled in yet: the time it covers has not started."))
    device = get_desk_device(key.checkpoint)
    # In order of ids, in which every batch locks registrations.
    ordered = sorted(registrations, key=lambda registration: registration.pk)
    signatures = load_signatures(key)
    items = [
        _make_item(key, registration, operator, signatures.get(registration.pk)) for registration in ordered
    ]
    results = [
        result
        for chunk in batched(items, MAX_SCANS_PER_REQUEST, strict=False)
        for result in record_scan_items(device=device, items=list(chunk))
    ]
    count = sum(result.verdict == ADMITTED and not result.is_replayed for result in results)
    if count:
        record_action("sheet.record", key.checkpoint, event=key.checkpoint.event, fields=[str(key.day)])
    return count


@transaction.atomic
def undo_signature(*, key: SheetKey, row: SheetRow, operator: "Person | None") -> bool:
    """Undo the entry of an attendee who was ticked by mistake; return whether there was one."""
    if row.signature is None:
        return False
    item = _make_item(key, row.registration, operator, None)
    undo = {
        **item,
        # Derived from the scan, so that two clicks are one undo.
        "id": str(uuid.uuid5(SHEET_NAMESPACE, f"undo:{row.signature}")),
        "undoes": str(row.signature),
        "let_in": False,
        "override_reason": _("ticked by mistake on the sign-in sheet"),
    }
    [result] = record_scan_items(device=get_desk_device(key.checkpoint), items=[undo])
    if result.reason != UNDONE or result.is_replayed:
        return False
    record_action("sheet.undo", row.registration, event=key.checkpoint.event, fields=[str(key.day)])
    return True


def _make_item(
    key: SheetKey,
    registration: "Registration",
    operator: "Person | None",
    signature: SheetSignature | None,
) -> dict[str, Any]:
    undone_count = signature.undone_count if signature else 0
    return {
        "id": str(make_signature_id(key, registration.pk, undone_count)),
        "registration": registration.reference,
        "direction": "in",
        # Without `clock_offset_ms`, so that the time is marked as uncertain.
        "at": key.recorded_time.isoformat(),
        "local_verdict": ADMITTED,
        "let_in": True,
        "operator": str(operator or "")[:MAX_OPERATOR_LENGTH],
        "override_reason": _("signed the sign-in sheet"),
    }
