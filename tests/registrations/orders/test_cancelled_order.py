"""The page of an order by card that was cancelled as a whole shows what was paid and refunded."""

import pytest

from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.models import Order
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.orders.test_order_page import read_facts, read_main_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def cancelled_order(event, settings) -> Order:
    """Make an order of a place at €120 and a dinner at €45, paid by card, cancelled and refunded."""
    settings.CARD_PAYMENT = True
    make_issuer()
    event.tickets.update(price=12_000)
    make_addon(event, price=4_500)
    order = make_paid_order(event, "Zoe")
    cancel_registration(registration=order.registrations.get())
    return order


def make_paid_order(event: Event, *names: str) -> Order:
    """Order a place with dinner for each of these first names, paid by card."""
    places = tuple(
        RequestedPlace(
            ticket="guest",
            first_name=name,
            last_name="Müller",
            email=f"{name.lower()}@example.org",
            addons=("dinner",),
        )
        for name in names
    )
    billing = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
    request = OrderRequest(
        email="b@example.org", places=places, billing=billing, payment="card", language="en"
    )
    order = place_order(event=event, request=request, context=make_verified_context())
    record_demo_payment(order=order)
    return order


def test_page_shows_payment_and_refund(client, cancelled_order):
    facts = read_facts(client.get(cancelled_order.manage_path))

    assert facts["Paid"].startswith("€165 Refund")
    assert facts["Paid"].count("€165") >= 2


def test_page_shows_cancelled_lines_and_billing_details(client, cancelled_order):
    answer = client.get(cancelled_order.manage_path)

    assert "Dinner" in read_main_text(answer)
    assert read_facts(answer)["Billing details"].startswith("Acme 1 rue 35000 Rennes")


def test_receipt_lists_payment_and_refund(client, cancelled_order):
    page = client.get(cancelled_order.manage_path).text
    path = f"{cancelled_order.manage_path}pro-forma.pdf"

    text = pdf_text(client.get(path).content)

    assert path in page
    assert "Receipt" in text
    assert "Received on" in text
    assert "Refunded on" in text
    assert "Cancelled and refunded in full" in text


def test_cancelled_unpaid_order_has_no_receipt(client, cancelled_order, event):
    place = RequestedPlace(ticket="guest", first_name="Bo", last_name="Roy", email="bo@example.org")
    request = OrderRequest(email="bo@example.org", places=(place,), payment="card", language="en")
    unpaid = place_order(event=event, request=request, context=make_verified_context())
    cancel_registration(registration=unpaid.registrations.get())

    page = client.get(unpaid.manage_path).text

    assert "pro-forma.pdf" not in page
    assert client.get(f"{unpaid.manage_path}pro-forma.pdf").status_code == 404


def test_page_names_the_places_whose_refunds_it_sums_up(client, event, settings):
    settings.CARD_PAYMENT = True
    make_issuer()
    event.tickets.update(price=12_000)
    make_addon(event, price=4_500)
    first, second, _third = make_paid_order(event, "Zoe", "Ana", "Bo").registrations.order_by("pk")

    cancel_registration(registration=first)
    after_first = read_main_text(client.get(first.order.manage_path))
    cancel_registration(registration=second)
    after_second = read_main_text(client.get(first.order.manage_path))

    assert "cancelled places" not in after_first
    assert "In all, for the 2 cancelled places: Test refund of €330" in after_second
