"""Check and price a request before anything is booked or locked: availability, members' seats, passes."""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Seat
from convention.club.permissions import find_seats_by_address
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.text.email_addresses import normalize_email
from registrations.inventory.stock import make_sold_out_error, release_holds_and_reload
from registrations.models import Ticket
from registrations.order_context import ANONYMOUS_CONTEXT, OrderContext
from registrations.order_request import OrderRequest
from registrations.pricing.catalog import Offering, PassAllowance, load_offering, quote_offering
from registrations.pricing.passes import count_passes_left
from registrations.pricing.quote import Quote, QuoteLine

from .validation import find_repeated_members, find_request_errors, refuse_if_closed


@dataclass(frozen=True)
class PreparedSale:
    """A checked and priced request."""

    offering: Offering
    quote: Quote
    currency: str
    priced_at: datetime.datetime
    member_seats: dict[str, Seat]
    pass_allowance: PassAllowance | None

    def find_ticket_line(self, number: int) -> QuoteLine:
        """Return the quote's line of the ticket at that place of the order."""
        return next(line for line in self.quote.lines if line.place_number == number and not line.is_addon)


def prepare_sale(event: Event, request: OrderRequest, context: OrderContext) -> PreparedSale:
    """Load, check and price a request; everything that needs no lock. Raise what the checks raise."""
    now = timezone.now()
    offering = load_offering(event, request, context.catalog)
    _validate_request(request, offering, context)
    seats = _find_member_seats(request, context)
    _refuse_repeated_members(request, offering, seats)
    passes = _find_pass_allowance(event, request, offering, seats)
    quote = quote_offering(
        request, offering, at=now, pass_allowance=passes, quoted_prices=context.quoted_prices
    )
    # A hidden ticket needs a use of the code for each place; the first place without one is named.
    for number in quote.refused_places:
        field, sentence = (
            f"registrations.{number}.ticket",
            _("The code cannot be used for this many people."),
        )
        raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence]})
    return PreparedSale(
        offering, quote, offering.tickets[request.places[0].ticket].currency, now, seats, passes
    )


def quote_order(
    *, event: Event, request: OrderRequest, context: OrderContext = ANONYMOUS_CONTEXT
) -> tuple[Quote, str]:
    """Return the current price of an order and its currency, after all checks and without booking.

    Raise NotOpenNow, InvalidFields and SoldOut.
    """
    refuse_if_closed(event, at=timezone.now())
    sale = prepare_sale(event, request.normalize(), context)
    return sale.quote, sale.currency


def preview_quote(event: Event, request: OrderRequest, offering: Offering, context: OrderContext) -> Quote:
    """Return the current price of a request that is not checked, with the passes of a membership."""
    passes = _find_pass_allowance(event, request, offering, _find_member_seats(request, context))
    return quote_offering(
        request, offering, at=timezone.now(), pass_allowance=passes, quoted_prices=context.quoted_prices
    )


def _validate_request(request: OrderRequest, offering: Offering, context: OrderContext) -> None:
    """Check fields and availability. Raise InvalidFields and SoldOut.

    Expired holds are released before a ticket counts as sold out.
    """
    errors = _find_errors(request, offering, context)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    # The place of an accepted offer is reserved already, so that it may be the last one.
    requested = _count_requested_tickets(request, offering.tickets) - Counter(context.reserved_tickets)
    short_tickets = [ticket for ticket, places in requested.items() if _lacks_places(ticket, places)]
    if short_tickets:  # expired holds may be all that is in the way
        # Now, also if the rules are those of an earlier moment: holds expired since then.
        release_holds_and_reload(short_tickets, at=timezone.now())
    for ticket in short_tickets:
        if _lacks_places(ticket, requested[ticket]):
            raise make_sold_out_error(ticket)


def _refuse_repeated_members(request: OrderRequest, offering: Offering, seats: dict[str, Seat]) -> None:
    """Raise InvalidFields if two members' tickets are for different addresses of one member."""
    # A mailed link checks this for other members; these places would be confirmed at once.
    if errors := find_repeated_members(request.places, offering.tickets, seats):
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {f"registrations.{number}.email": [sentence] for number, sentence in errors.items()},
        )


def _find_errors(request: OrderRequest, offering: Offering, context: OrderContext) -> dict[str, list[str]]:
    errors = find_request_errors(request, offering, at=context.rules_apply_at)
    if context.held_offer:
        errors.pop("registrations", None)  # a held place is exempt from the limits per order
    if context.can_name_members_later:
        for number, place in enumerate(request.places):
            if not place.email:
                errors.pop(f"registrations.{number}.email", None)
    return errors


def _count_requested_tickets(request: OrderRequest, tickets: dict[str, Ticket]) -> Counter[Ticket]:
    return Counter(tickets[place.ticket] for place in request.places)


def _lacks_places(ticket: Ticket, places: int) -> bool:
    return ticket.remaining is not None and ticket.remaining < places


def _find_pass_allowance(
    event: Event, request: OrderRequest, offering: Offering, seats: dict[str, Seat]
) -> PassAllowance | None:
    """Return the passes of the attendees' membership, if their tickets can use passes.

    Only one membership's passes are used in an order: that of the first attendee who has one.
    """
    memberships = {
        number: seat.membership
        for number, place in enumerate(request.places)
        if offering.tickets[place.ticket].uses_pass and (seat := seats.get(normalize_email(place.email)))
    }
    membership = next(iter(memberships.values()), None)
    # Only a hint: the row of the passes is reserved with the order, and others may be faster.
    if membership is None or not (passes_left := count_passes_left(membership, event)):
        return None
    places = frozenset(number for number, other in memberships.items() if other == membership)
    return PassAllowance(membership, places, passes_left)


def _find_member_seats(request: OrderRequest, context: OrderContext) -> dict[str, Seat]:
    """Return membership seats that need no verification, by normalized address.

    They are those of the signed-in person, and of the colleagues for whom a company's contact orders.
    """
    addresses = {normalize_email(place.email) for place in request.places if place.email}
    if context.member_seat and context.person:
        return {normalize_email(context.person.email or ""): context.member_seat}
    seats = find_seats_by_address(context.company, addresses) if context.company and addresses else {}
    own = {address for address in addresses - seats.keys() if context.is_own_address(address)}
    # The seat last, because it takes a query.
    if context.person and own and (seat := context.own_seat):
        # Spares the query for the person that `seat.person` would make.
        seat.person = context.person
        seats |= dict.fromkeys(own, seat)
    return seats
