"""Arrivals: the counts on the desk's page, and the arrival and scans of one registration."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from badges.attendance.models import Presence, Scan
from badges.attendance.reports.headcount import (
    arrived_registrations,
    confirmed_registrations,
    inside_registrations,
    list_main_checkpoints,
)
from badges.attendance.scanning.presence_store import (
    OF_CURRENT_ATTENDEE,
    OWNER,
    filter_by_checkpoint,
    filter_by_registration,
    find_undos,
)
from badges.attendance.scanning.verdict import ADMITTED
from convention.events.models import Event
from registrations.models import Registration

from .check_in import find_last_verdict
from .search import load_guests

RECENT_ARRIVALS = datetime.timedelta(minutes=15)
MAX_ARRIVALS_SHOWN = 5
# By the direction of a scan, and whether it was taken back.
ENTRY_TEXTS = {
    ("in", False): _("checked in, %(checkpoint)s"),
    ("out", False): _("checked out, %(checkpoint)s"),
    ("in", True): _("checked in, %(checkpoint)s (undone)"),
    ("out", True): _("checked out, %(checkpoint)s (undone)"),
}


@dataclass(frozen=True)
class DeskCounts:
    """Numbers of the whole event; `recent_count` and `latest` are the last entries, of any day."""

    inside_count: int
    arrived_count: int
    registered_count: int
    recent_count: int
    conflict_count: int
    latest: list[Presence]

    @property
    def recent_minutes(self) -> int:
        return int(RECENT_ARRIVALS.total_seconds()) // 60


def count_arrivals(event: Event) -> DeskCounts:
    """Count who is inside, who arrived at all and who entered in the last minutes."""
    arrivals = Presence.objects.filter(
        checkpoint__in=list_main_checkpoints(event), first_entered_at__isnull=False
    )
    newest = arrivals.select_related("registration").order_by("-last_entered_at", "-pk")
    since = timezone.now() - RECENT_ARRIVALS
    return DeskCounts(
        inside_count=inside_registrations(event).count(),
        arrived_count=arrived_registrations(event).count(),
        registered_count=confirmed_registrations(event).count(),
        recent_count=arrivals.filter(last_entered_at__gt=since)
        .order_by()
        .values("registration")
        .distinct()
        .count(),
        conflict_count=Presence.objects.filter(event=event, has_conflict=True).count(),
        latest=list(newest[:MAX_ARRIVALS_SHOWN]),
    )


@dataclass(frozen=True)
class AttendanceEntry:
    """One line about the attendance in the history of a registration."""

    at: datetime.datetime
    text: str
    operator: str


@dataclass(frozen=True)
class RegistrationAttendance:
    """First arrival at the main checkpoints, whether the attendee is inside, and the passages there.

    `undoable_scan` is the id of the desk's scan that can be taken back, "" if there is none.
    """

    arrived_at: datetime.datetime | None
    checkpoint_name: str
    is_inside: bool
    undoable_scan: str
    is_exit_undoable: bool
    entries: list[AttendanceEntry]


def load_registration_attendance(registration: Registration) -> RegistrationAttendance:
    """Return what the organizers' page of a registration says of its attendance."""
    event = registration.event
    main_checkpoints = list_main_checkpoints(event)
    presences = Presence.objects.entered().filter(
        registration=registration, checkpoint__in=main_checkpoints, first_entered_at__isnull=False
    )
    first = presences.select_related("checkpoint").order_by("first_entered_at", "pk").first()
    verdict = find_last_verdict(registration)
    counted_scan = verdict.counted_scan if verdict and verdict.can_be_undone else None
    return RegistrationAttendance(
        arrived_at=first.first_entered_at if first else None,
        checkpoint_name=first.checkpoint.title if first else "",
        is_inside=load_guests(event, [registration.pk])[0].is_inside,
        undoable_scan=str(counted_scan.uid) if counted_scan else "",
        is_exit_undoable=counted_scan is not None and counted_scan.direction == Scan.Direction.OUT,
        entries=list(_list_attendance_entries(registration, main_checkpoints)),
    )


def _list_attendance_entries(
    registration: Registration, main_checkpoints: list[int]
) -> Iterator[AttendanceEntry]:
    """Yield entries and exits, also those taken back; sessions and meals are on a page of their own."""
    scans = Scan.objects.filter(
        OF_CURRENT_ATTENDEE,
        filter_by_registration([registration]),
        filter_by_checkpoint(*main_checkpoints),
        verdict=ADMITTED,
        undoes=None,
    )
    scans = scans.annotate(owner=OWNER).annotate(is_undone=Exists(find_undos()))
    for scan in scans.select_related("checkpoint"):
        text = ENTRY_TEXTS[scan.direction, scan.is_undone] % {"checkpoint": scan.checkpoint.title}
        yield AttendanceEntry(scan.effective_at, text, scan.operator)
