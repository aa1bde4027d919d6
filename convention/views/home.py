"""The home page."""

from typing import TYPE_CHECKING, Any

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from convention import hooks
from convention.events.cancellations import find_cancellation_times
from convention.events.models import Event
from convention.events.permissions import get_member_events
from convention.templatetags.convention import page_url
from convention.web.page_languages import get_preferred_language

from .site_pages import PageVisitor

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from convention.club.permissions import RequestUser

MAX_PAST_EVENTS = 12


@require_safe
def home_page(request: "HttpRequest") -> "HttpResponse":
    """Show the club’s next events; `/` alone redirects by language."""
    is_root = request.path_info == "/"
    # Only "/" looks at the browser's language; every other address has one language of its own.
    if is_root and get_preferred_language(request) == "en":
        response: HttpResponse = redirect("/en/")
    else:
        response = render(request, "home.html", build_event_context(request.user))
    if is_root:
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


@require_safe
def landing_page(request: "HttpRequest") -> "HttpResponse":
    """Redirect to the start page of the person’s role, after a sign-in that has no other target."""
    response = redirect(choose_landing_path(PageVisitor(request)))
    patch_cache_control(response, private=True, no_store=True)
    return response


def choose_landing_path(visitor: PageVisitor) -> str:
    """Return the page of the visitor’s first role in the order below; their registrations without a role."""
    if not visitor.request.user.is_authenticated:
        return reverse("home")
    pages = (
        (lambda: visitor.can_organize, "organize"),
        (lambda: visitor.can_see_money, "receivables"),
        (lambda: visitor.is_secretary, "organize-season"),
        (lambda: visitor.works_only_at_desk, "desks"),
        (lambda: visitor.can_review, "review-events"),
        (lambda: visitor.is_contact, "company"),
    )
    # Roles are checked only until one is found, since most cost a query.
    name = next((page_name for has_role, page_name in pages if has_role()), "me")
    return page_url(name) or reverse("home")


def build_event_context(reader: "RequestUser") -> dict[str, object]:
    """Return upcoming and past public events, members’ events, cancellation times and own registrations."""
    open_to_members = get_member_events(reader).filter(ends_at__gte=timezone.now())
    member_events = list(open_to_members.select_related("venue"))
    upcoming_events, past_events = load_public_events()
    cancellation_times = find_cancellation_times([*member_events, *upcoming_events, *past_events])
    registration_links = _find_registration_links(reader, [*member_events, *upcoming_events])
    # A cancelled event stays in the list, with a note, but does not lead the page.
    next_event = next((event for event in upcoming_events if event.pk not in cancellation_times), None)
    return {
        "member_events": member_events,
        "next_event": next_event,
        "upcoming": [event for event in upcoming_events if event != next_event],
        "past": past_events,
        "cancellation_times": cancellation_times,
        "registration_links": registration_links.values(),
        "next_registration_link": registration_links.get(next_event.pk) if next_event else None,
    }


def _find_registration_links(reader: "RequestUser", events: list[Event]) -> dict[int, Any]:
    """Return links to the signed-in reader's registrations at these events, by event id."""
    if not reader.is_authenticated or not events:
        return {}
    links: dict[int, Any] = hooks.registration_links.provider()(reader, events)
    return links


def load_public_events() -> tuple[list[Event], list[Event]]:
    """Return upcoming public events, the next first, and the latest past ones."""
    now = timezone.now()
    public_events = Event.objects.filter(visibility=Event.Visibility.PUBLIC).select_related("venue", "host")
    past_events = public_events.filter(ends_at__lt=now).order_by("-starts_at")[:MAX_PAST_EVENTS]
    return list(public_events.filter(ends_at__gte=now)), list(past_events)
