"""The first page."""

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from ..events.called_off import called_off_among
from ..events.doors import events_for_members
from ..events.models import Event
from .site import preferred_language

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from ..club.doors import Visitor

PAST_SHOWN = 12


@require_safe
def home(request: "HttpRequest") -> "HttpResponse":
    """The club’s next events, for a member those of members too; `/` alone follows the language wanted."""
    is_root = request.path_info == "/"
    if is_root and preferred_language(request) == "en":
        response: HttpResponse = redirect("/en/")
    else:
        response = render(request, "home.html", events_shown(request.user))
    if is_root:
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def events_shown(reader: "Visitor") -> dict[str, object]:
    """Public events ahead and over, members’ for a member, and when which of all were called off."""
    ahead = events_for_members(reader).filter(ends_at__gte=timezone.now())
    among_members, (coming, past) = list(ahead.select_related("venue")), coming_and_past()
    off = called_off_among([*among_members, *coming, *past])
    next_event = next((event for event in coming if event.pk not in off), None)
    return {
        "among_members": among_members,
        "next_event": next_event,
        "later": [event for event in coming if event != next_event],
        "past": past,
        "off": off,
    }


def coming_and_past() -> tuple[list[Event], list[Event]]:
    """Public events: those ahead, the next first, and the latest that are over."""
    now = timezone.now()
    public = Event.objects.filter(visibility=Event.Visibility.PUBLIC).select_related("venue", "host")
    past = public.filter(ends_at__lt=now).order_by("-starts_at")[:PAST_SHOWN]
    return list(public.filter(ends_at__gte=now)), list(past)
