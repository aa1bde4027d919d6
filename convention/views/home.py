"""The first page."""

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from ..events.doors import events_for_members
from ..events.models import Event
from .site import preferred_language

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAST_SHOWN = 12


@require_safe
def home(request: "HttpRequest") -> "HttpResponse":
    """The club’s next events, for a member those of members too; `/` alone follows the language wanted."""
    is_root = request.path_info == "/"
    if is_root and preferred_language(request) == "en":
        response: HttpResponse = redirect("/en/")
    else:
        among_members = events_for_members(request.user).filter(ends_at__gte=timezone.now())
        context = {**coming_and_past(), "among_members": among_members.select_related("venue")}
        response = render(request, "home.html", context)
    if is_root:
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def coming_and_past() -> dict[str, object]:
    """Public events: those ahead, the next first, and the latest that are over."""
    now = timezone.now()
    public = Event.objects.filter(visibility=Event.Visibility.PUBLIC).select_related("venue", "host")
    coming = list(public.filter(ends_at__gte=now))
    return {
        "next_event": coming[0] if coming else None,
        "later": coming[1:],
        "past": public.filter(ends_at__lt=now).order_by("-starts_at")[:PAST_SHOWN],
    }
