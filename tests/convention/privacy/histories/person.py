"""The person of the histories, what they order, and the end of their events."""

import datetime

from allauth.account.models import EmailAddress
from django.utils import timezone

from convention.club.models import Person
from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.invoices.models.documents import Invoice
from registrations.models import Order, Registration
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.convention.privacy.find_traces import ADDRESS, FIRST, LAST, NAME, PHONE, STREET
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_question,
    make_ticket,
)
from tests.registrations.invoices.factories import make_issuer

BILLING_DETAILS = BillingDetails(name=NAME, street=STREET, postcode="69001", city="Lyon", country="FR")
PERSON_FIELDS = {"first_name": FIRST, "last_name": LAST, "email": ADDRESS}
type Subject = Person | None


def make_person_account() -> Person:
    """Return the person as a member of the club with a proven address."""
    person = make_member(make_company(), **PERSON_FIELDS)
    EmailAddress.objects.create(user=person, email=ADDRESS, verified=True, primary=True)
    return person


def make_event_on_sale() -> Event:
    """Return an event with an invoiced ticket, a dinner and a question, and somebody who invoices."""
    make_issuer()
    event = make_event(slug="congress")
    make_ticket(event, price=12_000, is_default=True)
    make_addon(event)
    make_question(event, "phone", text="Téléphone")
    return event


def make_place(**fields) -> RequestedPlace:
    """Return the person's place with a dinner and an answer."""
    values = {"ticket": "guest", "addons": ("dinner",), "answers": {"phone": PHONE}, **PERSON_FIELDS}
    return RequestedPlace(**{**values, **fields})


def make_request(*places: RequestedPlace, **fields) -> OrderRequest:
    """Return an order in the person's name, on invoice, for these places or their own."""
    values = {
        "email": ADDRESS,
        "places": places or (make_place(),),
        "billing": BILLING_DETAILS,
        "payment": "invoice",
    }
    return OrderRequest(**{**values, **fields})


def make_order(event: Event, **fields) -> Order:
    """Return an order of the person."""
    order = place_order(event=event, request=make_request(**fields), context=OrderContext())
    Registration.objects.filter(order=order).update(confirmed_at=timezone.now(), hold_expires_at=None)
    return order


def make_colleague_order(event: Event, **fields) -> Order:
    """Return an order that somebody else made for the person, billed to a company."""
    billed = BillingDetails(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    return make_order(event, email="boss@acme.example", billing=billed, company="Acme SA", **fields)


def get_time_ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def end_all_events() -> None:
    """Let all events be over, so that nothing stands in the way of an erasure."""
    Event.objects.update(starts_at=get_time_ago(31), ends_at=get_time_ago(30))


def count_invoices() -> int:
    """Return how many documents were issued."""
    return Invoice.objects.count()
