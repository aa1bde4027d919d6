"""What an organizer downloads of the doors: paired devices, and every scan as it was sent."""

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event

from .models import Device, Scan


def _devices(event: Event) -> Sheet:
    header = [
        _("Device"), _("Checkpoint"), _("Supervisor’s"), _("Paired on"), _("Last seen"), _("Valid until"),
        _("Revoked"),
    ]  # fmt: skip
    rows = (
        [
            str(one), one.checkpoint.name, _("yes") if one.may_override else _("no"),
            *(
                at.astimezone(event.zone) if at else ""
                for at in (one.created_at, one.seen_at, one.expires_at, one.revoked_at)
            ),
        ]
        for one in Device.objects.filter(event=event).phones().select_related("checkpoint")
    )  # fmt: skip
    return Sheet(_("Devices"), header, rows)


def _scans(event: Event) -> Sheet:
    header = [
        _("Time"), _("Checkpoint"), _("Device"), _("Direction"), _("Verdict"), _("Reason"), _("Reference"),
        _("Name"), _("Operator"), _("Offline"), _("Override"),
    ]  # fmt: skip
    return Sheet(_("Scans"), header, _scan_rows(event))


def _scan_rows(event: Event) -> Iterator[list[Any]]:
    scans = Scan.objects.filter(checkpoint__event=event).order_by("effective_at", "pk")
    for one in scans.select_related("checkpoint", "device", "registration").iterator(chunk_size=2000):
        holder = one.registration
        yield [
            one.effective_at.astimezone(event.zone), one.checkpoint.name, str(one.device),
            one.get_direction_display(), one.verdict_text, one.reason_text,
            holder.reference if holder else "", holder.name if holder else "", one.operator,
            _("yes") if one.is_offline else _("no"), one.override_reason,
        ]  # fmt: skip


LISTS: dict[str, Callable[[Event], Sheet]] = {"devices": _devices, "scans": _scans}
