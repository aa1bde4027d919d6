"""Place an order: the same action for page, API, companies' contacts and accepted offers."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Company, Person, Seat
from convention.club.permissions import find_seats_by_address
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.text.email_addresses import is_same_email, normalize_email
from registrations.inventory.stock import VoucherExhausted, make_sold_out_error, release_holds_and_reload
from registrations.models import (
    Order,
    Question,
    QuestionOption,
    Registration,
    Ticket,
)
from registrations.order_context import ANONYMOUS_CONTEXT, OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import (
    Offering,
    PassAllowance,
    check_expected_total,
    load_offering,
    quote_offering,
)
from registrations.pricing.passes import count_pass_uses, count_passes_left, get_pass_quota
from registrations.pricing.quote import Quote, QuoteLine
from registrations.questions.answers import (
    AnswerContext,
    CheckedAnswers,
    check_answers,
    count_limited_options,
)
from registrations.questions.files import can_store_files, load_file_names
from registrations.questions.queries import load_questions
from registrations.rate_limits import throttle_unverified_order

from .build_order import build_addons, build_order, build_registration, get_hold_duration
from .idempotency import build_idempotency_key, find_repeated_order
from .order_limits import check_limits_and_save
from .prepared_order import PreparedOrder
from .save_order import save_order
from .validation import check_payment, find_request_errors, refuse_if_closed


def place_order(*, event: Event, request: OrderRequest, context: OrderContext = ANONYMOUS_CONTEXT) -> Order:
    """Book all requested registrations, or none, and queue the mail; return the order.

    - A member's ticket is confirmed at once for the signed-in member, else held for `HOLD_DURATION` until the
      mailed link is opened.
    - An order by card is held for `HOLD_DURATION` too and confirmed by its payment only.
    - An order on invoice, above zero and from an unverified address, is held for
      `settings.UNVERIFIED_HOLD_HOURS` until the buyer opens the mailed link.

    The same idempotency key with the same content returns the first order again.

    Raise NotOpenNow, InvalidFields, SoldOut, CompanyFull, PriceChanged, AlreadyRegistered, KeyReused and
    TooManyUnverifiedOrders.
    """
    request = request.normalize()
    try:
        refuse_if_closed(event, at=context.rules_apply_at)
        return _price_and_book_with_retry(event, request, context)
    except (ConventionError, IntegrityError):
        # A repeated request fails at a check, or at the key's unique constraint: return the first order.
        if context.idempotency_key and (
            order := find_repeated_order(event, request, context.idempotency_key)
        ):
            return order
        raise


def quote_order(
    *, event: Event, request: OrderRequest, context: OrderContext = ANONYMOUS_CONTEXT
) -> tuple[Quote, str]:
    """Return the current price of an order and its currency, after all checks and without booking.

    Raise NotOpenNow, InvalidFields and SoldOut.
    """
    refuse_if_closed(event, at=timezone.now())
    sale = _prepare_sale(event, request.normalize(), context)
    return sale.quote, sale.currency


def preview_quote(event: Event, request: OrderRequest, offering: Offering, context: OrderContext) -> Quote:
    """Return the current price of a request that is not checked, with the passes of a membership."""
    passes = _find_pass_allowance(event, request, offering, _find_member_seats(request, context))
    return quote_offering(request, offering, at=timezone.now(), pass_allowance=passes)


def _price_and_book_with_retry(event: Event, request: OrderRequest, context: OrderContext) -> Order:
    try:
        return _price_and_book(event, request, context)
    except VoucherExhausted:
        # Other orders used the code up after the price was read. With a fresh catalog the code is refused or,
        # if a total was expected, PriceChanged names the new price.
        return _price_and_book(event, request, replace(context, catalog=None))


def _price_and_book(event: Event, request: OrderRequest, context: OrderContext) -> Order:
    sale = _prepare_sale(event, request, context)
    check_expected_total(event, request, sale.quote, currency=sale.currency)
    # After the total: “something is due” would not tell the buyer that the price has changed.
    if sentence := check_payment(request.payment, total=sale.quote.total):
        raise InvalidFields(_("Some fields need to be corrected."), {"payment": [sentence]})
    questions, answers = _parse_answers(request, context, sale.offering, sale.priced_at)
    options = [count_limited_options(questions, checked.accepted) for checked in answers]
    return _build_and_save(event, request, context, sale, ParsedAnswers(answers, options))


def _prepare_sale(event: Event, request: OrderRequest, context: OrderContext) -> "PreparedSale":
    """Load, check and price a request; everything that needs no lock. Raise what the checks raise."""
    now = timezone.now()
    offering = load_offering(event, request, context.catalog)
    _validate_request(request, offering, context)
    seats = _find_member_seats(request, context)
    passes = _find_pass_allowance(event, request, offering, seats)
    quote = quote_offering(request, offering, at=now, pass_allowance=passes)
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


def _parse_answers(
    request: OrderRequest, context: OrderContext, offering: Offering, at: datetime.datetime
) -> tuple[Sequence[Question], list[CheckedAnswers]]:
    """Return the event's questions and each attendee's checked answers. Raise InvalidFields.

    Wrong answers are accepted as missing if the attendees can answer later.
    """
    tickets = [offering.tickets[place.ticket] for place in request.places]
    event = tickets[0].event
    questions = load_questions(event)
    if not questions and not any(place.answers for place in request.places):
        return questions, [CheckedAnswers() for _place in request.places]
    files = load_file_names(event, [place.answers for place in request.places])
    answer_context = AnswerContext(
        answered_at=at, file_names=files, can_store_files=can_store_files(event, questions)
    )
    answers = [
        check_answers(questions, ticket, place.answers, answer_context)
        for ticket, place in zip(tickets, request.places, strict=True)
    ]
    errors = {
        f"registrations.{number}.{field}": [sentence]
        for number, checked in enumerate(answers)
        if not context.can_answer_later
        for field, sentence in checked.field_errors
    }
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    return questions, answers


def _validate_request(request: OrderRequest, offering: Offering, context: OrderContext) -> None:
    """Check fields and availability. Raise InvalidFields and SoldOut.

    Expired holds are released before a ticket counts as sold out.
    """
    errors = find_request_errors(request, offering, at=context.rules_apply_at)
    if context.held_offer:
        errors.pop("registrations", None)  # a held place is exempt from the limits per order
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


def _count_requested_tickets(request: OrderRequest, tickets: dict[str, Ticket]) -> Counter[Ticket]:
    return Counter(tickets[place.ticket] for place in request.places)


def _lacks_places(ticket: Ticket, places: int) -> bool:
    return ticket.remaining is not None and ticket.remaining < places


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


@dataclass(frozen=True)
class ParsedAnswers:
    """The answers of each attendee, and the limited options that each has chosen."""

    answers: list[CheckedAnswers]
    chosen_options: list[Counter[QuestionOption]]


def _build_and_save(
    event: Event,
    request: OrderRequest,
    context: OrderContext,
    sale: PreparedSale,
    parsed_answers: ParsedAnswers,
) -> Order:
    tickets = sale.offering.tickets
    order = build_order(event, request, context, sale.quote, currency=sale.currency)
    registrations = [
        _build_registration(
            order, place, sale, number, _find_verified_member(context.person, place, sale.member_seats)
        )
        for number, place in enumerate(request.places)
    ]
    for registration, checked in zip(registrations, parsed_answers.answers, strict=True):
        registration.answers = checked.accepted
    key = build_idempotency_key(event, request, context.idempotency_key) if context.idempotency_key else None
    addons = build_addons(registrations, sale.offering, sale.quote)
    # Members' limits and the ceiling of unverified orders need locks; other orders only need counters.
    needs_limits = order.awaits_verification or any(
        ticket.needs_member_verification for ticket in tickets.values()
    )
    book = check_limits_and_save if needs_limits else save_order
    # Counted as late as possible: orders that a check refused must not use up the limit of a shared network.
    with throttle_unverified_order(order, context, place_count=len(registrations)):
        book(
            PreparedOrder(
                order,
                registrations,
                key,
                addons=addons,
                extra_items=_assign_passes(registrations, sale),
                already_reserved=context.reserved_tickets,
                chosen_options=parsed_answers.chosen_options,
            )
        )
    order.booked_registrations = registrations
    return order


# The attendee and the company that makes them a member, each None as far as it is not verified.
type VerifiedMember = tuple[Person | None, Company | None]


def _find_member_seats(request: OrderRequest, context: OrderContext) -> dict[str, Seat]:
    """Return membership seats that need no verification, by normalized address.

    They are those of the signed-in person, and of the colleagues for whom a company's contact orders.
    """
    addresses = {normalize_email(place.email) for place in request.places if place.email}
    if context.member_seat and context.person:
        return {normalize_email(context.person.email or ""): context.member_seat}
    seats = find_seats_by_address(context.company, addresses) if context.company and addresses else {}
    own_address = context.person and normalize_email(context.person.email or "")
    if (
        context.person
        and own_address in addresses
        and own_address not in seats
        # Last, because it takes a query.
        and (seat := context.own_seat)
    ):
        # Spares the query for the person that `seat.person` would make.
        seat.person, seats[own_address] = context.person, seat
    return seats


def _find_verified_member(
    visitor: Person | None, place: RequestedPlace, seats: dict[str, Seat]
) -> VerifiedMember:
    """Return the person and the member company of a place, as far as they need no verification.

    The signed-in person counts as the attendee if the place is for their own address.
    """
    if seat := seats.get(normalize_email(place.email)):
        return seat.person, seat.membership.company
    return (visitor if visitor and is_same_email(visitor.email, place.email) else None), None


def _assign_passes(registrations: Sequence[Registration], sale: PreparedSale) -> Counter[LimitedStock]:
    """Set the pass of each registration that a pass pays for; return how many passes are used."""
    pass_registrations = [registrations[line.place_number] for line in sale.quote.lines if line.uses_pass]
    if pass_registrations and sale.pass_allowance:
        passes = get_pass_quota(sale.pass_allowance.membership, pass_registrations[0].event)
        for registration in pass_registrations:
            registration.membership_pass = passes
    return Counter[LimitedStock](count_pass_uses(pass_registrations))


def _build_registration(
    order: Order, place: RequestedPlace, sale: PreparedSale, number: int, verified_member: VerifiedMember
) -> Registration:
    ticket = sale.offering.tickets[place.ticket]
    person, company = verified_member
    # A member's ticket without a verified member waits for the mailed link.
    must_wait = order.is_confirmed_later or (ticket.needs_member_verification and not company)
    return build_registration(
        order,
        place,
        ticket,
        sale.find_ticket_line(number),
        confirmed_at=None if must_wait else sale.priced_at,
        hold_expires_at=sale.priced_at + get_hold_duration(order) if must_wait else None,
        person=person,
        member_company=company,
        voucher=sale.offering.voucher,
    )
