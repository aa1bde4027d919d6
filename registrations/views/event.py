"""An event's public page: what, when, where, until when, what it costs, and one button."""

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from convention.events.doors import visible_event
from convention.events.models import Event
from schedule.models import Session
from schedule.page_cache import is_plain_visitor

from ..logos import Tier, tiers_of
from ..models import Package, SponsorLogo, Ticket
from ..on_application import page_to_apply
from ..places import refresh_held

KEPT_SECONDS = 300


@dataclass(frozen=True)
class Offer:
    """The state of an event's registration, as its page tells it."""

    event: Event
    tickets: list[Ticket]
    state: str
    has_programme: bool = False
    tiers: Sequence[Tier] = ()
    has_packages: bool = False
    page_to_apply: str = ""

    @property
    def is_open(self) -> bool:
        """Whether there is a button."""
        return self.state == "open"

    @property
    def takes_waits(self) -> bool:
        """Whether a full ticket has a waiting list that can be joined."""
        return self.state in ("open", "full")

    @property
    def for_members(self) -> bool:
        """Whether a ticket needs a member's proof."""
        return any(ticket.needs_proof for ticket in self.tickets)


def offer_of(event: Event) -> Offer:
    """What is offered now: state is `open`, `early`, `closed`, `full` or `none` (no ticket yet)."""
    tickets = [ticket for ticket in event.tickets.with_prices() if ticket.is_public]
    refresh_held(tickets, at=timezone.now())
    has = Event.objects.filter(pk=event.pk).values_list(
        Exists(Session.objects.filter(event=event)),
        Exists(Package.objects.filter(event=event)),
        Exists(SponsorLogo.objects.filter(sponsorship__event=event)),
    )
    [(has_programme, has_packages, has_logos)] = has
    tiers = tiers_of(event) if has_logos else []
    page = page_to_apply(event)
    return Offer(event, tickets, _state(event, tickets), has_programme, tiers, has_packages, page)


def _state(event: Event, tickets: list[Ticket]) -> str:
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
    return "open" if any(ticket.left != 0 for ticket in on_sale) else "full"


@require_safe
def event(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; for visitors who are all the same it is kept as long as nothing on it changes."""
    found = visible_event(slug, request.user)
    offer = offer_of(found)
    if request.GET or not is_plain_visitor(request):
        response = _page(request, offer)
        patch_cache_control(response, private=True, no_cache=True)
        return response
    etag = f'"{_fingerprint(offer)}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    content = cache.get(etag)
    if content is None:
        content = _page(request, offer).content
        cache.set(etag, content, KEPT_SECONDS)
    response = HttpResponse(content, headers={"ETag": etag})
    patch_cache_control(response, no_cache=True)
    return response


def _page(request: HttpRequest, offer: Offer) -> HttpResponse:
    return render(request, "registrations/event.html", {"event": offer.event, "offer": offer})


def _fingerprint(offer: Offer) -> str:
    """Of all that the page shows: language, event, venue, host, tickets, programme, and what is open now."""
    now = timezone.now()
    rows = [offer.event, offer.event.venue, offer.event.host, *offer.tickets]
    shown = [translation.get_language(), offer.state, offer.has_programme, *(_values(row) for row in rows)]
    shown += [offer.has_packages, offer.page_to_apply, *(tier.mark for tier in offer.tiers)]
    shown += [[ticket.is_on_sale(at=now), ticket.left, _prices(ticket, now)] for ticket in offer.tickets]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def _values(row: object) -> list[str]:
    return [f"{name}={value}" for name, value in vars(row).items() if name[0] != "_"] if row else []


def _prices(ticket: Ticket, at: datetime.datetime) -> list[tuple[int, datetime.datetime]]:
    return [(step.price, step.until) for step in ticket.steps_ahead(at=at)]
