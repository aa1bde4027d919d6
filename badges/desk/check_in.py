"""Check guests in and out at the desk, and take back the last scan."""

import datetime
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from badges.attendance.devices.pairing import get_or_create_entrance
from badges.attendance.models import REASON_LABELS, Checkpoint, Scan
from badges.attendance.scanning.check_in import check_in_registration, get_desk_device
from badges.attendance.scanning.record_scans import record_scans
from badges.attendance.scanning.verdict import ADMITTED, ALREADY_IN
from registrations.models import Registration

from .search import DeskGuest, load_guests

if TYPE_CHECKING:
    from convention.club.models import Person

OPPOSITES = {
    Scan.Direction.IN.value: Scan.Direction.OUT.value,
    Scan.Direction.OUT.value: Scan.Direction.IN.value,
}


@dataclass(frozen=True)
class DeskVerdict:
    """The answer of the desk to a check-in: the guest, and the scan as it was stored."""

    guest: DeskGuest
    scan: Scan

    @property
    def is_refused(self) -> bool:
        return self.scan.verdict not in (ADMITTED, ALREADY_IN)

    @property
    def can_be_undone(self) -> bool:
        return self.scan.verdict == ADMITTED

    @property
    def sentence(self) -> str:
        """Return the verdict in words: "Checked in", "Already inside", or why the guest is refused."""
        if self.scan.verdict == ALREADY_IN:
            return _("Already inside")
        if self.is_refused:
            reason = self.scan.reason_text or self.scan.verdict_text
            return _("Not checked in: %(reason)s") % {"reason": reason}
        return _("Checked out") if self.scan.direction == Scan.Direction.OUT else _("Checked in")


def check_in_guest(
    *, guest: Registration, operator: "Person | None", direction: str, reason: str = ""
) -> DeskVerdict:
    """Check a guest in or out at the entrance; a reason overrides a refusal."""
    check_in_registration(
        registration=guest,
        checkpoint=get_or_create_entrance(guest.event),
        operator=operator,
        direction=direction,
        reason=reason,
    )
    verdict = find_last_verdict(guest)
    assert verdict is not None, "a scan was stored above"
    return verdict


def undo_check_in(*, guest: Registration, operator: "Person | None") -> DeskVerdict | None:
    """Take back the guest's last scan at the desk by one in the opposite direction.

    Return the new verdict; None if there is nothing to take back.
    """
    last = find_last_verdict(guest)
    if last is None or not last.can_be_undone:
        return None
    return check_in_guest(guest=guest, operator=operator, direction=OPPOSITES[last.scan.direction])


def find_last_verdict(guest: Registration) -> DeskVerdict | None:
    """Return the verdict of the guest's latest scan at the desk."""
    scans = Scan.objects.filter(registration=guest, device__is_desk=True).select_related("checkpoint")
    scan = scans.order_by("-pk").first()
    return DeskVerdict(load_guests(guest.event, [guest.pk])[0], scan) if scan else None


def record_offline_check_in(
    *,
    guest: Registration,
    checkpoint: Checkpoint,
    operator: "Person | None",
    uid: uuid.UUID,
    at: datetime.datetime,
    direction: str,
) -> str:
    """Record a check-in that the desk made offline at `at`; return what the desk should know, or "".

    `uid` is the scan's id: sent again, nothing changes. The guest went in already, so a scan against the rules
    is admitted with its reason.
    """
    item = {
        "id": str(uid),
        "registration": guest.reference,
        "direction": direction,
        "at": at.isoformat(),
        "clock_offset_ms": 0,
        "local_verdict": ADMITTED,
        "let_in": True,
        "operator": str(operator or "")[:100],
    }
    result = record_scans(device=get_desk_device(checkpoint), items=[item])[0]
    if result.verdict == ADMITTED and not result.reason:
        return ""
    if result.verdict == ALREADY_IN:
        return _("Was already inside: check who has the badge.")
    reason = REASON_LABELS.get(result.reason, result.reason)
    return _("Let in at the desk, although: %(reason)s") % {"reason": reason}
