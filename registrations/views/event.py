"""An event's public page: what, when, where, until when, what it costs, and one button."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.views.decorators.http import require_safe

from convention.events.called_off import called_off_at
from convention.events.doors import visible_event
from convention.events.models import Event
from schedule.models import Session
from schedule.page_cache import is_plain_visitor

from ..event_mark import event_mark
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
    """What is offered now: state is `open`, `early`, `closed`, `full`, `none` (no ticket yet) or `off`."""
    if called_off_at(event):
        return Offer(event, [], "off", event.sessions.exists())
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
    mark = None if request.GET or not is_plain_visitor(request) else event_mark(found)
    if mark is None:
        response = _page(request, found)
        patch_cache_control(response, private=True, no_cache=True)
        return response
    etag = f'"{translation.get_language()}{mark}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None and unchanged.status_code == 304:
        return unchanged
    content = cache.get(etag)
    if content is None:
        content = _page(request, found).content
        cache.set(etag, content, KEPT_SECONDS)
    response = HttpResponse(content, headers={"ETag": etag})
    patch_cache_control(response, no_cache=True)
    return response


def _page(request: HttpRequest, event: Event) -> HttpResponse:
    return render(request, "registrations/event.html", {"event": event, "offer": offer_of(event)})
