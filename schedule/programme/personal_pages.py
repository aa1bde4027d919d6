"""Serve public pages: cached for anonymous visitors, with what is theirs for everyone else."""

from functools import partial
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import reverse

from convention import hooks
from convention.club.models import Person
from convention.events.models import Event
from schedule.permissions import get_agenda_cookie_name, get_own_agenda, get_programme_audience

from .own_sessions import OwnSessions
from .page_cache import get_cached_page, is_anonymous_visitor
from .programme_version import ProgrammeVersion, get_programme_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


def get_event_path(event: Event) -> str:
    """Return the path of the event's public pages, so that long lists need not reverse each address."""
    return reverse("agenda", args=[event.slug]).removesuffix("agenda/")


def get_version_for(request: "HttpRequest", event: Event) -> ProgrammeVersion:
    """Return the version of the programme that the visitor may see."""
    return get_programme_version(event, audience=get_programme_audience(request.user, event))


def serve_cached_or_personal(
    request: "HttpRequest",
    event: Event,
    version_key: str,
    render_for: "Callable[[OwnSessions], HttpResponse]",
    *personal_cookies: str,
) -> HttpResponse:
    """Serve the cached page to anonymous visitors, a personal page to everyone else."""
    if is_anonymous_visitor(request, get_agenda_cookie_name(event), *personal_cookies):
        return get_cached_page(request, version_key, partial(render_for, OwnSessions(event)))
    return forbid_shared_caching(render_for(get_own_sessions(request, event)))


def get_own_sessions(request: "HttpRequest", event: Event) -> OwnSessions:
    """Return the sessions of the personal agenda on this device and of the signed-in person."""
    person = request.user if isinstance(request.user, Person) else None
    return OwnSessions(event, get_own_agenda(event, request), person)


def forbid_shared_caching(response: HttpResponse) -> HttpResponse:
    """Forbid shared caches to store the response."""
    response["Cache-Control"] = "private, no-cache"
    response["Vary"] = "Cookie"
    return response


def find_feedback_addresses(event: Event, request: "HttpRequest") -> dict[int, str]:
    """Return where the visitor can give feedback, by session id; empty for visitors not recognized."""
    addresses: dict[int, str] = {}
    for find_addresses in hooks.feedback_addresses.providers():
        addresses |= find_addresses(event, request)
    return addresses


def find_booking_address(event: Event, request: "HttpRequest") -> str:
    """Return where the visitor books seats in sessions; "" for visitors not recognized."""
    addresses = [find_address(event, request) for find_address in hooks.booking_address.providers()]
    return next(filter(None, addresses), "")
