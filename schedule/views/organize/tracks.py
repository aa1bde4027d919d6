"""Organizers’ pages of the tracks and their order."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.errors import NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from schedule.forms import TrackForm
from schedule.models import Track
from schedule.move import move
from schedule.remove import remove
from schedule.write_part import write_part

from .frame import page, posted, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest


@read_or_write
def tracks(request: "HttpRequest", event: str) -> HttpResponse:
    """All tracks in their order, and a new one."""
    found = event_to_organize(event, request.user)
    position = found.tracks.count()
    track = Track(event=found, color="#0b5c8a", position=position, slug=f"track-{position + 1}")
    form = TrackForm(posted(request), instance=track)
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The track was added."))
        return redirect("organize-tracks", found.slug)
    rows = found.tracks.annotate(used=Count("sessions"))
    return page(request, "tracks", found, form=form, tracks=rows)


def track_of(event: Event, pk: int) -> Track:
    """Raises NotFound."""
    found = event.tracks.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such track; it may have been removed."))
    return found


@read_or_write
def track(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    form = TrackForm(posted(request), instance=track_of(found, pk))
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The track was saved."))
        return redirect("organize-tracks", found.slug)
    return page(request, "track", found, form=form, track=track_of(found, pk))


@require_POST
def move_track(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """One place up or down."""
    found = event_to_organize(event, request.user)
    move(event=found, track=track_of(found, pk), steps=-1 if "up" in request.POST else 1)
    return redirect("organize-tracks", found.slug)


@require_POST
def remove_track(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Take it out; its sessions stay, without a track."""
    found = event_to_organize(event, request.user)
    remove(event=found, part=track_of(found, pk))
    messages.success(request, _("The track was removed; its sessions stay, without a track."))
    return redirect("organize-tracks", found.slug)
