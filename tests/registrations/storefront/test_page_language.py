"""The site keeps its language while an order is placed, whatever the language of the order's e-mails."""

import pytest
from django.test import Client
from django.urls import reverse

from convention.events.models import Event
from registrations.booking.verification import make_verification_token
from registrations.models import Order
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
