"""Find scan conflicts, open and resolved, with their scans, in a fixed number of queries."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from registrations.models import Registration

from .models import ConflictResolution, Device, Presence, Scan
from .scanning.presence import CountedScan, find_conflicts
from .scanning.presence_store import (
    PresenceKey,
    filter_by_checkpoint,
    filter_by_registration,
    load_scan_histories,
)

if TYPE_CHECKING:
    from convention.events.models import Event


@dataclass(frozen=True, kw_only=True)
class ScanConflictFilter:
    """The conditions of the list; an empty one does not filter.

    `checkpoint` is the id of the checkpoint at which scans count; the times limit the latest scan of the
    badge, or the resolved scan.
    """

    search: str = ""
    checkpoint: int | None = None
    begins_at: datetime.datetime | None = None
    ends_at: datetime.datetime | None = None
    kind: str = ""


@dataclass(frozen=True)
class ScanConflict:
    """A badge at one checkpoint with its last entry and the scans that contradict it.

    `last_entry` is None if its scan is not known; `operators` are the names of those who scanned, by `uid`.
    """

    presence: Presence
    last_entry: CountedScan | None
    scans: list[CountedScan]
    devices: dict[int, Device]
    operators: dict[uuid.UUID, str]

    @property
    def scans_with_devices(self) -> list[tuple[CountedScan, str]]:
        """Return each contradicting scan with the name of its device."""
        return [(scan, self._get_device_name(scan.device_id)) for scan in self.scans]

    @property
    def first_device_name(self) -> str:
        """Return the name of the device that let the badge in first, "" if it has none."""
        return self._get_device_name(self.presence.last_device_id)

    @property
    def scans_with_recorders(self) -> list[tuple[CountedScan, str]]:
        """Return each contradicting scan with the desk or phone that recorded it, and the operator."""
        return [(scan, self._describe_recorder(scan)) for scan in self.scans]

    @property
    def first_recorder(self) -> str:
        """Return the desk or phone that recorded the last entry, and the operator; "" if not known."""
        return self._describe_recorder(self.last_entry) if self.last_entry else ""

    def is_desk(self, device_id: int | None) -> bool:
        return device_id in self.devices and self.devices[device_id].is_desk

    def _describe_recorder(self, scan: CountedScan) -> str:
        if scan.device_id not in self.devices:
            return self.operators.get(scan.uid, "")
        device = self.devices[scan.device_id]
        recorder = _("desk") if device.is_desk else _("phone “%(device)s”") % {"device": device}
        return ", ".join(filter(None, [recorder, self.operators.get(scan.uid, "")]))

    def _get_device_name(self, device_id: int | None) -> str:
        return self.devices[device_id].name if device_id in self.devices else ""

    @property
    def key(self) -> PresenceKey:
        return self.presence.registration_id, self.presence.checkpoint_id

    def concerns_device(self, device: Device) -> bool:
        """Return whether the device let the badge in, first or again."""
        scanning = {scan.device_id for scan in self.scans} | {self.presence.last_device_id}
        return device.pk in scanning


def filter_open_conflicts(event: "Event", conflict_filter: ScanConflictFilter) -> QuerySet[Presence]:
    """Return the presences with an open conflict, the latest scan first."""
    rows = Presence.objects.filter(event=event, has_conflict=True)
    if conflict_filter.search:
        rows = rows.filter(registration__in=_search_people(event, conflict_filter.search))
    if conflict_filter.checkpoint is not None:
        rows = rows.filter(checkpoint=conflict_filter.checkpoint)
    if conflict_filter.begins_at:
        rows = rows.filter(last_scan_at__gte=conflict_filter.begins_at)
    if conflict_filter.ends_at:
        rows = rows.filter(last_scan_at__lt=conflict_filter.ends_at)
    return rows.order_by(F("last_scan_at").desc(nulls_last=True), "-pk")


def filter_resolutions(event: "Event", conflict_filter: ScanConflictFilter) -> QuerySet[ConflictResolution]:
    """Return the resolved scans, the latest resolution first."""
    rows = ConflictResolution.objects.filter(scan__event=event)
    if conflict_filter.search:
        people = _search_people(event, conflict_filter.search)
        rows = rows.filter(scan__in=Scan.objects.filter(filter_by_registration(people)))
    if conflict_filter.checkpoint is not None:
        rows = rows.filter(scan__in=Scan.objects.filter(filter_by_checkpoint(conflict_filter.checkpoint)))
    if conflict_filter.begins_at:
        rows = rows.filter(scan__effective_at__gte=conflict_filter.begins_at)
    if conflict_filter.ends_at:
        rows = rows.filter(scan__effective_at__lt=conflict_filter.ends_at)
    if conflict_filter.kind:
        rows = rows.filter(kind=conflict_filter.kind)
    related = rows.select_related(
        "scan__registration", "scan__checkpoint", "scan__device", "resolved_by", "device"
    )
    return related.order_by("-resolved_at", "-pk")


def _search_people(event: "Event", words: str) -> QuerySet[Registration]:
    return Registration.objects.filter(event=event).search_for(words)


def load_conflicts(event: "Event", presences: Sequence[Presence]) -> list[ScanConflict]:
    """Return these presences with the scans that contradict them."""
    histories = load_scan_histories((row.registration_id, row.checkpoint_id) for row in presences)
    conflicts = {key: find_conflicts(history) for key, history in histories.items()}
    last_entries = {row.pk: _find_last_entry(row, histories) for row in presences}
    scans = [scan for found in conflicts.values() for scan in found]
    scans += [scan for scan in last_entries.values() if scan]
    ids = {scan.device_id for scan in scans} | {row.last_device_id for row in presences if row.last_device_id}
    devices = Device.objects.filter(event=event).in_bulk(list(ids))
    operators = dict(
        Scan.objects.filter(event=event, uid__in={scan.uid for scan in scans}).values_list("uid", "operator")
    )
    return [
        ScanConflict(
            row, last_entries[row.pk], conflicts[row.registration_id, row.checkpoint_id], devices, operators
        )
        for row in presences
    ]


def _find_last_entry(
    presence: Presence, histories: dict[PresenceKey, list[CountedScan]]
) -> CountedScan | None:
    """Return the scan of the last entry of this presence."""
    entered = (presence.last_entered_at, presence.last_device_id)
    history = histories[presence.registration_id, presence.checkpoint_id]
    return next(
        (scan for scan in history if (scan.at, scan.device_id) == entered and scan.direction == "in"), None
    )
