"""Organizers' pages of what sessions refer to: tracks, speakers, and the schedule's own settings."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.errors import NotFound
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.search import fold, matches, words
from schedule.forms import ScheduleForm, SpeakerForm, TrackForm
from schedule.models import Schedule, Speaker, Track
from schedule.move import move
from schedule.remove import remove
from schedule.wish import tidy
from schedule.write_part import write_part

from .sessions import page, posted, read_or_write

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


@require_safe
def speakers(request: "HttpRequest", event: str) -> HttpResponse:
    """Everyone who speaks, found by name."""
    found = event_to_organize(event, request.user)
    asked = tidy(request.GET.get("q", ""))
    rows = found.speakers.annotate(used=Count("sessions")).defer("biography")
    wanted = words(asked)
    kept = [row for row in rows if matches(wanted, fold(row.name))]
    shown = Paginator(kept, 100).get_page(request.GET.get("page"))
    return page(request, "speakers", found, rows=shown, q=asked)


def speaker_of(event: Event, pk: int) -> Speaker:
    """Raises NotFound."""
    found = event.speakers.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("There is no such speaker; they may have been removed."))
    return found


@read_or_write
def speaker(request: "HttpRequest", event: str, pk: int | None = None) -> HttpResponse:
    """Change one, or add one."""
    found = event_to_organize(event, request.user)
    row = speaker_of(found, pk) if pk else Speaker(event=found)
    form = SpeakerForm(posted(request), instance=row)
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The speaker was saved."))
        return redirect("organize-speakers", found.slug)
    theirs = found.sessions.filter(speakers=row).order_by("starts_at") if pk else []
    return page(request, "speaker", found, form=form, speaker=row, sessions=theirs)


@require_POST
def remove_speaker(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Take a speaker out of the event and of their sessions."""
    found = event_to_organize(event, request.user)
    remove(event=found, part=speaker_of(found, pk))
    messages.success(request, _("The speaker was removed; their sessions stay."))
    return redirect("organize-speakers", found.slug)


@read_or_write
def settings(request: "HttpRequest", event: str) -> HttpResponse:
    """The version that every page and print names, and when days begin."""
    found = event_to_organize(event, request.user)
    schedule = Schedule.objects.filter(event=found).first() or Schedule(event=found)
    form = ScheduleForm(posted(request), instance=schedule)
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The programme was saved."))
        return redirect("organize-schedule", found.slug)
    return page(request, "settings", found, form=form)
