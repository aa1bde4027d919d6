"""Organizers' pages: tracks and settings of a programme."""

import itertools
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.club.models import Person
from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from schedule.models import Schedule, Speaker, Track
from schedule.programme.embedding import build_snippet
from schedule.programme.personal_pages import get_event_path

from .forms import ScheduleSettingsForm, TrackForm
from .programme_parts import list_sessions_using, move_track, remove_programme_item, save_programme_item

if TYPE_CHECKING:
    from django.http import HttpRequest


def render_organizer_page(
    request: "HttpRequest", template_name: str, event: Event, **context: Any
) -> HttpResponse:
    """Render an organizers' page of the programme, which no cache may store."""
    context |= {"event": event, "section": "organize", "event_path": get_event_path(event)}
    response = render(request, f"schedule/organize/{template_name}.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def get_author(request: "HttpRequest") -> Person:
    """Return the signed-in organizer; permissions were checked before."""
    assert isinstance(request.user, Person)
    return request.user


@require_safe_or_post
def schedule_settings(request: "HttpRequest", event: str) -> HttpResponse:
    """Change when the days of the programme begin, and which sites may embed it."""
    event_obj = get_event_to_organize(event, request.user)
    schedule = Schedule.load(event_obj)
    form = ScheduleSettingsForm(get_posted_data(request), instance=schedule)
    if form.is_valid():
        save_programme_item(event=event_obj, item=form.save(commit=False), changed_fields=form.changed_data)
        messages.success(request, _("The programme has been saved."))
        return redirect("organize-schedule", event_obj.slug)
    return render_organizer_page(request, "settings", event_obj, form=form, snippet=build_snippet(event_obj))


def build_new_track(event: Event) -> Track:
    """Return an unsaved track after all others, with an unused slug."""
    rows = event.tracks.values_list("position", "slug")
    slugs = {slug for _position, slug in rows}
    number = next(number for number in itertools.count(1) if f"track-{number}" not in slugs)
    position = max((position + 1 for position, _slug in rows), default=0)
    track = Track(event=event, position=position, slug=f"track-{number}")
    track.color = track.shown_color
    return track


@require_safe_or_post
def track_list(request: "HttpRequest", event: str) -> HttpResponse:
    """List the tracks and add one."""
    event_obj = get_event_to_organize(event, request.user)
    track = build_new_track(event_obj)
    form = TrackForm(get_posted_data(request), instance=track)
    if form.is_valid():
        with report_refusals(request):
            save_programme_item(
                event=event_obj, item=form.save(commit=False), changed_fields=form.changed_data
            )
            messages.success(request, _("The track has been added."))
        return redirect("organize-tracks", event_obj.slug)
    rows = event_obj.tracks.annotate(session_count=Count("sessions"))
    return render_organizer_page(request, "tracks", event_obj, form=form, tracks=rows)


def get_track(event: Event, pk: int) -> Track:
    """Return the event's track with this key. Raise NotFound."""
    track = event.tracks.filter(pk=pk).first()
    if track is None:
        raise NotFound(_("This track was not found; it may have been deleted."))
    return track


@require_safe_or_post
def track_edit(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    form = TrackForm(get_posted_data(request), instance=get_track(event_obj, pk))
    if form.is_valid():
        with report_refusals(request):
            save_programme_item(
                event=event_obj, item=form.save(commit=False), changed_fields=form.changed_data
            )
            messages.success(request, _("The track has been saved."))
        return redirect("organize-tracks", event_obj.slug)
    # Loaded again, since validation has set the form's values on its instance.
    return render_organizer_page(request, "track", event_obj, form=form, track=get_track(event_obj, pk))


@require_POST
def track_move(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    move_track(event=event_obj, track=get_track(event_obj, pk), steps=-1 if "up" in request.POST else 1)
    return redirect("organize-tracks", event_obj.slug)


def ask_removal(
    request: "HttpRequest", event: Event, item: Track | Speaker, **sentences: str
) -> HttpResponse:
    """Ask before an item is deleted; name its sessions, and say whether the public programme changes."""
    sessions = list_sessions_using(item)
    is_public = event.visibility != Event.Visibility.DRAFT and any(row.is_published for row in sessions)
    context = {"item": item, "sessions": sessions, "is_public": is_public}
    return render_organizer_page(request, "remove_item", event, **context, **sentences)


@require_safe_or_post
def track_remove(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Ask before a track is deleted; a POST deletes it."""
    event_obj = get_event_to_organize(event, request.user)
    track = get_track(event_obj, pk)
    if request.method != "POST":
        return ask_removal(
            request,
            event_obj,
            track,
            title=_("Delete the track “%(name)s”?") % {"name": track.name},
            consequence=_("Its sessions remain, without a track."),
            button=_("Delete the track"),
            item_url=reverse("organize-track", args=[event_obj.slug, pk]),
        )
    remove_programme_item(event=event_obj, item=track)
    messages.success(request, _("The track has been deleted; its sessions remain, without a track."))
    return redirect("organize-tracks", event_obj.slug)
