"""Load what an event offers, and translate the models into the plain data of `quote.py`."""

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Membership
from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.errors import ConventionError
from convention.events.models import Event
from convention.money import Money
from convention.text.normalize import casefold_text
from registrations.models import Addon, PassQuota, PriceStep, Ticket, Voucher
from registrations.order_request import OrderRequest, RequestedPlace

from .quote import PriceList, PriceRequest, Quote, QuoteLine, TimedPrice, VoucherTerms, calculate_quote
from .quoted_prices import ADDON_KIND, TICKET_KIND, QuotedPriceAllocation, QuotedPrices
from .serializers import render_quote


@dataclass(frozen=True)
class RequestedCatalog:
    """An event with the tickets that an order names, and the voucher of its code."""

    event: Event
    tickets: list[Ticket] = field(default_factory=list)
    voucher: Voucher | None = None


def load_catalog(event: Event, ticket_slugs: Collection[str] = (), code: str = "") -> RequestedCatalog:
    """Return the event's tickets of these slugs, with quotas and price steps, and the voucher of the code.

    Slugs and codes that do not exist are ignored; `code` must be normalized (`normalize_code`).
    """
    if len(ticket_slugs) == 1:
        tickets = TICKET_QUERY.all(event.pk, *ticket_slugs)
    else:
        # A compiled query has a fixed number of values; most orders name one ticket.
        tickets = list(_query_tickets(event.pk).filter(slug__in=ticket_slugs))
    _attach_prices(tickets, event)
    return RequestedCatalog(event, tickets, find_voucher(event, code))


def load_public_tickets(event: Event) -> list[Ticket]:
    """Return the event's public tickets in order, with quotas and price steps."""
    tickets = PUBLIC_TICKETS_QUERY.all(event.pk)
    _attach_prices(tickets, event)
    return tickets


def _attach_prices(tickets: list[Any], event: Event) -> None:
    has_steps = any(ticket.has_price_steps for ticket in tickets)
    steps = PRICE_STEPS_QUERY.all(event.pk) if has_steps else []
    for ticket in tickets:
        ticket.event = event
        ticket.loaded_price_steps = [step for step in steps if step.ticket_id == ticket.pk]
        for step in ticket.loaded_price_steps:
            # A step's price is in the currency of its ticket, which is not loaded again then.
            step.ticket = ticket


def find_voucher(event: Event, code: str) -> Voucher | None:
    """Return the event's voucher of a normalized code, with its tickets."""
    voucher = VOUCHER_QUERY.first(event.pk, code) if code else None
    if voucher:
        voucher.event = event
        voucher.loaded_tickets = VOUCHER_TICKETS_QUERY.all(voucher.pk)
    return voucher


def _query_tickets(event: int) -> QuerySet[Ticket]:
    tickets = Ticket.objects.filter(event=event).select_related("quota")
    return tickets.annotate(has_price_steps=Exists(PriceStep.objects.filter(ticket=OuterRef("pk"))))


# Compiled, because every order runs them, and building a query takes longer than running it.
TICKET_QUERY = CompiledQuery(
    lambda event, slug: _query_tickets(event).filter(slug=slug), PLACEHOLDER_ID, "the slug"
)
PUBLIC_TICKETS_QUERY = CompiledQuery(
    lambda event: _query_tickets(event).filter(is_public=True), PLACEHOLDER_ID
)
PRICE_STEPS_QUERY = CompiledQuery(lambda event: PriceStep.objects.filter(ticket__event=event), PLACEHOLDER_ID)
VOUCHER_QUERY = CompiledQuery(
    lambda event, code: Voucher.objects.filter(event=event, code=code), PLACEHOLDER_ID, "the code"
)
VOUCHER_TICKETS_QUERY = CompiledQuery(lambda voucher: Ticket.objects.filter(vouchers=voucher), PLACEHOLDER_ID)


@dataclass(frozen=True)
class Offering:
    """The tickets and add-ons that an order can be made of, by slug, and its voucher."""

    tickets: dict[str, Ticket]
    addons: dict[str, Addon] = field(default_factory=dict)
    voucher: Voucher | None = None

    @cached_property
    def voucher_terms(self) -> VoucherTerms | None:
        return make_voucher_terms(self.voucher) if self.voucher else None


def load_offering(
    event: Event,
    request: OrderRequest,
    catalog: RequestedCatalog | None = None,
) -> Offering:
    """Return what is offered to the holder of the code; `catalog` is loaded unless given."""
    catalog = catalog or load_requested_catalog(event, request)
    addons = {slug for place in request.places for slug in place.addons}
    addons_found = event.addons.filter(slug__in=addons).prefetch_related("tickets") if addons else ()
    return Offering(
        tickets={ticket.slug: ticket for ticket in filter_offered_tickets(catalog.tickets, catalog.voucher)},
        addons={addon.slug: addon for addon in addons_found},
        voucher=catalog.voucher,
    )


def load_requested_catalog(event: Event, request: OrderRequest) -> RequestedCatalog:
    """Load the catalog for a normalized request."""
    return load_catalog(event, {place.ticket for place in request.places}, request.code)


