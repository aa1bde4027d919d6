"""Revenue of an event by ticket, add-on and day."""

import datetime

import pytest
from django.urls import reverse
from django.utils import translation

from convention.club.models import ClubRole
from registrations.billing.receivables import sync_receivable
from registrations.billing.revenue import load_revenue
from registrations.booking.place_order import place_order
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import cancel_payment
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_event, make_person, make_ticket
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_revenue_is_grouped_by_ticket_addon_and_day():
    event = make_event()
    make_ticket(event, name="Visiteur", price=12_000)
    make_addon(event)
    people = (("Zoé", ("dinner",), "fr"), ("Ana", (), "en"))
    for name, addons, language in people:
        place = RequestedPlace(ticket="guest", first_name=name, last_name="Müller", addons=addons)
        billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
        request = OrderRequest(email="b@example.org", places=(place,), billing=billing, language=language)
        order = place_order(event=event, request=request, context=make_verified_context())
        receivable = sync_receivable(order)
    record_payment(
        receivable=receivable, amount=12_000, method="transfer", received_on=datetime.date(2026, 3, 1)
    )
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.TREASURER)

    revenue = load_revenue(event)
    page = make_client(person).get(reverse("revenue", args=[event.slug]))
    table = make_client(person).get(reverse("revenue-csv", args=[event.slug]))

    # One row, although the orders are in two languages.
    assert [(row.title, row.count, row.cents) for row in revenue.items] == [
        ("Visiteur", 2, 24_000),
        ("Dîner", 1, 4_500),
    ]
    assert [(row.day, row.net_cents) for row in revenue.days] == [(datetime.date(2026, 3, 1), 12_000)]
    assert "Visiteur" in page.text
    assert "240" in table.content.decode("utf-8-sig")


def test_sponsors_of_one_package_are_one_row():
    package = make_package(make_event())
    for name in ("Acme", "Globex"):
        sync_receivable(make_sponsorship(package, has_logo=False, name=name).order)

    with translation.override("en"):
        [row] = load_revenue(package.event).items

    assert row.title == "Gold"
    assert row.count == 2
    assert row.cents == 2 * package.price


def test_payment_recorded_by_mistake_is_neither_received_nor_refunded():
    event = make_event()
    receivable = make_receivable(event=event)
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer")
    cancel_payment(payment=payment, reason="Mistake")

    [day] = load_revenue(event).days

    assert day.received_cents == 0
    assert day.refunded_cents == 0
