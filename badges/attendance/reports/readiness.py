"""List what is missing before an event can open: phones, desks, checkpoints, badges, keys."""

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.devices.checkpoints import list_sessions_without_checkpoint
from badges.attendance.devices.device_health import (
    DeviceHealth,
    DeviceReport,
    HealthState,
    assess_desk,
    assess_device,
)
from badges.attendance.models import Checkpoint, Device, Scan
from badges.attendance.scanning.device_state.silence import DeskReport
from badges.printing.cancelled_badges import query_cancelled_badges
from badges.printing.print_states import PrintState, find_print_states
from convention import hooks

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from convention.events.models import Event

MAX_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class DeviceReadiness:
    """A valid device with its last report and its state."""

    device: Device
    report: DeviceReport
    health: DeviceHealth
    age_minutes: int | None


@dataclass(frozen=True, slots=True)
class DeskReadiness:
    """A browser that may work offline at the desk, with its state."""

    report: DeskReport
    health: DeviceHealth
    age_minutes: int | None


@dataclass(frozen=True, slots=True)
class ReadinessGap:
    """A sentence about what is missing, and the name of the page where to add it."""

    sentence: str
    page_name: str


@dataclass(frozen=True, slots=True)
class EventReadiness:
    devices: list[DeviceReadiness]
    desks: list[DeskReadiness]
    gaps: list[ReadinessGap]
    advice: list[ReadinessGap]

    @property
    def is_ready(self) -> bool:
        health = [*(row.health for row in self.devices), *(row.health for row in self.desks)]
        return not self.gaps and all(each.state == HealthState.OK for each in health)

    @property
    def ready_count(self) -> int:
        return sum(row.health.state == HealthState.OK for row in self.devices)


def load_readiness(event: "Event", *, at: datetime.datetime | None = None) -> EventReadiness:
    now = at or timezone.now()
    return EventReadiness(
        load_device_readiness(event, at=now),
        load_desk_readiness(event, at=now),
        list(find_gaps(event, at=now)),
        list(find_advice(event, at=now)),
    )


def load_device_readiness(event: "Event", *, at: datetime.datetime) -> list[DeviceReadiness]:
    """Return the valid devices of the event, those with a problem first."""
    scans = Scan.objects.filter(device=OuterRef("pk")).order_by()
    rows = Device.objects.valid(at=at).filter(event=event).select_related("checkpoint")
    devices = list(rows.annotate(has_scans=Exists(scans)))
    reports = [
        DeviceReport(seen_at=device.seen_at, state=device.state, has_scans=device.has_scans)
        for device in devices
    ]
    version = find_common_version(reports)
    assessed = [
        DeviceReadiness(
            device,
            report,
            assess_device(report, common_version=version, at=at),
            count_minutes_since(device.seen_at, at=at),
        )
        for device, report in zip(devices, reports, strict=True)
    ]
    states = list(HealthState)
    return sorted(
        assessed,
        key=lambda row: (states.index(row.health.state), row.device.checkpoint.name, str(row.device)),
    )


def load_desk_readiness(event: "Event", *, at: datetime.datetime) -> list[DeskReadiness]:
    """Return the browsers that may work offline at the desk, those that do not respond first."""
    reports: list[DeskReport] = hooks.desk_reports.provider()(event, at=at)
    rows = [
        DeskReadiness(report, assess_desk(report.seen_at, at=at), count_minutes_since(report.seen_at, at=at))
        for report in reports
    ]
    return sorted(rows, key=lambda row: row.health.state == HealthState.OK)


