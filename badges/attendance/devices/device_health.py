"""Decide from its last report whether a phone is ready to scan; without a database."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from badges.attendance.scanning.device_state.silence import SILENT_AFTER

LOW_BATTERY = 0.3
MAX_CLOCK_OFFSET_MS = 120_000
# Scans are sent at once while there is a network.
OLD_SCAN_SECONDS = 120


class HealthState(models.TextChoices):
    """The states of a device, the worst first."""

    PROBLEM = "problem", gettext_lazy("problem")
    UNKNOWN = "unknown", gettext_lazy("not known")
    OK = "ok", gettext_lazy("ready")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceReport:
    """The last report of a device: `state` as it sent it, possibly empty; and whether it sent scans.

    See scanning/device_state/heartbeat.py.
    """

    seen_at: datetime.datetime | None
    state: dict[str, Any] = field(default_factory=dict)
    has_scans: bool = False

    @property
    def pending_count(self) -> int | None:
        """Return how many scans are still to be sent; None if the device does not report it."""
        value = self.state.get("pending")
        return value if isinstance(value, int) else None

    @property
    def version(self) -> str:
        return str(self.state.get("version") or "")

    @property
    def clock_offset_seconds(self) -> float | None:
        value = self.state.get("clock_offset_ms")
        # Adding 0 turns -0.0 into 0.0.
        return round(value / 1000, 1) + 0 if isinstance(value, int) else None

    @property
    def battery_percent(self) -> int | None:
        value = self.state.get("battery")
        return round(100 * value) if isinstance(value, int | float) else None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceHealth:
    """The state of a device, and sentences that say what to do; advice leaves it ready, as on the phone."""

    state: HealthState
    problems: tuple[str, ...] = ()
    unknowns: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def assess_device(report: DeviceReport, *, common_version: str, at: datetime.datetime) -> DeviceHealth:
    """Return the state of a device at `at`; `common_version` is that of most phones, "" if unknown."""
    if report.seen_at is None:
        sentence = _("It has never connected: open the scanner on it.")
        return DeviceHealth(state=HealthState.UNKNOWN, unknowns=(sentence,))
    problems = tuple(find_problems(report, common_version))
    unknowns = tuple(find_unknowns(report, at))
    state = HealthState.PROBLEM if problems else HealthState.UNKNOWN if unknowns else HealthState.OK
    return DeviceHealth(state=state, problems=problems, unknowns=unknowns, advice=tuple(find_advice(report)))


def assess_desk(seen_at: datetime.datetime | None, *, at: datetime.datetime) -> DeviceHealth:
    """Return the state of a browser that may work offline at the desk: it reports only that it is open."""
    if seen_at is not None and at - seen_at < SILENT_AFTER:
        return DeviceHealth(state=HealthState.OK)
    sentence = (
        _("It has never connected: open the offline desk on it.")
        if seen_at is None
        else _("Not responding: open the offline desk and enter the PIN.")
    )
    return DeviceHealth(state=HealthState.UNKNOWN, unknowns=(sentence,))


def find_problems(report: DeviceReport, common_version: str) -> Iterator[str]:
    """Yield a sentence for each thing that must be put right."""
    state = report.state
    if report.pending_count and (state.get("oldest_pending_s") or 0) >= OLD_SCAN_SECONDS:
        sentence = ngettext(
            "%(count)d scan is waiting to be sent: check its network.",
            "%(count)d scans are waiting to be sent: check its network.",
            report.pending_count,
        )
        yield sentence % {"count": report.pending_count}
    if state.get("camera") == "none":
        yield _("The camera does not work: allow it in the browser, or use a hand scanner.")
    if report.battery_percent is not None and report.battery_percent < 100 * LOW_BATTERY:
        yield _("The battery is low: charge it.")
    if abs(state.get("clock_offset_ms") or 0) > MAX_CLOCK_OFFSET_MS:
        yield _("The clock is wrong: set it to automatic.")
    if common_version and report.version and report.version != common_version:
        yield _("The scanner has a different version from the other phones: reload it.")


def find_unknowns(report: DeviceReport, at: datetime.datetime) -> Iterator[str]:
    """Yield a sentence for each thing that was not tried, or not reported for a while."""
    if report.seen_at is None or at - report.seen_at >= SILENT_AFTER:
        yield _("Not responding: open the scanner and check its network.")
    if not report.state:
        yield _("It does not report its status: reload the scanner.")
        return
    if report.state.get("camera") == "untried":
        yield _("The camera has not been tried.")
    if not report.state.get("test_badge") and not report.has_scans:
        yield _("No test badge has been scanned.")


def find_advice(report: DeviceReport) -> Iterator[str]:
    """Yield a sentence for each thing that is worth a look, although the device scans without it."""
    if report.state.get("storage") == "best-effort":
        yield _("The browser may delete its data: install the scanner on the home screen.")
