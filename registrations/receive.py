"""Receive: register someone who stands at the desk, with or without an address."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed, InvalidFields
from convention.events.models import Event

from .booking import Booking, write
from .checks import about_spelling
from .fares import Wares, quote_for
from .keys import key_of, order_with_key
from .members import member_by_email
from .models import Order, Registration, Ticket
from .on_application import refuse_unasked
from .order_context import Means
from .order_request import Billing, OrderRequest, Place
from .places import refresh_held
from .register import new_order, priced
from .use_pass import PRICED, use_pass

FIELDS = ["first_name", "last_name", "email", "company", "ticket"]


def receive(*, event: Event, place: Place, key: str, language: str = "fr") -> Registration:
    """Register whom the desk sees, confirmed at once: any ticket of the event, as long as it has places.

    Hidden tickets too, and after the sale is closed; a member needs no proof, since the desk vouches for
    them. The confirmation is queued where there is an address. The same key with the same content gives the
    same registration again; with another content it is somebody else, for who steps back types anew.

    Raises Closed once the event is over, GivenOnApplication, InvalidFields, SoldOut, CompanyFull.
    """
    place = place.tidied()
    key = f"desk:{key}:{place!r}"
    if order := order_with_key(event, key):
        return order.registrations.get()
    ticket = _refuse(event, place)
    try:
        return _book(event, place, ticket, key, language)
    except IntegrityError:
        if order := order_with_key(event, key):
            return order.registrations.get()
        raise


def _refuse(event: Event, place: Place) -> Ticket:
    now = timezone.now()
    if event.ends_at <= now:
        raise Closed(_("The event is over; nobody can be registered any more."))
    ticket = event.tickets.filter(slug=place.ticket).first()
    found: dict[str, list[str]] = {}
    for field, sentence in about_spelling(place):
        found.setdefault(field, []).append(sentence)
    if ticket is None:
        found["ticket"] = [_("Choose a ticket.")]
    if found or ticket is None:
        raise InvalidFields(_("Some fields need another look."), found)
    refuse_unasked(ticket)
    refresh_held([ticket], at=now)
    return ticket


@transaction.atomic
def _book(event: Event, place: Place, ticket: Ticket, key: str, language: str) -> Registration:
    """The order of one place, and its line in the audit trail."""
    billed = Billing(name=(place.company or f"{place.first_name} {place.last_name}")[:200])
    request = OrderRequest(
        email=place.email,
        places=(place,),
        language=language,
        company=place.company[:200],
        billing=billed if ticket.cost_now.amount else Billing(),
    )
    now = timezone.now()
    quote = quote_for(request, Wares({ticket.slug: ticket}), at=now)
    order = new_order(event, request, Means(source="desk"), quote, currency=ticket.currency)
    member = member_by_email(place.email) if ticket.needs_proof or ticket.uses_pass else None
    registration = Registration(
        event=event,
        ticket=ticket,
        member_of=member[1] if member and ticket.needs_proof else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company,
        confirmed_at=now,
        **priced(quote.lines[0], None),
    )
    write(Booking(order, [registration], key_of(event, request, key)))
    if member:
        _pay_with_pass(registration, member[0])
    record("registration.receive", registration, event=event, fields=FIELDS)
    return registration


def _pay_with_pass(registration: Registration, person: Person) -> None:
    """Let a pass that their membership has left pay for it: nothing is to invoice then."""
    if use_pass(registration, person):
        registration.order.total, registration.order.payment = 0, Order.Payment.FREE
        registration.order.save(update_fields=["total", "payment"])
        registration.save(update_fields=PRICED)
