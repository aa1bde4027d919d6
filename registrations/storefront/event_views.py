"""An event's public page, with its tickets and the state of registration."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from registrations.application_rules import get_application_path
from registrations.fast_path.event_version import compute_event_version
from registrations.inventory.stock import refresh_availability
from registrations.logos import SponsorTier, list_sponsor_tiers
from registrations.models import Package, SponsorLogo, Ticket
from schedule.models import Session
from schedule.programme.page_cache import is_anonymous_visitor

# The version is part of the key, so that this only limits how long old versions take space.
PAGE_CACHE_SECONDS = 300


@dataclass(frozen=True)
class RegistrationOffer:
    """The tickets and the state of an event's registration, for its page."""

    event: Event
    tickets: list[Ticket]
    state: str
    has_programme: bool = False
    sponsor_tiers: Sequence[SponsorTier] = ()
    has_packages: bool = False
    application_page: str = ""

    @property
    def is_open(self) -> bool:
        """Return whether the page has a button to register."""
        return self.state == "open"

    @property
    def has_open_waiting_list(self) -> bool:
        """Return whether the waiting list of a full ticket can be joined."""
        return self.state in ("open", "full")

    @property
    def needs_member_verification(self) -> bool:
        return any(ticket.needs_member_verification for ticket in self.tickets)


def load_registration_offer(event: Event) -> RegistrationOffer:
    """Load the offer; its state is `open`, `early`, `closed`, `full`, `none` (no ticket yet) or `off`."""
    if find_cancellation_time(event):
        return RegistrationOffer(event, [], "off", event.sessions.exists())
    tickets = [ticket for ticket in event.tickets.with_prices() if ticket.is_public]
    # Or a ticket would be shown as sold out while only expired holds are in the way.
    refresh_availability(tickets, at=timezone.now())
    has = Event.objects.filter(pk=event.pk).values_list(
        Exists(Session.objects.filter(event=event)),
        Exists(Package.objects.filter(event=event)),
        Exists(SponsorLogo.objects.filter(sponsorship__event=event)),
    )
    [(has_programme, has_packages, has_logos)] = has
    tiers = list_sponsor_tiers(event) if has_logos else []
    page = get_application_path(event)
    return RegistrationOffer(
        event, tickets, _find_registration_state(event, tickets), has_programme, tiers, has_packages, page
    )


def _find_registration_state(event: Event, tickets: list[Ticket]) -> str:
    now = timezone.now()
    if event.registration_opens_at and now < event.registration_opens_at:
        return "early"
    if not event.is_registration_open(at=now):
        return "closed"
    if not tickets:
        return "none"
    on_sale = [ticket for ticket in tickets if ticket.is_on_sale(at=now)]
    if not on_sale:
        return "closed"
    return "open" if any(ticket.remaining != 0 for ticket in on_sale) else "full"


@require_safe
def event_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the event; for anonymous visitors the page is cached until something on it changes."""
    event = get_visible_event(slug, request.user)
    # The key of the cache does not include the query string, on which the page may depend.
    version = None if request.GET or not is_anonymous_visitor(request) else compute_event_version(event)
    if version is None:
        response = _render_event_page(request, event)
        patch_cache_control(response, private=True, no_cache=True)
        return response
    # Anonymous visitors all get the same page, so that its version can be the ETag.
    etag = f'"{translation.get_language()}{version}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    content = cache.get(etag)
    if content is None:
        content = _render_event_page(request, event).content
        cache.set(etag, content, PAGE_CACHE_SECONDS)
    response = HttpResponse(content, headers={"ETag": etag})
    # `no-cache` lets browsers store the page, but they have to ask each time whether it changed (RFC 9111).
    patch_cache_control(response, no_cache=True)
    return response


def _render_event_page(request: HttpRequest, event: Event) -> HttpResponse:
    return render(
        request, "registrations/event.html", {"event": event, "offer": load_registration_offer(event)}
    )
