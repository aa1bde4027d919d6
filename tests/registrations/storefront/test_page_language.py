"""The site keeps its language while an order is placed, whatever the language of the order's e-mails."""

import pytest
from django.test import Client
from django.urls import reverse
from lxml import html

from convention.events.models import Event
from registrations.booking.verification import make_verification_token
from registrations.models import Order
from tests.factories import make_order, make_person, make_registration
from tests.registrations.test_pages import BILLING, open_review_screen

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("payment", "page"), [("invoice", "order"), ("card", "order-pay")])
def test_page_after_the_order_is_in_the_language_of_the_site(
    client: Client, event: Event, settings, payment: str, page: str
):
    settings.CARD_PAYMENT = True
    fields = {**BILLING, "nonce": open_review_screen(client), "payment": payment, "language": "en"}

    response = client.post("/events/congress/register/check/", fields)

    order = Order.objects.get()
    assert order.language == "en"
    assert response["Location"] == reverse(page, args=[order.reference, order.manage_secret])
    assert order.manage_path.startswith("/en/")


def test_page_after_confirming_the_address_is_in_the_language_of_the_site(client: Client, event: Event):
    client.post("/events/congress/register/check/", {"nonce": open_review_screen(client), **BILLING})
    order = Order.objects.get()

    response = client.post(f"/en/orders/confirm/{make_verification_token(order, order.email)}/")

    assert order.language == "fr"
    assert response["Location"].startswith(f"/en/orders/{order.reference}/")


@pytest.fixture
def order(event: Event) -> Order:
    """Return an order in French of an attendee with an account, started from the page of another one."""
    person = make_person(email="zoe@example.org")
    first = make_order(event, email="zoe@example.org", language="fr")
    order = make_order(event, email="zoe@example.org", language="fr", previous_order=first)
    make_registration(event.tickets.get(slug="guest"), order=order, email=person.email, person=person)
    return order


def list_order_paths(client: Client, path: str, order: Order) -> set[str]:
    links = html.fromstring(client.get(path).content).xpath("//main//a/@href")
    return {link for link in links if link.endswith(f"/orders/{order.reference}/{order.manage_secret}/")}


def test_other_orders_of_the_buyer_open_in_the_language_of_the_site(client: Client, order: Order):
    earlier_order = order.previous_order

    paths = list_order_paths(client, f"/en{order.manage_path}", earlier_order)

    assert paths == {f"/en{earlier_order.manage_path}"}


@pytest.mark.parametrize("path", ["/en/", "/en/events/congress/"])
def test_own_registration_opens_in_the_language_of_the_site(client: Client, order: Order, path: str):
    client.force_login(order.registrations.get().person)

    paths = list_order_paths(client, path, order)

    assert paths == {f"/en{order.manage_path}"}
