"""Store what a device reports about itself with each snapshot request, for the organizers' pages."""

import datetime
import json
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from badges.attendance.models import Device
from badges.attendance.scanning.scan_input import MAX_OFFSET_MS
from convention.api.bodies import get_shared_serializer

# Without an interval, all requests of a device would wait for the lock on its row.
SEEN_INTERVAL = datetime.timedelta(seconds=30)
MAX_STATE_BYTES = 1024
MAX_COUNT = 1_000_000


class DeviceStateHeader(serializers.Serializer[Any]):
    """The header `Scanner-State`: a JSON object of at most 1 kB."""

    version = serializers.CharField(required=False, allow_blank=True, max_length=40)
    pending = serializers.IntegerField(
        required=False, min_value=0, max_value=MAX_COUNT, help_text="Scans that are still to be sent."
    )
    oldest_pending_s = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MAX_COUNT,
        help_text="The age of the oldest of them, in seconds.",
    )
    battery = serializers.FloatField(required=False, allow_null=True, min_value=0, max_value=1)
    camera = serializers.ChoiceField(["ok", "none", "untried"], required=False)
    test_badge = serializers.BooleanField(required=False)
    storage = serializers.ChoiceField(["persistent", "best-effort"], required=False)
    clock_offset_ms = serializers.IntegerField(
        required=False, allow_null=True, min_value=-MAX_OFFSET_MS, max_value=MAX_OFFSET_MS
    )


def parse_device_state(header: str) -> dict[str, Any] | None:
    """Return the state in the header; None if it is missing or invalid."""
    if not header or len(header) > MAX_STATE_BYTES:
        return None
    try:
        return dict(get_shared_serializer(DeviceStateHeader).run_validation(json.loads(header)))
    # A device with a strange state gets its snapshot all the same.
    except (ValueError, RecursionError, ValidationError):
        return None


def update_last_seen(device: Device, now: datetime.datetime, state: dict[str, Any] | None = None) -> None:
    """Update `seen_at` and the state, at most every 30 seconds unless the state has changed noticeably."""
    is_recent = device.seen_at is not None and now - device.seen_at <= SEEN_INTERVAL
    if is_recent and (state is None or _round_state(state) == _round_state(device.state)):
        return
    changes: dict[str, Any] = {"seen_at": now} if state is None else {"seen_at": now, "state": state}
    Device.objects.filter(pk=device.pk).update(**changes)


def _round_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state with its numbers rounded, since they differ a little with each request."""
    # LOW_BATTERY, MAX_CLOCK_OFFSET_MS and OLD_SCAN_SECONDS (device_health.py) are multiples of these steps.
    return state | {
        # To a factor of two: a busy door always has some scans to send.
        "pending": (state.get("pending") or 0).bit_length(),
        "oldest_pending_s": (state.get("oldest_pending_s") or 0) // 60,
        "battery": round(100 * (state.get("battery") or 0)) // 5,
        "clock_offset_ms": int((state.get("clock_offset_ms") or 0) / 10_000),
    }