def count_minutes_since(seen_at: datetime.datetime | None, *, at: datetime.datetime) -> int | None:
    return None if seen_at is None else max(0, int((at - seen_at).total_seconds()) // 60)


def find_common_version(reports: list[DeviceReport]) -> str:
    """Return the version that most devices have, of equals the one seen last; "" if no device reports one."""
    usable_reports = [report for report in reports if report.version and report.seen_at]
    if not usable_reports:
        return ""
    # Versions have no order, and the latest report alone could come from the one old phone among many new.
    counts = Counter(report.version for report in usable_reports)
    return max(usable_reports, key=lambda report: (counts[report.version], report.seen_at)).version


def find_gaps(event: "Event", *, at: datetime.datetime) -> Iterator[ReadinessGap]:
    """Yield what is missing for the event as a whole."""
    yield from _checkpoint_gaps(event, at)
    yield from _session_gaps(event)
    yield from _room_gaps(event)
    yield from _badge_gaps(event)
    keys = list(event.keys.all())
    # Without any key, one is created for the first badge; if no key can sign, another one is created.
    if keys and all(key.private_key is None for key in keys):
        sentence = _(
            "The badge signing keys were created under another SECRET_KEY, so new badges will "
            "be signed with a new key. Connect every phone to the network before the doors "
            "open."
        )
        yield ReadinessGap(sentence, "organize-badges")


def _checkpoint_gaps(event: "Event", at: datetime.datetime) -> Iterator[ReadinessGap]:
    checkpoints = Checkpoint.objects.filter(event=event)
    if not checkpoints.exists():
        yield ReadinessGap(_("There is no checkpoint yet. Add the entrance."), "organize-checkpoints")
        return
    # Sessions begin later, and one phone may serve several; entrances must have one of their own.
    names = list(
        _checkpoints_without_phone(event, at).filter(session__isnull=True).values_list("name", flat=True)
    )
    if names:
        sentence = ngettext(
            "%(count)d checkpoint has no phone: %(names)s.",
            "%(count)d checkpoints have no phone: %(names)s.",
            len(names),
        )
        yield ReadinessGap(sentence % _count_and_names(names), "organize-devices")


def _checkpoints_without_phone(event: "Event", at: datetime.datetime) -> "QuerySet[Checkpoint]":
    """Return the checkpoints that are still to open or open, and have no phone."""
    phones = Device.objects.valid(at=at).filter(checkpoint=OuterRef("pk"))
    is_usable = Q(closes_at__isnull=True) | Q(closes_at__gt=at)
    return Checkpoint.objects.filter(~Exists(phones), is_usable, event=event)


def find_advice(event: "Event", *, at: datetime.datetime) -> Iterator[ReadinessGap]:
    """Yield what is worth a look, although the doors can open without it."""
    sessions_to_come = Q(session__cancelled_at__isnull=True) & (
        Q(session__ends_at__isnull=True) | Q(session__ends_at__gt=at)
    )
    count = _checkpoints_without_phone(event, at).filter(sessions_to_come, session__isnull=False).count()
    if count:
        sentence = ngettext(
            "%(count)d session checkpoint has no phone of its own.",
            "%(count)d session checkpoints have no phone of their own.",
            count,
        )
        yield ReadinessGap(sentence % {"count": count}, "organize-devices")


def _session_gaps(event: "Event") -> Iterator[ReadinessGap]:
    """Yield bookable sessions without checkpoint: only there can bookings be checked."""
    bookable = list_sessions_without_checkpoint(event).filter(is_bookable=True)
    titles = list(bookable.values_list("title", flat=True))
    if titles:
        sentence = ngettext(
            "%(count)d session takes bookings and has no checkpoint: %(names)s.",
            "%(count)d sessions take bookings and have no checkpoint: %(names)s.",
            len(titles),
        )
        yield ReadinessGap(sentence % _count_and_names(titles), "organize-checkpoints")


def _room_gaps(event: "Event") -> Iterator[ReadinessGap]:
    """Yield checkpoints that admit more people than their room takes: perhaps the session has moved."""
    is_above = Q(capacity__isnull=True) | Q(capacity__gt=F("session__room__capacity"))
    checkpoints = Checkpoint.objects.filter(
        is_above,
        event=event,
        # Entries at a further gate are limited by the checkpoint at which they count.
        counts_as__isnull=True,
        session__room__capacity__gt=0,
        session__cancelled_at__isnull=True,
    )
    names = list(checkpoints.values_list("name", flat=True))
    if names:
        sentence = ngettext(
            "%(count)d checkpoint admits more people than its room holds: %(names)s.",
            "%(count)d checkpoints admit more people than their rooms hold: %(names)s.",
            len(names),
        )
        yield ReadinessGap(sentence % _count_and_names(names), "organize-checkpoints")


def _badge_gaps(event: "Event") -> Iterator[ReadinessGap]:
    yield from _unprinted_gaps(event)
    names = [registration.name for registration in query_cancelled_badges(event)]
    if names:
        sentence = ngettext(
            "Remove %(count)d printed badge from the pile, whose registration has been cancelled: %(names)s.",
            "Remove %(count)d printed badges from the pile, whose registrations have been cancelled: "
            "%(names)s.",
            len(names),
        )
        yield ReadinessGap(sentence % _count_and_names(names), "organize-badges")


def _unprinted_gaps(event: "Event") -> Iterator[ReadinessGap]:
    states = Counter(find_print_states(event).values())
    missing_count = states[PrintState.NEW] + states[PrintState.CHANGED]
    if not missing_count:
        return
    if states[PrintState.NEW] == states.total():
        sentence = ngettext(
            "No badges have been printed; %(count)d attendee is registered.",
            "No badges have been printed; %(count)d attendees are registered.",
            missing_count,
        )
    else:
        sentence = ngettext(
            "%(count)d badge has not been printed yet, or has changed since.",
            "%(count)d badges have not been printed yet, or have changed since.",
            missing_count,
        )
    yield ReadinessGap(sentence % {"count": missing_count}, "organize-badges")


def _count_and_names(names: list[str]) -> dict[str, object]:
    quoted_names = [_("“%(name)s”") % {"name": name} for name in names[:MAX_NAMES_SHOWN]]
    joined_names, hidden_count = ", ".join(quoted_names), len(names) - MAX_NAMES_SHOWN
    if hidden_count > 0:
        phrase = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", hidden_count)
        joined_names = phrase % {"names": joined_names, "count": hidden_count}
    return {"count": len(names), "names": joined_names}
