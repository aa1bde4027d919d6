"""Orders placed from one quotation at the same moment: each quoted price is used once."""

from dataclasses import replace
from functools import partial

import pytest

from registrations.billing.receivables import calculate_balance
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.reinstatement.reinstate import reinstate_registration
from registrations.invoices.models import Quotation
from registrations.models import Order
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.catalog import PriceChanged
from registrations.pricing.quotation_prices import (
    QuotedPriceUsed,
    find_quoted_package_price,
    load_quoted_prices,
)
from registrations.quotations.create import create_order_quotation, create_package_quotation
from registrations.sponsors.sponsorships import take_package
from tests.buyer_verification import make_account
from tests.factories import make_event, make_ticket
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package, make_sponsor_request
from tests.threads import run_in_threads

QUOTED_PRICE, RAISED_PRICE = 12_000, 20_000


def make_request(*last_names: str, **fields) -> OrderRequest:
    places = tuple(RequestedPlace(ticket="guest", first_name="Zoé", last_name=name) for name in last_names)
    billing = BillingDetails(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    return OrderRequest(
        **{"email": "b@example.org", "places": places, "company": "Acme", "billing": billing, **fields}
    )


def make_quoted_context(*last_names: str) -> OrderContext:
    """Return the context of an order from a quotation, read when nothing had been ordered from it."""
    make_issuer()
    event = make_event(slug="congress")
    ticket = make_ticket(event, slug="guest", price=QUOTED_PRICE)
    quotation = create_order_quotation(event=event, request=make_request(*last_names), context=OrderContext())
    ticket.price = RAISED_PRICE
    ticket.save()
    return OrderContext(person=make_account(), quoted_prices=load_quoted_prices(quotation, event))


def order_place(context: OrderContext, last_name: str, **fields) -> Order:
    event = Quotation.objects.get().event
    assert event is not None
    return place_order(event=event, request=make_request(last_name, **fields), context=context)


@pytest.mark.django_db
def test_price_that_another_order_used_meanwhile_is_not_given_again():
    context = make_quoted_context("One")
    order_place(context, "One")

    order = order_place(replace(context), "Two")

    assert order.total == RAISED_PRICE
    assert order.quotation_number == ""


@pytest.mark.django_db
def test_buyer_who_saw_the_used_price_is_asked_first():
    context = make_quoted_context("One")
    order_place(context, "One")

    with pytest.raises(PriceChanged):
        order_place(replace(context), "Two", expected_total=QUOTED_PRICE)

    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_second_order_gets_the_second_quoted_price():
    context = make_quoted_context("One", "Two")
    order_place(context, "One")

    order = order_place(replace(context), "Two")

    assert order.total == QUOTED_PRICE


def reinstate_after_another_order(context: OrderContext) -> Order:
    """Return the first order, whose place was cancelled, ordered by another buyer, and reinstated."""
    first_order = order_place(context, "One")
    cancelled = cancel_registration(registration=first_order.registrations.get())
    order_place(replace(context), "Two")
    reinstate_registration(registration=cancelled)
    return Order.objects.get(pk=first_order.pk)


@pytest.mark.django_db
def test_reinstated_place_keeps_the_quoted_price_that_another_order_used_since():
    order = reinstate_after_another_order(make_quoted_context("One"))

    assert order.registrations.get().price == QUOTED_PRICE
    assert calculate_balance(order).amount == QUOTED_PRICE


@pytest.mark.django_db
def test_reinstated_place_and_the_other_order_both_use_a_quoted_price():
    context = make_quoted_context("One", "Two", "Three")

    reinstate_after_another_order(context)

    quotation = Quotation.objects.get()
    quoted_prices = load_quoted_prices(quotation, quotation.event)
    assert quoted_prices.prices == {("ticket", "guest"): (QUOTED_PRICE,)}


@pytest.mark.django_db
def test_page_of_the_quotation_names_the_reinstated_order_too(client):
    reinstate_after_another_order(make_quoted_context("One"))
    quotation = Quotation.objects.get()

    page = client.get(f"/en/quotations/{quotation.link_token}/")

    references = Order.objects.values_list("reference", flat=True)
    assert [f"order {reference}." in page.text for reference in references] == [True, True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_concurrent_orders_use_each_quoted_price_once(attempt):
    context = make_quoted_context("One", "Two")
    jobs = [partial(order_place, replace(context), f"Name{number}") for number in range(6)]

    orders = run_in_threads(jobs, threads=6)

    quoted = [order for order in orders if isinstance(order, Order) and order.total == QUOTED_PRICE]
    others = [order for order in orders if order not in quoted]
    assert len(quoted) == 2
    # An order whose prices changed twice meanwhile is refused with a sentence.
    assert all(isinstance(other, QuotedPriceUsed) or other.total == RAISED_PRICE for other in others)


@pytest.mark.django_db(transaction=True)
def test_concurrent_orders_of_a_package_use_its_quoted_price_once():
    make_issuer()
    package = make_package(make_event(slug="congress"), capacity=None)
    quotation = create_package_quotation(package=package, request=make_sponsor_request().order)
    jobs = [
        partial(
            take_package,
            package=package,
            sponsor_request=make_sponsor_request(),
            idempotency_key=f"key-{number}",
            context=OrderContext(source=Order.Source.SPONSOR, person=make_account()),
            quotation=quotation,
        )
        for number in range(4)
    ]

    results = run_in_threads(jobs, threads=4)

    refused = [result for result in results if isinstance(result, QuotedPriceUsed)]
    assert len(refused) == 3
    assert Order.objects.filter(quotation_number=quotation.number).count() == 1
    assert find_quoted_package_price(quotation, package) is None
