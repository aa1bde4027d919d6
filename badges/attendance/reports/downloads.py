"""Build the tables that organizers download: paired devices and raw scans."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from badges.attendance.models import Device, Scan
from convention.events.models import Event
from convention.tables.downloads import TableSheet


def _device_sheet(event: Event) -> TableSheet:
    header = [
        _("Device"), _("Checkpoint"), _("Supervisor’s"), _("Paired on"), _("Last seen"), _("Valid until"),
        _("Revoked"),
    ]  # fmt: skip
    rows = (
        [
            str(device), device.checkpoint.name, _("yes") if device.can_override else _("no"),
            *(
                at.astimezone(event.zone) if at else ""
                for at in (device.created_at, device.seen_at, device.expires_at, device.revoked_at)
            ),
        ]
        for device in Device.objects.filter(event=event).phones().select_related("checkpoint")
    )  # fmt: skip
    return TableSheet(_("Devices"), header, rows)


def _scan_sheet(event: Event) -> TableSheet:
    header = [
        _("Time"), _("Checkpoint"), _("Device"), _("Direction"), _("Verdict"), _("Reason"), _("Let in"),
        _("Reference"),
        _("Name"), _("Operator"), _("Offline"), _("Override"),
    ]  # fmt: skip
    return TableSheet(_("Scans"), header, _scan_rows(event))


def _scan_rows(event: Event) -> Iterator[list[Any]]:
    scans = Scan.objects.filter(checkpoint__event=event).order_by("effective_at", "pk")
    # Streamed: an event can have more scans than fit into memory as model instances.
    for scan in scans.select_related("checkpoint", "device", "registration").iterator(chunk_size=2000):
        holder = scan.registration
        yield [
            scan.effective_at.astimezone(event.zone), scan.checkpoint.name, str(scan.device),
            scan.get_direction_display(), scan.verdict_text, scan.reason_text,
            _("yes") if scan.let_in else _("no"),
            holder.reference if holder else "", holder.name if holder else "", scan.operator,
            _("yes") if scan.is_offline else _("no"), scan.override_reason,
        ]  # fmt: skip


LISTS: dict[str, Callable[[Event], TableSheet]] = {"devices": _device_sheet, "scans": _scan_sheet}
