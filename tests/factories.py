"""Plain makers of rows with sensible defaults; each takes what the test is about."""

import datetime
import itertools
from typing import Any

from django.utils import timezone

from convention.club.models import Company, CompanyRole, Employment, Person
from convention.events.models import Event
from registrations.models import Order, Registration, Ticket

numbers = itertools.count(1)


def make_event(**fields: Any) -> Event:
    """A public convention in a month, with registration open."""
    number = next(numbers)
    starts = timezone.now() + datetime.timedelta(days=30)
    values = {
        "slug": f"event-{number}",
        "name": f"Convention {number}",
        "visibility": Event.Visibility.PUBLIC,
        "starts_at": starts,
        "ends_at": starts + datetime.timedelta(days=1),
    }
    return Event.objects.create(**{**values, **fields})


def make_ticket(event: Event | None = None, **fields: Any) -> Ticket:
    """A free guest's ticket without limit."""
    slug = fields.pop("slug", "guest")
    return Ticket.objects.create(
        event=event or make_event(), slug=slug, **{"name": slug.capitalize(), **fields}
    )


def make_company(*, role: str | None = CompanyRole.Role.MEMBER, **fields: Any) -> Company:
    """A member company."""
    number = next(numbers)
    company = Company.objects.create(**{"name": f"Société {number}", "slug": f"societe-{number}", **fields})
    if role:
        CompanyRole.objects.create(company=company, role=role, starts_on=datetime.date(2020, 1, 1))
    return company


def make_person(**fields: Any) -> Person:
    """Someone with an address."""
    number = next(numbers)
    values = {"email": f"person{number}@example.org", "first_name": "Ana", "last_name": f"Silva {number}"}
    return Person.objects.create_user(**{**values, **fields})


def make_member(company: Company | None = None, **fields: Any) -> Person:
    """Someone who works at a member company."""
    person = make_person(**fields)
    Employment.objects.create(
        person=person, company=company or make_company(), starts_on=datetime.date(2020, 1, 1)
    )
    return person


def make_order(event: Event, **fields: Any) -> Order:
    """A free order of one buyer."""
    return Order.objects.create(event=event, **{"email": "buyer@example.org", "payment": "free", **fields})


def make_registration(ticket: Ticket | None = None, **fields: Any) -> Registration:
    """A confirmed registration in an order of its own."""
    ticket = ticket or make_ticket()
    order = fields.pop("order", None) or make_order(ticket.event)
    values = {
        "first_name": "Zoé",
        "last_name": "Müller",
        "email": "zoe@example.org",
        "company": "Acme",
        "confirmed_at": timezone.now(),
    }
    registration = Registration.objects.create(
        event=ticket.event, order=order, ticket=ticket, **{**values, **fields}
    )
    if registration.counts:
        ticket.taken += 1
        ticket.save(update_fields=["taken"])
    return registration
