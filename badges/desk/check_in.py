"""Check guests in and out at the desk, and take back the last scan."""

import datetime
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from badges.attendance.devices.pairing import find_entrance, get_or_create_entrance
from badges.attendance.models import REASON_LABELS, Scan
from badges.attendance.scanning.batch import UNDO_NOT_ALLOWED
from badges.attendance.scanning.manual_scan import check_in_registration, get_desk_device, make_scan_item
from badges.attendance.scanning.presence_store import OF_CURRENT_ATTENDEE
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.scanning.verdict import ADMITTED, ALREADY_IN, REFUSED, Verdict
from convention.errors import ConventionError
from registrations.models import Registration

from .search import DeskGuest, describe_refused_entry, load_guests

if TYPE_CHECKING:
    from convention.club.models import Person

# No scan is stored for these, although the guest went in.
UNRECORDED_REASONS = frozenset({"invalid", "id_reused", UNDO_NOT_ALLOWED})


class ScanNotRecorded(ConventionError):
    """A check-in or its undoing that the desk made offline cannot be recorded."""

    kind = "scan-not-recorded"


@dataclass(frozen=True)
class DeskVerdict:
    """The answer of the desk to a check-in: the guest, and the scan as it was stored.

    `counted_scan` is the one that can be undone: of two clicks, the first.
    """

    guest: DeskGuest
    scan: Scan
    counted_scan: Scan | None

    @property
    def is_refused(self) -> bool:
        return self.scan.verdict not in (ADMITTED, ALREADY_IN)

    @property
    def is_undo(self) -> bool:
        return self.scan.undoes is not None

    @property
    def can_be_undone(self) -> bool:
        counted = self.counted_scan
        return counted is not None and counted.verdict == ADMITTED and counted.undoes is None

    @property
    def sentence(self) -> str:
        """Return the verdict in words: "Checked in", "Already inside", or why the guest is refused."""
        if self.is_undo:
            return pgettext("scan", "Undone")
        if self.scan.verdict == ALREADY_IN or self.is_refused:
            return describe_refused_entry(Verdict(self.scan.verdict, self.scan.reason))
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


def undo_check_in(*, guest: Registration, operator: "Person | None", scan_uid: str) -> DeskVerdict | None:
    """Take back the guest's last scan at the desk, which then no longer counts.

    `scan_uid` is the scan that the operator saw. Return the new verdict; None if that scan cannot be taken
    back, because another one followed or it was no check-in.
    """
    last = find_last_verdict(guest)
    if last is None or not last.can_be_undone or last.counted_scan is None:
        return None
    if str(last.counted_scan.uid) != scan_uid:
        return None
    # Further clicks are entries too, by which the guest would stay inside.
    clicks = list_desk_scans(guest).filter(pk__gte=last.counted_scan.pk, undoes=None)
    for scan in clicks.order_by("-pk"):
        record_undo(guest=guest, scan=scan, operator=operator)
    return find_last_verdict(guest)


def record_undo(*, guest: Registration, scan: Scan, operator: "Person | None") -> None:
    """Record that this scan of the desk is taken back."""
    item = make_scan_item(guest, operator, uuid.uuid4(), timezone.now())
    undo = {**item, "direction": scan.direction, "undoes": str(scan.uid), "let_in": False}
    record_scan_items(device=scan.device, items=[undo])


def list_desk_scans(guest: Registration) -> QuerySet[Scan]:
    """Return the scans at the desk, which is at the entrance, of the guest who has the place now."""
    # Organizers record scans of the desk at other checkpoints too, on pages of their own.
    scans = Scan.objects.filter(
        OF_CURRENT_ATTENDEE,
        registration=guest,
        device__is_desk=True,
        device__checkpoint=find_entrance(guest.event),
    )
    return scans.select_related("device__event", "device__checkpoint", "checkpoint")


def find_last_verdict(guest: Registration) -> DeskVerdict | None:
    """Return the verdict of the guest's latest scan at the desk."""
    scans = list_desk_scans(guest)
    scan = scans.order_by("-pk").first()
    if scan is None:
        return None
    counted_scan: Scan | None = scan
    if scan.verdict == ALREADY_IN:
        # A second click changed nothing: what it followed can still be undone.
        counted_scan = scans.exclude(verdict=ALREADY_IN).order_by("-pk").first()
        if counted_scan and counted_scan.direction != scan.direction:
            counted_scan = None
    return DeskVerdict(load_guests(guest.event, [guest.pk])[0], scan, counted_scan)


def record_offline_scan(
    *,
    guest: Registration,
    operator: "Person | None",
    uid: uuid.UUID,
    at: datetime.datetime,
    direction: str,
    undoes: uuid.UUID | None = None,
    reason: str = "",
    clock_offset_ms: int | None = 0,
) -> str:
    """Record a check-in that the desk made offline at `at`; return what the desk should know, or "".

    `uid` is the scan's id: sent again, nothing changes. `undoes` is the id of a check-in that is taken back.
    The guest went in already, so a scan against the rules is admitted with its reason. With the staff's own
    `reason` for that there is nothing to know. With a `clock_offset_ms` of None, the time is uncertain.
    Raise ScanNotRecorded if no scan can be recorded for it.
    """
    item = make_scan_item(guest, operator, uid, at) | {
        "direction": direction,
        "undoes": str(undoes) if undoes else None,
        "override_reason": reason,
        "clock_offset_ms": clock_offset_ms,
    }
    # With a reason it is an override, which is audited only if nothing else admits the guest.
    if not reason:
        item |= {"local_verdict": ADMITTED, "let_in": undoes is None}
    device = get_desk_device(get_or_create_entrance(guest.event))
    result = record_scan_items(device=device, items=[item])[0]
    if result.verdict == REFUSED and result.reason in UNRECORDED_REASONS:
        raise ScanNotRecorded(_("Not recorded: %(reason)s") % {"reason": result.detail or result.reason})
    if result.verdict == ADMITTED and (reason or result.reason in {"", "undone"}):
        return ""
    if result.verdict == ALREADY_IN:
        return _("Was already inside: check who has the badge.")
    label = REASON_LABELS.get(result.reason, result.reason)
    return _("Checked in against the rules: %(reason)s") % {"reason": label}
