"""Register an attendee at the desk or by an organizer's hand, with or without an e-mail address."""

from dataclasses import dataclass, replace

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.club.permissions import find_member_by_email
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from registrations.application_rules import refuse_without_application
from registrations.inventory.stock import refresh_availability
from registrations.models import Order, Registration, Ticket
from registrations.order_context import SOURCE_DESK, OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering, quote_offering
from registrations.pricing.quote import Quote
from registrations.pricing.reductions import Reduction

from .idempotency import build_idempotency_key, find_order_by_key
from .place_order import build_order, make_price_fields
from .prepared_order import PreparedOrder
from .save_order import save_order
from .use_pass import PRICE_FIELDS, use_pass
from .validation import check_person_spelling

# By the source of the order. The verbs are stored data.
AUDIT_VERBS = {"desk": "registration.receive", "organizer": "registration.add"}
RECORDED_FIELDS = ["first_name", "last_name", "email", "company", "ticket"]


@dataclass(frozen=True)
class AgreedPrice:
    """A lower price, in cents, that an organizer grants for a reason."""

    cents: int
    reason: str


def register_walk_in(
    *,
    event: Event,
    place: RequestedPlace,
    idempotency_key: str,
    source: str = SOURCE_DESK,
    language: str = "fr",
    reference: str = "",
    agreed_price: AgreedPrice | None = None,
) -> Registration:
    """Register an attendee, confirmed at once; any ticket with places left can be used.

    Hidden tickets can be used too, also after the sale has ended. Members need no verification: the staff at
    the desk has seen them.
    The confirmation is queued if there is an address. The same key with the same content returns the same
    registration; with other content it is another attendee. `reference` is that of a badge signed in advance.
    `source` is SOURCE_DESK, or SOURCE_ORGANIZER for a registration by hand. With an agreed price no pass is
    used.

    Raise NotOpenNow once the event is over, InvalidFields, SoldOut, CompanyFull, and if places are given on
    application only.
    """
    place = place.normalize()
    # The content is part of the key: after a correction the same form registers another attendee.
    idempotency_key = f"{source}:{idempotency_key}:{place!r}:{agreed_price!r}"
    if order := find_order_by_key(event, idempotency_key):
        return order.registrations.get()
    ticket = _validate_walk_in(event, place)
    _check_agreed_price(agreed_price, ticket)
    try:
        return _book_walk_in(
            event,
            place,
            ticket,
            idempotency_key,
            source=source,
            language=language,
            reference=reference,
            agreed_price=agreed_price,
        )
    except IntegrityError:  # a concurrent request with the same key has booked
        if order := find_order_by_key(event, idempotency_key):
            return order.registrations.get()
        raise


def _validate_walk_in(event: Event, place: RequestedPlace) -> Ticket:
    now = timezone.now()
    if event.ends_at <= now:
        raise NotOpenNow(_("The event is over: registration is no longer possible."))
    ticket = event.tickets.filter(slug=place.ticket).first()
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_spelling(place):
        errors.setdefault(field, []).append(sentence)
    if ticket is None:
        errors["ticket"] = [_("Choose a ticket.")]
    if errors or ticket is None:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    refuse_without_application(ticket)
    # The desk must not turn people away for places whose hold has expired.
    refresh_availability([ticket], at=now)
    return ticket


def _check_agreed_price(agreed_price: AgreedPrice | None, ticket: Ticket) -> None:
    if agreed_price is None:
        return
    errors = {}
    if not 0 <= agreed_price.cents <= ticket.current_price.amount:
        limit = {"price": ticket.current_price}
        errors["price"] = [_("The price cannot be higher than that of the ticket, %(price)s.") % limit]
    if not agreed_price.reason:
        errors["reason"] = [_("Enter the reason for a different price.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


@transaction.atomic
def _book_walk_in(
    event: Event,
    place: RequestedPlace,
    ticket: Ticket,
    key: str,
    *,
    source: str,
    language: str,
    reference: str,
    agreed_price: AgreedPrice | None,
) -> Registration:
    # An invoice needs a recipient; the column is shorter than two names may be.
    billed = BillingDetails(name=(place.company or f"{place.first_name} {place.last_name}")[:200])
    request = OrderRequest(
        email=place.email,
        places=(place,),
        language=language,
        company=place.company[:200],
        billing=billed if ticket.current_price.amount else BillingDetails(),
    )
    now = timezone.now()
    quote = _quote_walk_in(request, ticket, agreed_price)
    order = build_order(event, request, OrderContext(source=source), quote, currency=ticket.currency)
    member = (
        find_member_by_email(place.email) if ticket.needs_member_verification or ticket.uses_pass else None
    )
    registration = Registration(
        event=event,
        ticket=ticket,
        member_of=member[1] if member and ticket.needs_member_verification else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company,
        confirmed_at=now,
        # Empty: the field's default draws one.
        **({"reference": reference} if reference else {}),
        **make_price_fields(quote.lines[0], None),
    )
    save_order(PreparedOrder(order, [registration], build_idempotency_key(event, request, key)))
    if member and not agreed_price:
        _pay_with_pass(registration, member[0])
    _record_walk_in(registration, agreed_price)
    return registration


def _record_walk_in(registration: Registration, agreed_price: AgreedPrice | None) -> None:
    record_action(
        AUDIT_VERBS[registration.order.source],
        registration,
        event=registration.event,
        fields=[*RECORDED_FIELDS, "price"] if agreed_price else RECORDED_FIELDS,
        reason=agreed_price.reason if agreed_price else "",
    )


def _quote_walk_in(request: OrderRequest, ticket: Ticket, agreed_price: AgreedPrice | None) -> Quote:
    """Return the quote of the ticket, lowered to the agreed price."""
    quote = quote_offering(request, Offering({ticket.slug: ticket}), at=timezone.now())
    [line] = quote.lines
    if agreed_price is None or agreed_price.cents == line.price:
        return quote
    reduction = Reduction("organizer", line.price - agreed_price.cents)
    return replace(
        quote, lines=(replace(line, price=agreed_price.cents, reductions=(*line.reductions, reduction)),)
    )


def _pay_with_pass(registration: Registration, person: Person) -> None:
    """Use a pass of the member's company if one is left: nothing is invoiced then."""
    if use_pass(registration, person):
        registration.order.total, registration.order.payment = 0, Order.Payment.FREE
        registration.order.save(update_fields=["total", "payment"])
        registration.save(update_fields=PRICE_FIELDS)
