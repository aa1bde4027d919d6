"""Estimate how many people devices that stopped reporting may have scanned since."""

import datetime
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F

from badges.attendance.models import Device, Scan

from ..presence_store import filter_by_checkpoint
from ..verdict import COUNTED_VERDICTS

if TYPE_CHECKING:
    from convention.events.models import Event

# A phone with the scanner open fetches its data every ten seconds.
SILENT_AFTER = datetime.timedelta(minutes=2)
# A phone that was put away for the day must not make the headcount uncertain.
FORGOTTEN_AFTER = datetime.timedelta(hours=3)
# A device's pace is measured over this time before it fell silent.
PACE_WINDOW = datetime.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class SilentDevice:
    """A device that has stopped reporting, and how many unsent entries and exits it may hold."""

    device: Device
    checkpoint_id: int
    silence: datetime.timedelta
    entries: int
    exits: int

    @property
    def minutes(self) -> int:
        return int(self.silence.total_seconds()) // 60

    @property
    def scans(self) -> int:
        return self.entries + self.exits


def find_silent_devices(
    event: "Event", *, at: datetime.datetime, checkpoint_id: int | None = None
) -> list[SilentDevice]:
    """Return the valid devices of the event, or of one checkpoint, that have not reported for two minutes."""
    candidates = Device.objects.filter(
        event=event, seen_at__lte=at - SILENT_AFTER, seen_at__gt=at - FORGOTTEN_AFTER
    )
    if checkpoint_id is not None:
        candidates = candidates.filter(filter_by_checkpoint(checkpoint_id))
    # Every device causes this query every ten seconds, and mostly none is silent: the cheap query first.
    ids = list(candidates.values_list("pk", flat=True))
    silent = list(
        Device.objects.valid(at=at).filter(pk__in=ids).select_related("checkpoint").order_by("seen_at", "pk")
        if ids
        else ()
    )
    if not silent:
        return []
    paces = _count_scans_before_silence(silent)
    return [_make_silent_device(device, paces, at) for device in silent]


def _count_scans_before_silence(devices: Collection[Device]) -> dict[tuple[int, str], int]:
    """Return the number of scans by device and direction in the half hour before each device fell silent.

    Only scans at the checkpoint where the device is now, since the pace differs between checkpoints.
    """
    first_seen_at = min(device.seen_at for device in devices if device.seen_at)
    # These bounds follow from the conditions below. As constants they let the database read the recent scans
    # of these checkpoints once, instead of all scans of each device: there may be a hundred thousand.
    recent_scans = Scan.objects.filter(
        checkpoint__in={device.checkpoint_id for device in devices},
        effective_at__gt=first_seen_at - PACE_WINDOW,
    )
    scans = recent_scans.filter(
        device__in=devices,
        checkpoint=F("device__checkpoint"),
        let_in=True,
        verdict__in=COUNTED_VERDICTS,
        effective_at__gt=F("device__seen_at") - PACE_WINDOW,
    ).order_by()
    counts = scans.values_list("device", "direction").annotate(number=Count("*"))
    return {(device, direction): number for device, direction, number in counts}


def _make_silent_device(
    device: Device, paces: dict[tuple[int, str], int], at: datetime.datetime
) -> SilentDevice:
    assert device.seen_at is not None
    silence = at - device.seen_at
    share = silence / PACE_WINDOW
    # The scans pending at its last report can be entries or exits.
    pending = device.state.get("pending") or 0
    entries, exits = (
        math.ceil(paces.get((device.pk, direction), 0) * share) + pending for direction in ("in", "out")
    )
    return SilentDevice(device, device.checkpoint.presence_checkpoint_id, silence, entries, exits)
