"""Organizers' page: badges that were admitted twice, and how each conflict was resolved."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from badges.attendance.conflicts import resolve_conflicts
from badges.attendance.forms import ResolutionForm
from badges.attendance.models import Checkpoint, ConflictResolution, Device, Presence
from badges.attendance.scanning.presence import CountedScan, find_conflicts
from badges.attendance.scanning.presence_store import load_scan_histories
from convention.club.models import Person
from convention.events.models import Event
from convention.events.permissions import get_event_to_staff
from registrations.models import Registration

# Each conflict loads the whole history of its badge.
MAX_CONFLICTS_SHOWN = 100


@dataclass(frozen=True)
class ScanConflict:
    """A badge at one checkpoint with its last entry and the scans that contradict it."""

    presence: Presence
    scans: list[CountedScan]
    device_names: dict[int, str]

    @property
    def scans_with_devices(self) -> list[tuple[CountedScan, str]]:
        """Return each contradicting scan with the name of its device."""
        return [(scan, self.device_names.get(scan.device_id, "")) for scan in self.scans]


@require_GET
def conflict_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show the unresolved conflicts, newest first."""
    event_obj = get_event_to_staff(event, request.user)
    context = {
        "event": event_obj,
        "section": "organize",
        "conflicts": list_open_conflicts(event_obj),
        "count": Presence.objects.filter(event=event_obj, has_conflict=True).count(),
        "kinds": ConflictResolution.Kind.choices,
        "shown": MAX_CONFLICTS_SHOWN,
    }
    return render(request, "attendance/conflicts.html", context)


def list_open_conflicts(event: Event) -> list[ScanConflict]:
    """Return the open conflicts with their scans, in a fixed number of queries."""
    rows = Presence.objects.filter(event=event, has_conflict=True).order_by("-changed_at")
    presences = list(
        rows.select_related("registration", "checkpoint", "last_device__checkpoint")[:MAX_CONFLICTS_SHOWN]
    )
    histories = load_scan_histories((row.registration_id, row.checkpoint_id) for row in presences)
    devices = {device.pk: device.name for device in Device.objects.filter(event=event)}
    return [
        ScanConflict(row, find_conflicts(histories[row.registration_id, row.checkpoint_id]), devices)
        for row in presences
    ]


@require_POST
def conflict_resolve(request: HttpRequest, event: str, reference: str, checkpoint: int) -> HttpResponse:
    event_obj = get_event_to_staff(event, request.user)
    registration = get_object_or_404(Registration, event=event_obj, reference=reference)
    checkpoint_obj = get_object_or_404(Checkpoint, event=event_obj, pk=checkpoint)
    form = ResolutionForm(request.POST)
    if form.is_valid():
        person = request.user if isinstance(request.user, Person) else None
        resolve_conflicts(
            registration=registration,
            checkpoint=checkpoint_obj,
            kind=form.cleaned_data["kind"],
            person=person,
        )
        messages.success(request, _("The conflict is resolved. The scans do not change."))
    return redirect("organize-conflicts", event_obj.slug)
