"""An event's public page, with its tickets and the state of registration."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache
from django.db import models
from django.db.models import Exists, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from convention.club.models import Person
from convention.club.permissions import get_open_seat, is_member
from convention.db.compiled_query import PLACEHOLDER_ID, PLACEHOLDER_TIME, CompiledQuery
from convention.events.cancellations import find_cancellation_time
from convention.events.models import Event, load_application_deadlines
from convention.events.permissions import get_visible_event
from registrations.application_rules import get_application_path
from registrations.inventory.stock import refresh_availability
from registrations.logos import SponsorTier, list_sponsor_tiers
from registrations.models import Package, Registration, SponsorLogo, Ticket
from registrations.permissions import RegistrationLink, list_registration_links
from registrations.pricing.catalog import load_public_tickets
from registrations.pricing.passes import count_passes_left, takes_pass_now
from schedule.models import CallForProposals, ProgrammeAudience, Session
from schedule.permissions import get_programme_audience
from schedule.programme.page_cache import is_anonymous_visitor

from .structured_data import render_structured_data

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
    has_open_call: bool = False
    has_company_passes: bool = False
    is_reader_member: bool = False

    @property
    def is_open(self) -> bool:
        """Return whether the page has a button to register."""
        return self.state == "open"

    @property
    def is_over(self) -> bool:
        return self.event.is_over()

    @property
    def has_open_waiting_list(self) -> bool:
        """Return whether the waiting list of a full ticket can be joined."""
        return self.state in ("open", "full")

    @property
    def needs_member_verification(self) -> bool:
        return any(ticket.needs_member_verification for ticket in self.tickets)


def load_registration_offer(event: Event) -> RegistrationOffer:
    """Load the offer.

    Its state is `open`, `not_open_yet`, `closed`, `full`, `none` (no ticket yet) or `cancelled`.
    """
    load_application_deadlines([event])
    if find_cancellation_time(event):
        return RegistrationOffer(
            event, [], "cancelled", event.sessions.published(audience=ProgrammeAudience.PUBLIC).exists()
        )
    tickets = load_public_tickets(event)
    event_flags: Any = RELATED_ROWS_QUERY.first(event.pk, timezone.now())
    if event_flags.has_expired_holds:
        refresh_availability(tickets, at=timezone.now())
    return RegistrationOffer(
        event,
        tickets,
        _find_registration_state(event, tickets),
        event_flags.has_programme,
        sponsor_tiers=list_sponsor_tiers(event) if event_flags.has_logos else [],
        has_packages=event_flags.has_packages,
        application_page=get_application_path(event),
        has_open_call=event_flags.has_open_call,
    )


def _query_related_rows(event: int, at: datetime.datetime) -> QuerySet[Event]:
    """Return the event with flags: expired holds, a programme, packages, logos, an open call."""
    # Checked because expired holds would make a ticket look sold out.
    expired_holds = Registration.objects.with_expired_hold(at=at).filter(event=event)
    return Event.objects.filter(pk=event).annotate(
        has_expired_holds=Exists(expired_holds),
        has_programme=Exists(
            Session.objects.published(audience=ProgrammeAudience.PUBLIC).filter(event=event)
        ),
        has_packages=Exists(Package.objects.filter(event=event)),
        has_open_call=Exists(CallForProposals.objects.open(at=at).filter(event=event)),
        has_logos=Exists(SponsorLogo.objects.filter(sponsorship__event=event)),
    )


RELATED_ROWS_QUERY = CompiledQuery(_query_related_rows, PLACEHOLDER_ID, PLACEHOLDER_TIME)


def _find_registration_state(event: Event, tickets: list[Ticket]) -> str:
    now = timezone.now()
    if event.is_registration_ahead(at=now):
        return "not_open_yet"
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
    offer = load_registration_offer(get_visible_event(slug, request.user))
    # The key of the cache does not include the query string, on which the page may depend.
    if request.GET or not is_anonymous_visitor(request):
        has_programme = offer.has_programme or _has_members_programme(request, offer.event)
        has_passes = _has_company_passes(request, offer)
        own_offer = replace(
            offer,
            has_programme=has_programme,
            has_company_passes=has_passes,
            is_reader_member=offer.needs_member_verification and _is_member(request),
        )
        response = _render_event_page(request, own_offer, _list_registration_links(request, offer.event))
        patch_cache_control(response, private=True, no_cache=True)
        return response
    # Anonymous visitors all get the same page, so that its version can be the ETag.
    etag = f'"{translation.get_language()}{compute_offer_version(offer, at=timezone.now())}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    content = cache.get(etag)
    if content is None:
        content = _render_event_page(request, offer).content
        cache.set(etag, content, PAGE_CACHE_SECONDS)
    response = HttpResponse(content, headers={"ETag": etag})
    # `no-cache` lets browsers store the page, but they have to ask each time whether it changed (RFC 9111).
    patch_cache_control(response, no_cache=True)
    return response


def _has_members_programme(request: HttpRequest, event: Event) -> bool:
    """Return whether the reader sees a programme that the public does not."""
    audience = get_programme_audience(request.user, event)
    return audience is ProgrammeAudience.MEMBERS and event.sessions.published(audience=audience).exists()


def _is_member(request: HttpRequest) -> bool:
    return isinstance(request.user, Person) and is_member(request.user)


def _has_company_passes(request: HttpRequest, offer: RegistrationOffer) -> bool:
    """Return whether the membership of the signed-in reader's company still pays for one of the tickets."""
    if not isinstance(request.user, Person) or not any(takes_pass_now(ticket) for ticket in offer.tickets):
        return False
    seat = get_open_seat(request.user)
    return seat is not None and count_passes_left(seat.membership, offer.event) > 0


def _list_registration_links(request: HttpRequest, event: Event) -> list[RegistrationLink]:
    """Return the signed-in reader's active registrations at the event."""
    return list_registration_links(request.user, [event]) if isinstance(request.user, Person) else []


def _render_event_page(
    request: HttpRequest,
    offer: RegistrationOffer,
    registration_links: Sequence[RegistrationLink] = (),
) -> HttpResponse:
    structured_data = render_structured_data(offer.event, offer.tickets, offer.state)
    context = {
        "event": offer.event,
        "offer": offer,
        "registration_links": registration_links,
        "structured_data": structured_data,
    }
    return render(request, "registrations/event.html", context)


def compute_offer_version(offer: RegistrationOffer, *, at: datetime.datetime) -> str:
    """Return a digest of everything that the event's page shows at `at`."""
    event = offer.event
    steps = [step for ticket in offer.tickets for step in ticket.loaded_price_steps or ()]
    rows = [event, event.venue, event.host, *offer.tickets, *(t.quota for t in offer.tickets), *steps]
    values = [*(_list_field_values(row) for row in rows), [event.registration_deadline]]
    # Prices and sale periods change with time, without any change of a row.
    passed = [value <= at for row in values for value in row if isinstance(value, datetime.datetime)]
    tiers = [tier.fingerprint for tier in offer.sponsor_tiers]
    flags = [
        offer.state,
        offer.has_programme,
        offer.has_packages,
        offer.application_page,
        offer.has_open_call,
    ]
    page_content = repr([values, passed, tiers, flags, find_cancellation_time(event)])
    return hashlib.sha256(page_content.encode()).hexdigest()[:32]


def _list_field_values(row: models.Model | None) -> list[Any]:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields] if row else []
