"""Report the browsers at the desk that may work offline, for the headcount and “Ready for doors”."""

import datetime
from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

from badges.attendance.devices.pairing import find_entrance
from badges.attendance.models import Scan
from badges.attendance.scanning.device_state.silence import DeskReport
from badges.attendance.scanning.verdict import COUNTED_VERDICTS

from .models import OFFLINE_DATA_LIFETIME, DeskDevice, DeskEntry

if TYPE_CHECKING:
    from convention.events.models import Event


def load_desk_reports(event: "Event", *, at: datetime.datetime) -> list[DeskReport]:
    """Return the devices that may work offline at `at`, by name."""
    # Phones ask every ten seconds, with an event of which not all columns were loaded.
    active = DeskDevice.objects.filter(
        event=event, revoked_at__isnull=True, event__ends_at__gt=at - OFFLINE_DATA_LIFETIME
    )
    devices = list(active.order_by("name", "pk"))
    entrance = find_entrance(event) if devices else None
    return [DeskReport(device.pk, str(device), entrance, device.seen_at) for device in devices]


def count_desk_scans(
    event: "Event", desks: Collection[DeskReport], *, window: datetime.timedelta
) -> Counter[tuple[int, str]]:
    """Return, by desk and direction, the check-ins of each desk in the `window` before it was last seen."""
    counted_since = {desk.pk: desk.seen_at - window for desk in desks if desk.seen_at}
    entries = DeskEntry.objects.filter(device__in=counted_since, kind="check_in")
    desks_by_uid = {
        uid: device
        for uid, device, made_at in entries.values_list("uid", "device", "made_at")
        if made_at > counted_since[device]
    }
    # An entry has the id of its scan.
    scans = Scan.objects.filter(event=event, uid__in=desks_by_uid, let_in=True, verdict__in=COUNTED_VERDICTS)
    return Counter((desks_by_uid[uid], direction) for uid, direction in scans.values_list("uid", "direction"))
