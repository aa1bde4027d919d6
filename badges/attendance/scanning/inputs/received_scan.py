"""A scan with what the server adds before it decides: its device, its checkpoint, its time."""

import dataclasses
import datetime
import uuid
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from badges.attendance.models import Checkpoint, Device, Scan

from ..scan_input import ScanInput
from .scan_time import ScanTime, raise_to_predecessor

BEFORE_ALL_SCANS = datetime.datetime.min.replace(tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class ReceivedScan:
    """A scan input with the device that made it, the checkpoint where it was made, and when."""

    scan_input: ScanInput
    device: Device
    checkpoint: Checkpoint
    time: ScanTime

    @property
    def uid(self) -> uuid.UUID:
        return self.scan_input.uid

    @property
    def has_override(self) -> bool:
        """Return whether a supervisor's device gave a reason; other devices' reasons have no effect."""
        return bool(self.scan_input.override_reason) and self.device.can_override


def raise_times_to_predecessors(received_scans: Iterable[ReceivedScan]) -> list[ReceivedScan]:
    """Return the scans, none dated before its predecessor by the device's own counter."""
    by_device: dict[int, list[ReceivedScan]] = defaultdict(list)
    for received in received_scans:
        by_device[received.device.pk].append(received)
    return [raised for scans in by_device.values() for raised in _raise_times_of_device(scans)]


def _raise_times_of_device(scans: list[ReceivedScan]) -> list[ReceivedScan]:
    unnumbered = [received for received in scans if received.scan_input.device_sequence is None]
    numbered = sorted(
        (received for received in scans if received.scan_input.device_sequence is not None),
        key=lambda received: received.scan_input.device_sequence or 0,
    )
    if not numbered:
        return unnumbered
    stored_times = deque(_load_stored_times(numbered))
    raised: list[ReceivedScan] = []
    latest_at = BEFORE_ALL_SCANS
    for received in numbered:
        while stored_times and stored_times[0][0] < (received.scan_input.device_sequence or 0):
            latest_at = max(latest_at, stored_times.popleft()[1])
        time = raise_to_predecessor(received.time, latest_at)
        raised.append(received if time is received.time else dataclasses.replace(received, time=time))
        latest_at = max(latest_at, time.effective_at)
    return unnumbered + raised


def _load_stored_times(numbered: list[ReceivedScan]) -> list[tuple[int, datetime.datetime]]:
    """Return sequence and time, in order, of the stored scan before the first and of those between."""
    first, last = (numbered[index].scan_input.device_sequence or 0 for index in (0, -1))
    scans = Scan.objects.filter(device=numbered[0].device.pk)
    before = scans.filter(device_sequence__lt=first).order_by("-device_sequence").values("device_sequence")
    rows = scans.filter(device_sequence__gte=Coalesce(Subquery(before[:1]), first), device_sequence__lt=last)
    return [
        (number or 0, effective_at)
        for number, effective_at in rows.order_by("device_sequence").values_list(
            "device_sequence", "effective_at"
        )
    ]
