"""Organizers' pages: attendance by day and session, arrivals against an earlier event, and no-shows."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from badges.attendance.models import Checkpoint
from badges.attendance.reports.arrival_comparison import compare_arrivals, list_earlier_events
from badges.attendance.reports.day_figures import load_day_figures
from badges.attendance.reports.session_figures import (
    list_no_shows,
    load_session_figures,
    summarize_rooms,
)
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize, get_organized_events

ROWS_PER_PAGE = 50


@require_safe
def attendance_figures(request: HttpRequest, event: str) -> HttpResponse:
    """Show the figures of each day and session; `with` names the earlier event to compare with."""
    event_obj = get_event_to_organize(event, request.user)
    # Only events that this user organizes too: others' figures are not theirs to see.
    choices = list_earlier_events(event_obj, events=get_organized_events(request.user))
    comparison = compare_arrivals(event_obj, _choose_event(choices, request.GET.get("with")))
    sessions = load_session_figures(event_obj)
    context = {
        "event": event_obj,
        "section": "organize",
        "days": load_day_figures(event_obj),
        "comparison": comparison,
        "arrivals": comparison.make_chart(),
        "choices": choices,
        "sessions": sessions,
        "rooms": summarize_rooms(sessions),
    }
    return render(request, "attendance/figures.html", context)


def _choose_event(choices: list[Event], slug: str | None) -> Event | None:
    """Return the chosen event, the latest if nothing was chosen, None for `-` or without any."""
    if slug == "-":
        return None
    matches = (choice for choice in choices if choice.slug == slug)
    return next(matches, choices[0] if choices else None)


@require_safe
def checkpoint_no_shows(request: HttpRequest, event: str, checkpoint: int) -> HttpResponse:
    """List the attendees who booked the checkpoint's session and were not scanned in."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Checkpoint.objects.select_related("session__room").filter(session__isnull=False)
    checkpoint_obj = get_object_or_404(rows, event=event_obj, pk=checkpoint)
    assert checkpoint_obj.session is not None, "only checkpoints of sessions are queried"
    context = {
        "event": event_obj,
        "section": "organize",
        "checkpoint": checkpoint_obj,
        "page_obj": Paginator(list_no_shows(checkpoint_obj.session), ROWS_PER_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "attendance/no_shows.html", context)
