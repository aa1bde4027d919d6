"""Register: the one act behind page, API and everything else that books places."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention.addresses import folded, same
from convention.club.doors import seats_at
from convention.club.models import Company, Person, Seat
from convention.counters import Counted
from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.models import Event

from .answer_files import files_named, takes_files
from .answers import Answers, Around, limited_options, read
from .booking import Booking, write
from .checks import about_payment, complaints
from .fares import Allowance, Wares, quote_for, wares_for
from .kept_sale import Outdated
from .keys import key_of, ordered_before
from .limits import count_unverified
from .models import Option, Order, Question, Registration, RegistrationAddon, Ticket, Voucher
from .order_context import ANONYMOUS, Means
from .order_request import OrderRequest, Place
from .passes import passes_left, passes_of, uses
from .places import Spent, release_lapsed, sold_out
from .price_changed import refuse_other_price
from .pricing import Line, Quote
from .reductions import written
from .statements import made
from .write_checked import write_checked

HOLD = datetime.timedelta(minutes=30)


def register(*, event: Event, request: OrderRequest, means: Means = ANONYMOUS) -> Order:
    """Book all places asked for, or none, and queue the mail.

    A member's place is confirmed at once for the signed-in member, else pending and held for half an hour
    until the mailed link is opened. The same key with the same content gives the same order again.

    A place paid by card is held for as long, and confirmed by the payment alone. On invoice, above zero and
    from an address that is not verified, all places are held for `settings.UNVERIFIED_HOLD_HOURS` until the
    buyer opens the mailed link.

    Raises Closed, InvalidFields, SoldOut (or CompanyFull), PriceChanged, AlreadyRegistered, KeyReused,
    TooManyUnverified; in the place of most of them Outdated, where what is sold was kept from before
    (`kept_sale.py`).
    """
    request = request.tidied()
    try:
        refuse_if_closed(event, at=means.since)
        return _price_and_book_or_again(event, request, means)
    except (ConventionError, IntegrityError) as error:
        if means.key and (order := ordered_before(event, request, means.key)):
            return order
        if means.sells_by_what_is_kept:
            raise Outdated from error
        raise


def look_up(*, event: Event, request: OrderRequest, means: Means = ANONYMOUS) -> tuple[Quote, str]:
    """What the order would cost now, and in which currency; nothing is booked.

    Raises Closed, InvalidFields, SoldOut.
    """
    refuse_if_closed(event, at=timezone.now())
    sale = _sale(event, request.tidied(), means)
    return sale.quote, sale.currency


def foreseen_quote(event: Event, request: OrderRequest, wares: Wares, means: Means) -> Quote:
    """What `register` would ask now, passes of the membership included; what is asked for is not checked."""
    passes = _allowance(event, request, wares, _seats_of(request, means))
    return quote_for(request, wares, at=timezone.now(), passes=passes)


def _price_and_book_or_again(event: Event, request: OrderRequest, means: Means) -> Order:
    try:
        return _price_and_book(event, request, means)
    except Spent:  # others were faster with the code: what it gives is looked at again, once
        return _price_and_book(event, request, replace(means, sold=None))


def _price_and_book(event: Event, request: OrderRequest, means: Means) -> Order:
    sale = _sale(event, request, means)
    refuse_other_price(event, request, sale.quote, currency=sale.currency)
    if sentence := about_payment(request.payment, total=sale.quote.total):
        raise InvalidFields(_("Some fields need another look."), {"payment": [sentence]})
    questions, answers = _answers(request, means, sale.wares, sale.at)
    options = [limited_options(questions, given.kept) for given in answers]
    return _book(event, request, means, sale, Answered(answers, options))


def _sale(event: Event, request: OrderRequest, means: Means) -> "Sale":
    """What is asked for with its price, after every check that needs no lock; raises what they raise."""
    now = timezone.now()
    wares = wares_for(event, request, means.sold)
    _refuse_what_is_wrong(request, wares, means)
    seats = _seats_of(request, means)
    passes = _allowance(event, request, wares, seats)
    quote = quote_for(request, wares, at=now, passes=passes)
    for number in quote.refused:
        field, sentence = (
            f"registrations.{number}.ticket",
            _("The code does not open this ticket for so many."),
        )
        raise InvalidFields(_("Some fields need another look."), {field: [sentence]})
    return Sale(wares, quote, wares.tickets[request.places[0].ticket].currency, now, seats, passes)


def _allowance(event: Event, request: OrderRequest, wares: Wares, seats: dict[str, Seat]) -> Allowance | None:
    """What the membership of those who come pays for, where their tickets are among its passes."""
    paid = {
        number: seat.membership
        for number, place in enumerate(request.places)
        if wares.tickets[place.ticket].uses_pass and (seat := seats.get(folded(place.email)))
    }
    membership = next(iter(paid.values()), None)
    if membership is None or not (left := passes_left(membership, event)):
        return None
    places = frozenset(number for number, theirs in paid.items() if theirs == membership)
    return Allowance(membership, places, left)


def _answers(
    request: OrderRequest, means: Means, wares: Wares, at: datetime.datetime
) -> tuple[Sequence[Question], list[Answers]]:
    """The event's questions if it has any, and what each person answers. Raises InvalidFields.

    Who comes through their company or on application, or for whom a place was held, answers later.
    """
    tickets = [wares.tickets[place.ticket] for place in request.places]
    event, questions = tickets[0].event, wares.questions
    if not questions:
        return questions, [Answers() for _place in request.places]
    files = files_named(event, [place.answers for place in request.places])
    around = Around(at=at, files=files, takes_files=takes_files(event, questions))
    answers = [
        read(questions, ticket, place.answers, around)
        for ticket, place in zip(tickets, request.places, strict=True)
    ]
    found = {
        f"registrations.{number}.{field}": [sentence]
        for number, given in enumerate(answers)
        if not means.answers_later
        for field, sentence in given.wrong
    }
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
    return questions, answers


def _refuse_what_is_wrong(request: OrderRequest, wares: Wares, means: Means) -> None:
    """Every check that needs no lock. Raises InvalidFields or SoldOut."""
    at = means.since
    found = complaints(request, wares, at=at)
    if means.offer:
        found.pop("registrations", None)  # one place is held, to however many the ticket is sold otherwise
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
    wanted = _wanted(request, wares.tickets) - Counter(means.held)
    short = [ticket for ticket, places in wanted.items() if _is_short(ticket, places)]
    if wares.mark and (short or wares.lacks_uses(len(request.places))):
        raise Outdated
    if short:
        release_lapsed([ticket.pk for ticket in short], at=at)
        for ticket in short:
            ticket.refresh_from_db(fields=["taken", "capacity", "quota"])
    for ticket in short:
        if _is_short(ticket, wanted[ticket]):
            raise sold_out(ticket)


def refuse_if_closed(event: Event, *, at: datetime.datetime) -> None:
    """Raises Closed with the reason when nobody may register now."""
    if event.is_registration_open(at=at):
        return
    opens = event.registration_opens_at
    if opens and at < opens:
        day = formats.date_format(opens.astimezone(event.zone), "DATETIME_FORMAT")
        raise Closed(_("Registration opens on %(day)s.") % {"day": day})
    raise Closed(_("Registration is closed."))


def _wanted(request: OrderRequest, tickets: dict[str, Ticket]) -> Counter[Ticket]:
    return Counter(tickets[place.ticket] for place in request.places)


def _is_short(ticket: Ticket, places: int) -> bool:
    return ticket.left is not None and ticket.left < places


@dataclass(frozen=True)
class Sale:
    """What is sold: the wares, what they cost, and when."""

    wares: Wares
    quote: Quote
    currency: str
    at: datetime.datetime
    seats: dict[str, Seat]
    passes: Allowance | None

    def line(self, number: int) -> Line:
        """What the ticket of that place costs."""
        return next(line for line in self.quote.lines if line.place == number and not line.is_addon)


@dataclass(frozen=True)
class Answered:
    """What each person answers, and which options that can run out each has chosen."""

    answers: list[Answers]
    options: list[Counter[Option]]


def _book(event: Event, request: OrderRequest, means: Means, sale: Sale, answered: Answered) -> Order:
    tickets = sale.wares.tickets
    order = new_order(event, request, means, sale.quote, currency=sale.currency)
    registrations = [
        _new_registration(order, place, sale, number, _proven(means.person, place, sale.seats))
        for number, place in enumerate(request.places)
    ]
    for registration, given in zip(registrations, answered.answers, strict=True):
        registration.answers = given.kept
    key = key_of(event, request, means.key) if means.key else None
    addons = new_addons(registrations, sale.wares, sale.quote)
    is_checked = order.awaits_verification or any(ticket.needs_proof for ticket in tickets.values())
    book = write_checked if is_checked else write
    besides, mark = _with_passes(registrations, sale), sale.wares.mark
    with count_unverified(order, means, places=len(registrations)):
        book(Booking(order, registrations, key, addons, besides, means.held, answered.options, mark))
    order.booked = registrations
    return order


def new_order(event: Event, request: OrderRequest, means: Means, quote: Quote, *, currency: str) -> Order:
    """The order for what is asked, not stored yet; nothing is to invoice where nothing is due."""
    payment = request.payment if quote.total else Order.Payment.FREE
    return made(
        Order,
        event=event,
        email=request.email,
        language=request.language,
        company=request.company,
        payment=payment,
        needs_verification=payment == Order.Payment.INVOICE and not means.is_trusted,
        network=means.network,
        total=quote.total,
        currency=currency,
        purchase_order=request.purchase_order,
        billing_name=request.billing.name,
        billing_street=request.billing.street,
        billing_postcode=request.billing.postcode,
        billing_city=request.billing.city,
        billing_country=request.billing.country,
        source=means.source,
    )


type Proven = tuple[Person | None, Company | None]
"""Who a place is for, as far as that needs no proof, and the company that makes them a member."""


def _seats_of(request: OrderRequest, means: Means) -> dict[str, Seat]:
    """The seats that need no proof, by address: of whoever is signed in, and of a contact's colleagues."""
    addresses = {folded(place.email) for place in request.places if place.email}
    if means.seat and means.person:
        return {folded(means.person.email or ""): means.seat}
    found = seats_at(means.company, addresses) if means.company and addresses else {}
    own = means.person and folded(means.person.email or "")
    if means.person and own in addresses and own not in found and (seat := means.own_seat):
        seat.person, found[own] = means.person, seat
    return found


