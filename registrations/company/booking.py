"""Book a company's order: a contact registers colleagues together, on one invoice."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Company, Person
from convention.club.permissions import find_seats_by_address
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.money import Money
from convention.text.email_addresses import filter_by_email, is_same_email, normalize_email
from registrations.attendee_identity import AttendeeIdentity, is_same_name
from registrations.booking.idempotency import find_order_by_key
from registrations.booking.place_order import place_order
from registrations.booking.validation import find_repeated_members
from registrations.models import CompanyShare, Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.orders.second_registrations import match_registrations
from registrations.pricing.quotation_prices import lock_quotation
from registrations.pricing.quoted_prices import QuotedPrices

from .invitations import invite_attendee
from .models import CompanyOrder
from .permissions import list_company_registrations


@transaction.atomic
def book_for_company(
    *,
    event: Event,
    company: Company,
    contact_person: Person,
    request: OrderRequest,
    idempotency_key: str,
    quoted_prices: QuotedPrices | None = None,
) -> Order:
    """Place the order and ask each colleague by mail to complete their details, once the place is confirmed.

    The contact vouches for colleagues with a seat, so their member tickets need no verification. The same key
    returns the same order again. `quoted_prices` are those of the quotation that is ordered. Raise what
    `place_order` raises, and InvalidFields for a member ticket without a seat.
    """
    if quoted_prices:
        # Before `place_order` locks rows of the stock.
        lock_quotation(quoted_prices.number)
    # Before the seats are checked: after the first request, every colleague has a registration already.
    if order := find_order_by_key(event, idempotency_key):
        return order
    if errors := find_seat_errors(event, company, request.places):
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {f"registrations.{number}.email": [error.sentence] for number, error in errors.items()},
        )
    context = replace(
        make_order_context(company, contact_person),
        idempotency_key=idempotency_key,
        quoted_prices=quoted_prices,
    )
    order = place_order(event=event, request=request, context=context)
    _company_order, is_new = CompanyOrder.objects.get_or_create(
        order=order, defaults={"company": company, "placed_by": contact_person, "managed_by": contact_person}
    )
    # Invited once, also when the same request is repeated.
    if is_new:
        # Places that are held until they are paid by card: `invite_confirmed_colleagues` follows the payment.
        confirmed = order.registrations.filter(confirmed_at__isnull=False)
        for registration in confirmed.select_related("order", "event").order_by("pk"):
            invite_attendee(registration=registration)
        record_action("order.book_for_company", order, event=event, fields=["company"])
    return order


def make_order_context(company: Company, contact_person: Person) -> OrderContext:
    """Return the order context of a company's contact."""
    return OrderContext(source=Order.Source.COMPANY_CONTACT, person=contact_person, company=company)


@dataclass(frozen=True)
class SeatError:
    """The reason why a member's ticket cannot be ordered for a colleague."""

    sentence: str
    lacks_seat: bool = False


def find_seat_errors(
    event: Event, company: Company, places: Sequence[RequestedPlace]
) -> dict[int, SeatError]:
    """Return the errors of member tickets, by index: no seat, or a place with that ticket already.

    That place may be in the same order, for another address of the member.
    """
    member_tickets = {
        ticket.slug: ticket for ticket in event.tickets.all() if ticket.needs_member_verification
    }
    member_places = {
        n: place for n, place in enumerate(places) if place.ticket in member_tickets and place.email
    }
    # Addresses are compared exactly (`normalize_email`): another spelling may be another mailbox.
    seats = (
        find_seats_by_address(company, {normalize_email(place.email) for place in member_places.values()})
        if member_places
        else {}
    )
    people = [seat.person_id for seat in seats.values()]
    # A second registration of the same person for another ticket is allowed.
    confirmed = Registration.objects.of_members(people, member_tickets.values())
    booked = set(confirmed.values_list("person", "ticket"))
    repeated = find_repeated_members(places, member_tickets, seats)
    errors = {number: SeatError(sentence) for number, sentence in repeated.items()}
    for number, place in member_places.items():
        seat = seats.get(normalize_email(place.email))
        if seat is None:
            sentence = _("No colleague with this address has a seat. Give them one first.")
            errors[number] = SeatError(sentence, lacks_seat=True)
        elif (seat.person_id, member_tickets[place.ticket].pk) in booked:
            errors[number] = SeatError(_("%(name)s already has a place.") % {"name": seat.person})
    return errors


def list_member_price_hints(
    event: Event,
    company: Company,
    *,
    tickets: Sequence[Ticket],
    pass_tickets: Collection[Ticket],
    discounted_prices: Mapping[str, Money],
    places: Iterable[RequestedPlace],
) -> list[str]:
    """Return a sentence for each colleague with a seat whose ticket costs more than that for members.

    `tickets` are on sale; `pass_tickets` are those that a pass pays for now. `discounted_prices` are those
    with the voucher, by slug.
    """
    member_tickets = (ticket for ticket in tickets if ticket.needs_member_verification)
    member_ticket = next((ticket for ticket in member_tickets if ticket.remaining != 0), None)
    if member_ticket is None:
        return []
    prices = {ticket.slug: ticket.current_price for ticket in tickets} | dict(discounted_prices)
    price = Money(0) if member_ticket in pass_tickets else prices[member_ticket.slug]
    dearer_slugs = {
        ticket.slug
        for ticket in tickets
        if not ticket.needs_member_verification and prices[ticket.slug].amount > price.amount
    }
    dearer_places = [place for place in places if place.email and place.ticket in dearer_slugs]
    # Without an error, the colleague could come with that ticket.
    errors = find_seat_errors(
        event, company, [replace(place, ticket=member_ticket.slug) for place in dearer_places]
    )
    return [
        _describe_member_price(place, member_ticket, price)
        for number, place in enumerate(dearer_places)
        if number not in errors
    ]


