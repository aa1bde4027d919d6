"""Place an order: the same action for page, API, companies' contacts and accepted offers."""

import contextlib
import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from convention.club.models import Company, Person, Seat
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.text.email_addresses import normalize_email
from registrations.inventory.stock import VoucherExhausted
from registrations.models import Order, Question, QuestionOption, Registration
from registrations.order_context import ANONYMOUS_CONTEXT, OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering, check_expected_total
from registrations.pricing.passes import count_pass_uses, get_pass_quota
from registrations.pricing.quotation_prices import (
    QuotedPriceUsed,
    lock_quoted_prices,
    reload_quoted_prices,
)
from registrations.pricing.quoted_prices import QuotedPrices
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
from .prepare_sale import PreparedSale, prepare_sale
from .prepared_order import PreparedOrder
from .save_order import save_order
from .validation import check_payment, refuse_if_closed


@dataclass(frozen=True)
class ParsedAnswers:
    """The answers of each attendee, and the limited options that each has chosen."""

    answers: list[CheckedAnswers]
    chosen_options: list[Counter[QuestionOption]]


def place_order(*, event: Event, request: OrderRequest, context: OrderContext = ANONYMOUS_CONTEXT) -> Order:
    """Book all requested registrations, or none, and queue the mail; return the order.

    - A member's ticket is confirmed at once for the signed-in member, else held for `HOLD_DURATION` until the
      mailed link is opened.
    - An order by card is held for `HOLD_DURATION` too and confirmed by its payment only.
    - An order on invoice, above zero and from an unverified address, is held for
      `settings.UNVERIFIED_HOLD_HOURS` until the buyer opens the mailed link.

    The same idempotency key with the same content returns the first order again.

    Raise NotOpenNow, InvalidFields, SoldOut, CompanyFull, PriceChanged, QuotedPriceUsed, AlreadyRegistered,
    KeyReused and TooManyUnverifiedOrders.
    """
    request = request.normalize()
    try:
        refuse_if_closed(event, at=context.rules_apply_at)
        try:
            return _price_and_book(event, request, context)
        except (VoucherExhausted, QuotedPriceUsed):
            # Other orders used up the code or the quotation after the price was read. With fresh data the
            # code is refused or, if a total was expected, PriceChanged names the new price.
            quoted_prices = reload_quoted_prices(context.quoted_prices, event)
            fresh_context = replace(context, catalog=None, quoted_prices=quoted_prices)
            return _price_and_book(event, request, fresh_context)
    except (ConventionError, IntegrityError):
        # A repeated request fails at a check, or at the key's unique constraint: return the first order.
        if context.idempotency_key and (
            order := find_repeated_order(event, request, context.idempotency_key)
        ):
            return order
        raise


def _price_and_book(event: Event, request: OrderRequest, context: OrderContext) -> Order:
    sale = prepare_sale(event, request, context)
    check_expected_total(event, request, sale.quote, currency=sale.currency)
    # After the total: “something is due” would not tell the buyer that the price has changed.
    if sentence := check_payment(request.payment, total=sale.quote.total):
        raise InvalidFields(_("Some fields need to be corrected."), {"payment": [sentence]})
    questions, answers = _parse_answers(request, context, sale.offering, sale.priced_at)
    options = [count_limited_options(questions, checked.accepted) for checked in answers]
    return _build_and_save(event, request, context, sale, ParsedAnswers(answers, options))


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
        _build_registration(order, place, sale, number, context=context)
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
    quoted_prices = context.quoted_prices if order.quotation_number else None
    # Counted as late as possible: orders that a check refused must not use up the limit of a shared network.
    with (
        throttle_unverified_order(order, context, place_count=len(registrations)),
        _hold_quoted_prices(quoted_prices, event),
    ):
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


@contextlib.contextmanager
def _hold_quoted_prices(quoted_prices: QuotedPrices | None, event: Event) -> Iterator[None]:
    """Check a quotation's prices in the transaction that saves the order. Raise QuotedPriceUsed."""
    if quoted_prices is None:
        yield
        return
    with transaction.atomic():
        lock_quoted_prices(quoted_prices, event)
        yield


def _build_registration(
    order: Order, place: RequestedPlace, sale: PreparedSale, number: int, *, context: OrderContext
) -> Registration:
    ticket = sale.offering.tickets[place.ticket]
    person, company = _find_verified_member(context, place, sale.member_seats)
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


def _find_verified_member(
    context: OrderContext, place: RequestedPlace, seats: dict[str, Seat]
) -> tuple[Person | None, Company | None]:
    """Return the attendee and the company that makes them a member, as far as they need no verification.

    The signed-in person counts as the attendee if the place is for an address of theirs.
    """
    if seat := seats.get(normalize_email(place.email)):
        return seat.person, seat.membership.company
    return (context.person if context.is_own_address(place.email) else None), None


def _assign_passes(registrations: Sequence[Registration], sale: PreparedSale) -> Counter[LimitedStock]:
    """Set the pass of each registration that a pass pays for; return how many passes are used."""
    pass_registrations = [registrations[line.place_number] for line in sale.quote.lines if line.uses_pass]
    if pass_registrations and sale.pass_allowance:
        passes = get_pass_quota(sale.pass_allowance.membership, pass_registrations[0].event)
        for registration in pass_registrations:
            registration.membership_pass = passes
    return Counter[LimitedStock](count_pass_uses(pass_registrations))
