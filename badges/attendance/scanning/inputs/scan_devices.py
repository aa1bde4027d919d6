"""Find the device that made each scan, and check that it did: any device of an event may deliver scans."""

import datetime
from collections.abc import Collection, Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Device
from convention.events.models import EventRole
from convention.events.permissions import get_leading_mandates_for

from ..scan_input import InvalidScan, ScanInput
from .device_signatures import is_signed_by_device


def find_scan_devices(device: Device, scan_inputs: Iterable[ScanInput]) -> dict[int, Device]:
    """Return the delivering device and all others of its event that the scans name, by id."""
    device_ids = {scan_input.device_id for scan_input in scan_inputs if scan_input.device_id is not None}
    other_ids = device_ids - {device.pk}
    if not other_ids:
        return {device.pk: device}
    rows = Device.objects.filter(event=device.event_id, pk__in=other_ids).select_related("checkpoint")
    # The same event object, so that no scan loads it again.
    for row in rows:
        row.event = device.event
    return {row.pk: row for row in rows} | {device.pk: device}


def check_scan_device(
    scan_input: ScanInput, device: Device, devices: dict[int, Device]
) -> ScanInput | InvalidScan:
    """Return the scan, or an InvalidScan if the device that it names cannot have made it."""
    scan_device = device if scan_input.device_id is None else devices.get(scan_input.device_id)
    if scan_device is None:
        return InvalidScan(scan_input.sent_id, _("“device” does not belong to this event."))
    # Programs have no key, so their scans are authenticated by their own token only.
    if scan_device.public_key is None:
        if scan_device.pk == device.pk:
            return scan_input
        return InvalidScan(scan_input.sent_id, _("This device has no key, so only it can deliver its scans."))
    is_signed = bool(scan_input.signature) and is_signed_by_device(
        scan_input.signed_item,
        scan_input.signature,
        device_id=scan_device.pk,
        public_key=bytes(scan_device.public_key),
    )
    if is_signed:
        return scan_input
    return InvalidScan(
        scan_input.sent_id, _("The device’s signature is missing or does not match this scan.")
    )


def find_pairing_people(event_id: int, day: datetime.date) -> set[int]:
    """Return the ids of the people with a role on that day that allows them to have paired devices."""
    roles = EventRole.objects.at_desk(at=day).filter(event=event_id)
    mandates = get_leading_mandates_for(event_id, at=day)
    return {*roles.values_list("person_id", flat=True), *mandates.values_list("person_id", flat=True)}


def was_device_valid(device: Device, at: datetime.datetime, pairing_people: Collection[int]) -> bool:
    """Return whether the device could scan at `at`: not revoked, not expired, its person's role not ended.

    `pairing_people` are those of `find_pairing_people` on that day.
    """
    if at >= device.expires_at:
        return False
    if device.revoked_at is not None:
        if at >= device.revoked_at:
            return False
        # The end of a role or an account revokes the device. The role's days say nothing about that day: one
        # that was ended no longer includes it, or is deleted.
        if timezone.localdate(at) == timezone.localdate(device.revoked_at):
            return True
    return device.paired_by_id is None or device.paired_by_id in pairing_people