def _describe_member_price(place: RequestedPlace, ticket: Ticket, price: Money) -> str:
    name = f"{place.first_name} {place.last_name}".strip() or place.email
    sentence = (
        _("%(name)s has a seat: with the ticket “%(ticket)s”, the place costs %(price)s.")
        if price.amount
        else _("%(name)s has a seat: the ticket “%(ticket)s” is free.")
    )
    return sentence % {"name": name, "ticket": ticket.title, "price": price}


def list_company_cap_errors(
    company: Company, tickets: Iterable[Ticket], places: Iterable[RequestedPlace]
) -> list[str]:
    """Return a sentence for each ticket with more of these places than one company can still have."""
    counts = Counter(place.ticket for place in places)
    capped = [
        ticket
        for ticket in tickets
        if ticket.company_cap is not None and ticket.needs_member_verification and counts[ticket.slug]
    ]
    reserved = count_reserved_shares(company, capped)
    return [
        _describe_company_cap(ticket, requested=counts[ticket.slug], reserved=reserved.get(ticket.pk, 0))
        for ticket in capped
        if reserved.get(ticket.pk, 0) + counts[ticket.slug] > (ticket.company_cap or 0)
    ]


def count_reserved_shares(company: Company, tickets: Iterable[Ticket]) -> dict[int, int]:
    """Return how many places the company has of each ticket with a limit per company, by its id."""
    capped = [ticket for ticket in tickets if ticket.company_cap is not None]
    shares = CompanyShare.objects.filter(company=company, ticket__in=capped) if capped else ()
    return {share.ticket_id: share.reserved for share in shares}


class TicketLimit(NamedTuple):
    """A ticket with its limit per company, None without one, and how many places the company has of it."""

    ticket: Ticket
    company_cap: int | None
    reserved: int


def list_ticket_limits(company: Company, tickets: Sequence[Ticket]) -> list[TicketLimit]:
    """Return the limits of the tickets for the company, with one query."""
    reserved = count_reserved_shares(company, tickets)
    return [
        # The limit counts members.
        TicketLimit(
            ticket,
            ticket.company_cap if ticket.needs_member_verification else None,
            reserved.get(ticket.pk, 0),
        )
        for ticket in tickets
    ]


def _describe_company_cap(ticket: Ticket, *, requested: int, reserved: int) -> str:
    values = {
        "ticket": ticket.title,
        "most": ticket.company_cap,
        "requested": requested,
        "reserved": reserved,
    }
    if reserved:
        sentence = ngettext(
            "“%(ticket)s”: at most %(most)d place per company. Your company already has %(reserved)d "
            "and this list asks for %(requested)d more.",
            "“%(ticket)s”: at most %(most)d places per company. Your company already has %(reserved)d "
            "and this list asks for %(requested)d more.",
            ticket.company_cap or 0,
        )
    else:
        sentence = ngettext(
            "“%(ticket)s”: at most %(most)d place per company. This list asks for %(requested)d.",
            "“%(ticket)s”: at most %(most)d places per company. This list asks for %(requested)d.",
            ticket.company_cap or 0,
        )
    return sentence % values


def find_existing_registrations(
    event: Event,
    company: Company,
    places: Iterable[RequestedPlace],
    *,
    excluded: Registration | None = None,
) -> dict[int, Registration]:
    """Return the active registrations that the places' people have at the event already, by index.

    Only registrations that the company's contacts can see count, so that the others are not revealed, and
    never `excluded`, the place that one of these people is about to get.
    """
    rows = Registration.objects.active().filter(
        pk__in=list_company_registrations(company).filter(event=event).values("pk")
    )
    if excluded:
        rows = rows.exclude(pk=excluded.pk)
    return match_registrations(places, list(rows.select_related("ticket").order_by("pk")))


def refuse_address_of_colleague(
    *, company: Company, registration: Registration, attendee: AttendeeIdentity
) -> None:
    """Raise InvalidFields if another active place that the company can see has the attendee's new address.

    Otherwise one person would receive another's personal link. The same person may have a place with another
    ticket.
    """
    email = attendee.email.strip()
    if not email or is_same_email(email, registration.email):
        return
    places = list_company_registrations(company).filter(event=registration.event_id)
    others = places.filter(pk__in=Registration.objects.active()).exclude(pk=registration.pk)
    for other in filter_by_email(others, email):
        is_further_ticket = other.has_name and other.ticket_id != registration.ticket_id
        if is_further_ticket and is_same_name(AttendeeIdentity.from_row(other), attendee):
            continue
        sentence = (
            _("This is the address of %(name)s, who already has a place. Enter another address.")
            if other.has_name
            else _("This address is used for another place without a name. Enter another address.")
        )
        errors = {"email": [sentence % {"name": other.name}]}
        raise InvalidFields(_("Some fields need to be corrected."), errors)