def filter_offered_tickets(tickets: Iterable[Ticket], voucher: Voucher | None) -> list[Ticket]:
    """Return the public tickets, and the hidden ones that a valid voucher opens."""
    opened = {t.pk for t in voucher.list_tickets()} if voucher and voucher.is_valid() else set[int]()
    return [ticket for ticket in tickets if ticket.is_public or ticket.pk in opened]


def make_price_list(sale_item: Ticket | Addon) -> PriceList:
    ticket = sale_item if isinstance(sale_item, Ticket) else None
    return PriceList(
        slug=sale_item.slug,
        title=sale_item.title,
        price=sale_item.price,
        timed_prices=tuple(TimedPrice(step.price, step.ends_at) for step in ticket.list_upcoming_steps())
        if ticket
        else (),
        vat_rate=sale_item.vat_rate,
        vat_exemption=sale_item.vat_exemption,
        uses_pass=ticket is not None and ticket.uses_pass,
        is_hidden=ticket is not None and not ticket.is_public,
    )


def quote_changed_ticket(ticket: Ticket, voucher: Voucher | None, passes: PassQuota | None) -> QuoteLine:
    """Return the price of a ticket for an attendee who changes to it from another one.

    A pass and a voucher use are counted already.
    """
    # The attendee's own use is already counted, so the limit must not apply again.
    terms = replace(make_voucher_terms(voucher), uses_left=None) if voucher else None
    request = PriceRequest(price_list=make_price_list(ticket), can_use_pass=passes is not None)
    return calculate_quote(
        [request], at=timezone.now(), voucher_terms=terms, passes_left=1 if passes else 0
    ).lines[0]


def make_voucher_terms(voucher: Voucher) -> VoucherTerms:
    return VoucherTerms(
        code=voucher.code,
        kind=voucher.kind,
        value=voucher.value,
        uses_left=voucher.remaining,
        ticket_slugs=frozenset(ticket.slug for ticket in voucher.list_tickets()),
        ends_at=voucher.closes_at,
    )


def is_voucher_for(voucher: Voucher, place: RequestedPlace, company: str = "") -> bool:
    """Return whether the voucher is for this attendee's address and company, if it names any.

    `for_address` is an address, or a domain such as “@example.org”.
    """
    address = voucher.for_address.casefold()
    email = place.email.casefold()
    # The “@” is part of the domain, so that `@example.org` does not fit `@notexample.org`.
    fits_address = email.endswith(address) if address.startswith("@") else email == address
    # The buyer's company is used where the attendee's is empty.
    fits_company = casefold_text(place.company or company) == casefold_text(voucher.for_company)
    return (not address or fits_address) and (not voucher.for_company or fits_company)


def quote_offering(
    request: OrderRequest,
    offering: Offering,
    *,
    at: datetime.datetime,
    pass_allowance: "PassAllowance | None" = None,
    quoted_prices: QuotedPrices | None = None,
) -> Quote:
    """Return what the order costs at that moment, with the passes that its places can use.

    `quoted_prices` apply to their items where they are lower.
    """
    voucher = offering.voucher if offering.voucher and offering.voucher.is_valid(at=at) else None
    # Built once for each ticket: a group's order may contain the same one fifty times.
    price_lists = {slug: make_price_list(ticket) for slug, ticket in offering.tickets.items()}
    allocation = QuotedPriceAllocation(quoted_prices)
    price_requests = [
        PriceRequest(
            price_list=allocation.apply_next(
                price_lists[place.ticket],
                kind=TICKET_KIND,
                currency=offering.tickets[place.ticket].currency,
            ),
            addons=tuple(
                allocation.apply_next(make_price_list(addon), kind=ADDON_KIND, currency=addon.currency)
                for addon in (offering.addons[slug] for slug in place.addons)
            ),
            can_use_pass=pass_allowance is not None and number in pass_allowance.place_numbers,
            can_use_voucher=voucher is not None and is_voucher_for(voucher, place, request.company),
        )
        for number, place in enumerate(request.places)
    ]
    passes_left = pass_allowance.passes_left if pass_allowance else 0
    return calculate_quote(
        price_requests,
        at=at,
        voucher_terms=offering.voucher_terms if voucher else None,
        passes_left=passes_left,
    )


@dataclass(frozen=True)
class PassAllowance:
    """The passes that a membership has left, and the places of an order, by index, that can use them."""

    membership: Membership
    place_numbers: frozenset[int]
    passes_left: int


class PriceChanged(ConventionError):
    """The order does not cost what the buyer expects; `details` has the current quote."""

    kind = "price-changed"
    status = 409


def check_expected_total(event: Event, request: OrderRequest, quote: Quote, *, currency: str) -> None:
    """Raise PriceChanged if the request expects another total."""
    expected = request.expected_total
    if expected is None or expected == quote.total:
        return
    sentence = _("The price has changed from %(expected)s to %(now)s. Nothing has been booked yet.")
    amounts = {"now": Money(quote.total, currency), "expected": Money(expected, currency)}
    raise PriceChanged(sentence % amounts, {"quote": render_quote(quote, currency=currency, zone=event.zone)})
