"""Organizers' pages: the doors of an event."""

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..checkpoints import make_session_checkpoints, remove_checkpoint, save_checkpoint
from ..forms import CheckpointForm
from ..models import Checkpoint


@require_GET
def checkpoints(request: HttpRequest, event: str) -> HttpResponse:
    """All doors, with how many phones hold each."""
    found = event_to_organize(event, request.user)
    doors = found.checkpoints.select_related("session", "counted_at").annotate(phones=Count("devices"))
    with_time = found.sessions.filter(starts_at__isnull=False, cancelled_at__isnull=True)
    without = with_time.exclude(pk__in=found.checkpoints.filter(session__isnull=False).values("session"))
    context = {"event": found, "section": "organize", "doors": doors, "sessions_without": without.count()}
    return render(request, "attendance/checkpoints.html", context)


@require_http_methods(["GET", "POST"])
def new_checkpoint(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Checkpoint(event=found, position=found.checkpoints.count()))


@require_http_methods(["GET", "POST"])
def checkpoint(request: HttpRequest, event: str, door: int) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, get_object_or_404(Checkpoint, event=found, pk=door))


def _edit(request: HttpRequest, event: Event, door: Checkpoint) -> HttpResponse:
    name = door.name
    form = CheckpointForm(request.POST or None, instance=door, event=event)
    if request.method == "POST" and form.is_valid():
        save_checkpoint(checkpoint=form.save(commit=False), changed=form.changed_data)
        messages.success(request, _("The checkpoint is saved; the devices know it in a few seconds."))
        return redirect("organize-checkpoints", event.slug)
    context = {"event": event, "section": "organize", "form": form, "door": door, "name": name}
    return render(request, "attendance/checkpoint.html", context)


@require_POST
def remove(request: HttpRequest, event: str, door: int) -> HttpResponse:
    """Remove one that was never used."""
    found = event_to_organize(event, request.user)
    remove_checkpoint(checkpoint=get_object_or_404(Checkpoint, event=found, pk=door))
    messages.success(request, _("The checkpoint is removed."))
    return redirect("organize-checkpoints", found.slug)


@require_POST
def for_sessions(request: HttpRequest, event: str) -> HttpResponse:
    """One for each session."""
    found = event_to_organize(event, request.user)
    count = make_session_checkpoints(event=found)
    sentence = ngettext("%(count)d checkpoint was made.", "%(count)d checkpoints were made.", count)
    messages.success(request, sentence % {"count": count})
    return redirect("organize-checkpoints", found.slug)
