"""Organizers' page: badges that were let in twice, and what each was."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import Person
from convention.events.doors import event_to_organize
from convention.events.models import Event
from registrations.models import Registration

from ..forms import ResolveForm
from ..ledger import passes_of
from ..models import Checkpoint, Device, Presence, Resolution
from ..presence import Pass, conflicts
from ..resolve import resolve

SHOWN = 100


@dataclass(frozen=True)
class Conflict:
    """One badge at one door: the entry that holds, and the scans that contradict it."""

    presence: Presence
    passes: list[Pass]
    devices: dict[int, str]

    @property
    def told(self) -> list[tuple[Pass, str]]:
        """Each contradicting scan with the name of the device that read it."""
        return [(one, self.devices.get(one.device, "")) for one in self.passes]


@require_GET
def conflict_list(request: HttpRequest, event: str) -> HttpResponse:
    """Those that nobody has resolved yet, the newest first."""
    found = event_to_organize(event, request.user)
    context = {
        "event": found,
        "section": "organize",
        "conflicts": open_conflicts(found),
        "count": Presence.objects.filter(event=found, has_conflict=True).count(),
        "kinds": Resolution.Kind.choices,
        "shown": SHOWN,
    }
    return render(request, "attendance/conflicts.html", context)


def open_conflicts(event: Event) -> list[Conflict]:
    """The conflicts of an event with all that one needs to judge them, in a fixed number of queries."""
    rows = Presence.objects.filter(event=event, has_conflict=True).order_by("-changed_at")
    presences = list(rows.select_related("registration", "checkpoint", "last_device__checkpoint")[:SHOWN])
    stories = passes_of((one.registration_id, one.checkpoint_id) for one in presences)
    devices = {one.pk: one.name for one in Device.objects.filter(event=event)}
    return [
        Conflict(one, conflicts(stories[one.registration_id, one.checkpoint_id]), devices)
        for one in presences
    ]


@require_POST
def resolve_conflict(request: HttpRequest, event: str, reference: str, door: int) -> HttpResponse:
    """Say what one was."""
    found = event_to_organize(event, request.user)
    registration = get_object_or_404(Registration, event=found, reference=reference)
    checkpoint = get_object_or_404(Checkpoint, event=found, pk=door)
    form = ResolveForm(request.POST)
    if form.is_valid():
        person = request.user if isinstance(request.user, Person) else None
        resolve(
            registration=registration,
            door=checkpoint,
            kind=form.cleaned_data["kind"],
            person=person,
        )
        messages.success(request, _("Resolved. The scans stay as they were."))
    return redirect("organize-conflicts", found.slug)