def _proven(visitor: Person | None, place: Place, seats: dict[str, Seat]) -> Proven:
    """The signed-in person, where the place is for their own address, or a contact's colleague."""
    if seat := seats.get(folded(place.email)):
        return seat.person, seat.membership.company
    return (visitor if visitor and same(visitor.email, place.email) else None), None


def _with_passes(registrations: Sequence[Registration], sale: Sale) -> Counter[Counted]:
    """Each place that a pass pays for names the membership's passes; how many are used."""
    paid = [registrations[line.place] for line in sale.quote.lines if line.uses_pass]
    if paid and sale.passes:
        passes = passes_of(sale.passes.membership, paid[0].event)
        for registration in paid:
            registration.membership_pass = passes
    return Counter[Counted](uses(paid))


def new_addons(registrations: Sequence[Registration], wares: Wares, quote: Quote) -> list[RegistrationAddon]:
    """What goes with these places, not stored yet."""
    return [
        RegistrationAddon(
            registration=registrations[line.place],
            addon=wares.addons[line.fare.slug],
            price=line.price,
            vat_rate=line.fare.vat_rate,
            vat_exemption=line.fare.vat_exemption,
        )
        for line in quote.lines
        if line.is_addon
    ]


def hold_duration(order: Order) -> datetime.timedelta:
    """Return how long the places of an order are held: longer where a mailed link must verify the buyer."""
    return datetime.timedelta(hours=settings.UNVERIFIED_HOLD_HOURS) if order.awaits_verification else HOLD


def _new_registration(order: Order, place: Place, sale: Sale, number: int, proven: Proven) -> Registration:
    ticket, line = sale.wares.tickets[place.ticket], sale.line(number)
    person, company = proven
    must_wait = order.is_provisional or (ticket.needs_proof and not company)
    return made(
        Registration,
        event=order.event,
        ticket=ticket,
        person=person,
        member_of=company if ticket.needs_proof else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company or order.company,
        no_photo=place.no_photo,
        held_until=sale.at + hold_duration(order) if must_wait else None,
        confirmed_at=None if must_wait else sale.at,
        **priced(line, sale.wares.voucher),
    )


def priced(line: Line, voucher: Voucher | None) -> dict[str, Any]:
    """What a registration keeps of its price: the amount, its VAT, and what made it lower."""
    return {
        "price": line.price,
        "vat_rate": line.fare.vat_rate,
        "vat_exemption": line.fare.vat_exemption,
        "reductions": written(line.reductions),
        "voucher": voucher if line.uses_code else None,
    }
