"""Estimate how many people devices that stopped reporting may have scanned since."""

import datetime
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F

from badges.attendance.models import Checkpoint, Device, Scan
from convention import hooks

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
class DeskReport:
    """A browser at the desk that may work offline; its last contact is all that it reports.

    `checkpoint` is the entrance, where it checks guests in; None while the event has none.
    """

    pk: int
    name: str
    checkpoint: Checkpoint | None
    seen_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class SilentDevice:
    """A device that has stopped reporting, and how many unsent entries and exits it may hold.

    `device_id` is that of a phone, None for a desk.
    """

    name: str
    checkpoint: Checkpoint
    silence: datetime.timedelta
    entries: int
    exits: int
    device_id: int | None = None

    @property
    def checkpoint_id(self) -> int:
        """Return the id of the checkpoint at which its scans count."""
        return self.checkpoint.presence_checkpoint_id

    @property
    def minutes(self) -> int:
        return int(self.silence.total_seconds()) // 60

    @property
    def scans(self) -> int:
        return self.entries + self.exits


def count_possible_entries(silent_devices: Iterable[SilentDevice]) -> int:
    """Return how many more people may be inside, if the silent devices let people in."""
    return sum(silent.entries for silent in silent_devices)


def count_possible_exits(silent_devices: Iterable[SilentDevice]) -> int:
    """Return how many fewer people may be inside, if the silent devices saw people leave."""
    return sum(silent.exits for silent in silent_devices)


def find_silent_devices(
    event: "Event", *, at: datetime.datetime, checkpoint_id: int | None = None
) -> list[SilentDevice]:
    """Return the phones and desks of the event, or of one checkpoint, that were silent for two minutes."""
    return [
        *_find_silent_phones(event, at=at, checkpoint_id=checkpoint_id),
        *_find_silent_desks(event, at=at, checkpoint_id=checkpoint_id),
    ]


def _find_silent_phones(
    event: "Event", *, at: datetime.datetime, checkpoint_id: int | None
) -> list[SilentDevice]:
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
    return [_make_silent_phone(device, paces, at) for device in silent]


def _find_silent_desks(
    event: "Event", *, at: datetime.datetime, checkpoint_id: int | None
) -> list[SilentDevice]:
    reports: list[DeskReport] = hooks.desk_reports.provider()(event, at=at)
    silent = [
        report
        for report in reports
        if report.seen_at and SILENT_AFTER <= at - report.seen_at < FORGOTTEN_AFTER
    ]
    if not silent:
        return []
    paces = hooks.desk_scan_counts.provider()(event, silent, window=PACE_WINDOW)
    devices = [_make_silent_desk(report, paces, at) for report in silent if report.checkpoint]
    return [device for device in devices if checkpoint_id in (None, device.checkpoint_id)]


def _estimate_scans(
    paces: Mapping[tuple[int, str], int], pk: int, silence: datetime.timedelta
) -> tuple[int, int]:
    """Return how many entries and exits a device has made since, if it went on at its pace."""
    entries, exits = (
        math.ceil(paces.get((pk, direction), 0) * (silence / PACE_WINDOW)) for direction in ("in", "out")
    )
    return entries, exits


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


def _make_silent_desk(
    report: DeskReport, paces: Mapping[tuple[int, str], int], at: datetime.datetime
) -> SilentDevice:
    assert report.seen_at is not None
    assert report.checkpoint is not None
    silence = at - report.seen_at
    entries, exits = _estimate_scans(paces, report.pk, silence)
    return SilentDevice(report.name, report.checkpoint, silence, entries, exits)


def _make_silent_phone(
    device: Device, paces: dict[tuple[int, str], int], at: datetime.datetime
) -> SilentDevice:
    assert device.seen_at is not None
    silence = at - device.seen_at
    entries, exits = _estimate_scans(paces, device.pk, silence)
    # The scans pending at its last report can be entries or exits.
    pending = device.state.get("pending") or 0
    return SilentDevice(
        str(device), device.checkpoint, silence, entries + pending, exits + pending, device_id=device.pk
    )
