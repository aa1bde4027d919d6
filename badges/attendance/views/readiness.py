"""Page of organizers and desk: whether phones, checkpoints and badges are ready for the doors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from badges.attendance.reports.readiness import load_readiness
from convention.events.permissions import get_event_to_staff


@require_safe
def show_readiness(request: HttpRequest, event: str) -> HttpResponse:
    """Show each phone's state and what is missing; `?part=rows` returns the part that refreshes itself."""
    event_obj = get_event_to_staff(event, request.user)
    context = {
        "event": event_obj,
        "section": "organize",
        "readiness": load_readiness(event_obj),
        "now": timezone.now(),
    }
    is_part = request.GET.get("part") == "rows"
    response = render(request, "attendance/ready_rows.html" if is_part else "attendance/ready.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response
