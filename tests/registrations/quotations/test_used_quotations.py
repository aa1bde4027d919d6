"""A quotation says whether its prices have been used, and whether they are available again."""

import pytest
from lxml import html

from registrations.changes.cancel import cancel_registration
from registrations.invoices.models import Quotation
from registrations.models import Order
from registrations.order_context import OrderContext
from registrations.pricing.quotation_prices import load_quoted_prices
from tests.buyer_verification import make_account
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.quotations.test_quotation_concurrency import (
    RAISED_PRICE,
    make_quoted_context,
    order_place,
)
from tests.registrations.sponsors.factories import make_package
from tests.registrations.sponsors.test_sponsors import SPONSOR_FORM
from tests.registrations.test_pages import BILLING, build_person_form

pytestmark = pytest.mark.django_db


def read_page(client):
    quotation = Quotation.objects.get()
    return html.fromstring(client.get(f"/en/quotations/{quotation.link_token}/").content)


def read_lead(client) -> str:
    return read_page(client).findtext(".//main//p[@class='lead']")


def read_button_class(client) -> str:
    return read_page(client).xpath("//button[contains(., 'Order these places')]/@class")[0]


def test_unused_quotation_promises_its_prices(client):
    make_quoted_context("One")

    lead = read_lead(client)

    assert lead.startswith("Its prices apply if you order by the date below")


def test_used_quotation_says_that_another_order_costs_todays_prices(client):
    order_place(make_quoted_context("One"), "One")

    lead = read_lead(client)

    assert lead == "Its prices have been used: another order costs today’s prices."


def test_another_order_of_a_used_quotation_is_not_the_main_action(client):
    order_place(make_quoted_context("One"), "One")

    button_class = read_button_class(client)

    assert button_class == "button quiet"


def test_partly_used_quotation_promises_the_rest(client):
    order_place(make_quoted_context("One", "Two"), "One")

    lead = read_lead(client)

    assert lead.startswith("The prices of what has not been ordered yet still apply")


def test_cancelled_order_makes_the_prices_available_again(client):
    order = order_place(make_quoted_context("One"), "One")
    cancel_registration(registration=order.registrations.get())

    lead = read_lead(client)

    assert lead.startswith("Its prices are available again")


def test_cancelled_order_is_named_as_cancelled(client):
    order = order_place(make_quoted_context("One"), "One")
    cancel_registration(registration=order.registrations.get())

    text = read_page(client).text_content()

    assert f"Order {order.reference} from this quotation was cancelled or has expired." in text


def test_order_after_a_cancellation_is_the_main_action(client):
    order = order_place(make_quoted_context("One"), "One")
    cancel_registration(registration=order.registrations.get())

    button_class = read_button_class(client)

    assert button_class == "button big"


def test_used_quotation_of_a_package_says_so(client, event):
    make_issuer()
    make_package(event, capacity=None)
    client.post("/events/congress/sponsors/gold/", SPONSOR_FORM | {"quote": "1"})
    quotation = Quotation.objects.get()
    client.post(f"/events/congress/sponsors/gold/?quotation={quotation.link_token}", SPONSOR_FORM)

    lead = read_lead(client)

    assert lead == "Its prices have been used: another order costs today’s prices."


def test_changed_price_of_a_used_quotation_is_explained(client, event):
    make_issuer()
    client.post("/events/congress/register/", build_person_form())
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    client.post("/events/congress/register/check/", {**BILLING, "quote": "1"})
    quotation = Quotation.objects.get()
    event.tickets.filter(slug="guest").update(price=RAISED_PRICE)
    quoted_prices = load_quoted_prices(quotation, event)
    order_place(OrderContext(person=make_account(), quoted_prices=quoted_prices), "Other")

    answer = client.post(
        "/en/events/congress/register/check/", {**BILLING, "shown": str(quotation.total)}, follow=True
    )

    sentence = f"The prices of quotation {quotation.number} have been used by another order"
    assert sentence in answer.text
    assert Order.objects.count() == 1
