"""Register: the one act behind page, API and everything else that books places."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.club.doors import member_company
from convention.club.models import Person
from convention.errors import Closed, ConventionError, InvalidFields
from convention.events.models import Event

from .booking import Booking, write
from .checks import complaints
from .holds import hold
from .models import IdempotencyKey, Order, Registration, Ticket
from .one_place import refuse_second_place
from .order_request import OrderRequest, Place
from .places import release_lapsed, sold_out
from .statements import tickets_named

HOLD = datetime.timedelta(minutes=30)
KEY_LASTS = datetime.timedelta(days=1)


class KeyReused(ConventionError):
    """An idempotency key came back with another content."""

    kind = "idempotency-key-reused"


@dataclass(frozen=True)
class Means:
    """How an order arrives: through what, with which key against repetition, and who is signed in.

    `tickets` are those asked for where they were read together with the event; else they are read.
    """

    source: str = "page"
    key: str = ""
    person: Person | None = None
    tickets: Sequence[Ticket] | None = None


def register(*, event: Event, request: OrderRequest, means: Means = Means()) -> Order:
    """Book all places asked for, or none, and queue the mail.

    A member's place is confirmed at once for the signed-in member, else pending and held for half an hour
    until the mailed link is opened; places paid by card are pending until the payment
    is confirmed. The same key with the same content gives the same order again.

    Raises Closed, InvalidFields, SoldOut (or CompanyFull), AlreadyRegistered, KeyReused.
    """
    request = request.tidied()
    if means.key and (order := _ordered_before(event, request, means.key)):
        return order
    now = timezone.now()
    refuse_if_closed(event, at=now)
    named = means.tickets
    if named is None:
        named = tickets_named(event, {place.ticket for place in request.places})
    tickets = _open_tickets(request, named, now)
    try:
        return _book(event, request, means, tickets)
    except IntegrityError:
        if means.key and (order := _ordered_before(event, request, means.key)):
            return order
        raise


def order_with_key(event: Event, key: str) -> Order | None:
    """The order that came with this key within a day, whatever it asked for."""
    found = _key_before(event, key)
    fresh = found and found.created_at >= timezone.now() - KEY_LASTS
    return found.order if found and fresh else None


def _key_before(event: Event, key: str) -> IdempotencyKey | None:
    return IdempotencyKey.objects.filter(event=event, key_hash=_hash(key)).select_related("order").first()


def _ordered_before(event: Event, request: OrderRequest, key: str) -> Order | None:
    """The same order again, for a day: after that whoever guesses key and content learns nothing."""
    found = _key_before(event, key)
    if found and found.content_hash != request.content_hash:
        raise KeyReused(_("This idempotency key came with another order before; use a new key."))
    if found and found.created_at < timezone.now() - KEY_LASTS:
        raise KeyReused(_("This idempotency key was used more than a day ago; use a new key."))
    return found.order if found else None


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _open_tickets(request: OrderRequest, named: Sequence[Ticket], at: datetime.datetime) -> dict[str, Ticket]:
    """The tickets asked for, by slug, after every check that needs no lock."""
    tickets = {ticket.slug: ticket for ticket in named if ticket.is_public}
    if found := complaints(request, tickets, at=at):
        raise InvalidFields(_("Some fields need another look."), found)
    wanted = _wanted(request, tickets)
    short = [ticket for ticket, places in wanted.items() if _is_short(ticket, places)]
    if short:
        release_lapsed([ticket.pk for ticket in short], at=at)
        for ticket in short:
            ticket.refresh_from_db(fields=["taken", "capacity"])
    for ticket in short:
        if _is_short(ticket, wanted[ticket]):
            raise sold_out(ticket)
    return tickets


def refuse_if_closed(event: Event, *, at: datetime.datetime) -> None:
    """Raises Closed with the reason when nobody may register now."""
    if event.is_registration_open(at=at):
        return
    opens = event.registration_opens_at
    if opens and at < opens:
        day = formats.date_format(opens.astimezone(event.zone), "DATETIME_FORMAT")
        raise Closed(_("Registration opens on %(day)s.") % {"day": day})
    raise Closed(_("Registration is closed."))


def _wanted(request: OrderRequest, tickets: dict[str, Ticket]) -> dict[Ticket, int]:
    return {tickets[slug]: places for slug, places in Counter(p.ticket for p in request.places).items()}


def _is_short(ticket: Ticket, places: int) -> bool:
    return ticket.left is not None and ticket.left < places


def _book(event: Event, request: OrderRequest, means: Means, tickets: dict[str, Ticket]) -> Order:
    order = new_order(event, request, means, tickets)
    registrations = [_new_registration(order, p, tickets[p.ticket], means.person) for p in request.places]
    key = key_of(event, request, means.key) if means.key else None
    book = _write_for_members if any(ticket.needs_proof for ticket in tickets.values()) else write
    book(Booking(order, registrations, key))
    order.booked = registrations
    return order


@transaction.atomic
def _write_for_members(booking: Booking) -> None:
    """Where members are told from others: what is looked at stays true until it is written."""
    hold(booking.registrations, at=timezone.now())
    for registration in booking.registrations:
        if registration.member_of and registration.person:
            refuse_second_place(registration, registration.person)
    write(booking)


def key_of(event: Event, request: OrderRequest, key: str) -> IdempotencyKey:
    """The key that an order came with, not stored yet; the row tells neither it nor the content."""
    return IdempotencyKey(event=event, key_hash=_hash(key), content_hash=request.content_hash)


def new_order(event: Event, request: OrderRequest, means: Means, tickets: dict[str, Ticket]) -> Order:
    """The order for what is asked, not stored yet; nothing is to invoice where nothing is due."""
    chosen = [tickets[place.ticket] for place in request.places]
    total = sum(ticket.price for ticket in chosen)
    return Order(
        event=event,
        email=request.email,
        language=request.language,
        company=request.company,
        payment=request.payment if total else Order.Payment.FREE,
        total=total,
        currency=chosen[0].currency,
        purchase_order=request.purchase_order,
        billing_name=request.billing.name,
        billing_street=request.billing.street,
        billing_postcode=request.billing.postcode,
        billing_city=request.billing.city,
        billing_country=request.billing.country,
        source=means.source,
    )


def _new_registration(order: Order, place: Place, ticket: Ticket, visitor: Person | None) -> Registration:
    person = _proven(visitor, place)
    company = member_company(person) if person else None
    must_wait = order.is_by_card or (ticket.needs_proof and not company)
    now = timezone.now()
    return Registration(
        event=order.event,
        ticket=ticket,
        person=person,
        member_of=company if ticket.needs_proof else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company or order.company,
        no_photo=place.no_photo,
        price=ticket.price,
        held_until=now + HOLD if must_wait else None,
        confirmed_at=None if must_wait else now,
    )


def _proven(person: Person | None, place: Place) -> Person | None:
    """The signed-in person, where the place is for that person's own address."""
    return person if person and same(person.email, place.email) else None
