"""Book: a company's contact registers colleagues, all at once: one order, one invoice to come."""

from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from convention.addresses import folded
from convention.audit.record import record
from convention.club.doors import seats_at
from convention.club.models import Company, Person
from convention.errors import InvalidFields
from convention.events.models import Event

from ..keys import order_with_key
from ..models import BY_CONTACT, Order, Registration
from ..order_context import Means
from ..order_request import OrderRequest, Place
from ..register import register
from .invite import invite
from .models import CompanyOrder


@transaction.atomic
def book(*, event: Event, company: Company, contact: Person, request: OrderRequest, key: str) -> Order:
    """Register everyone asked for, for the company, and ask each colleague for their own details by mail.

    The contact vouches for colleagues with a seat: their members' places need no proof. The same key gives
    the same order again. Raises what `register` does, and InvalidFields for a member's place without a seat.
    """
    if order := order_with_key(event, key):
        return order
    if found := without_seat(event, company, request.places):
        raise InvalidFields(
            _("Some fields need another look."),
            {f"registrations.{number}.email": [sentence] for number, sentence in found.items()},
        )
    means = replace(means_of(company, contact), key=key)
    order = register(event=event, request=request, means=means)
    _placed, is_new = CompanyOrder.objects.get_or_create(
        order=order, defaults={"company": company, "placed_by": contact, "managed_by": contact}
    )
    if is_new:
        for registration in order.registrations.select_related("order", "event").order_by("pk"):
            invite(registration=registration)
        record("order.book_for_company", order, event=event, fields=["company"])
    return order


def means_of(company: Company, contact: Person) -> Means:
    """How a contact's order arrives."""
    return Means(source=BY_CONTACT, person=contact, company=company)


def without_seat(event: Event, company: Company, places: Iterable[Place]) -> dict[int, str]:
    """What is wrong with members' places, by their number: no seat, or a place of that ticket already."""
    proven = {ticket.slug: ticket for ticket in event.tickets.all() if ticket.needs_proof}
    asked = {n: place for n, place in enumerate(places) if place.ticket in proven and place.email}
    seats = seats_at(company, {folded(place.email) for place in asked.values()}) if asked else {}
    people = [seat.person_id for seat in seats.values()]
    held = Registration.objects.confirmed().filter(event=event, person__in=people)
    booked = set(held.values_list("person", "ticket")) if people else set()
    found = {}
    for number, place in asked.items():
        seat = seats.get(folded(place.email))
        if seat is None:
            found[number] = _("No colleague with this address holds a seat: give one first.")
        elif (seat.person_id, proven[place.ticket].pk) in booked:
            found[number] = _("%(name)s has a place already.") % {"name": seat.person}
    return found
