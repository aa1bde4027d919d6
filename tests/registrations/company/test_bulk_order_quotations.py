"""Quotations of a company's bulk order, and the order of what was quoted."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from registrations.invoices.models import Quotation
from registrations.models import Order
from tests.factories import make_addon, make_contact, make_person, make_voucher
from tests.registrations.company.factories import BILLING, Desk, make_desk, make_posted_rows, make_row
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ROWS = [make_row("Alpha", "z@x.fr", addons=["dinner"]), {"ticket": "guest", "is_to_follow": "on"}]


@pytest.fixture
def desk() -> Desk:
    make_issuer()
    desk = make_desk()
    make_addon(desk.event)
    return desk


def make_quotation(desk: Desk, **more: str) -> Quotation:
    """Fill in the list and ask for a quotation on the review page."""
    desk.client.post(desk.many, make_posted_rows(*ROWS, check="1", **more))
    desk.client.post(f"{desk.many}check/", {**BILLING, "quote": "1"})
    return Quotation.objects.get()


def post_order(client: Client, quotation: Quotation, **fields: str):
    """Press “Order these places” on the quotation's page."""
    page = html.fromstring(client.get(f"/en/quotations/{quotation.link_token}/").text)
    [path] = page.xpath("//form[.//button[contains(., 'Order these places')]]/@action")
    return client.post(path, fields)


def read_rows(desk: Desk) -> list[tuple[str, str, list[str]]]:
    forms = desk.client.get(desk.many).context["rows"]
    return [
        (form["last_name"].value() or "", form["ticket"].value(), form["addons"].value()) for form in forms
    ]


def test_list_is_quoted_with_addons_and_nothing_is_booked(desk):
    quotation = make_quotation(desk)

    assert quotation.total == 30_000 + 4_500 + 30_000
    assert quotation.buyer_name == "Direction des achats"
    assert [line["attendee"] for line in quotation.lines] == ["Zoé Alpha", "Zoé Alpha", ""]
    assert Order.objects.count() == 0


def test_review_leads_to_the_page_of_the_quotation(desk):
    desk.client.post(desk.many, make_posted_rows(*ROWS, check="1"))

    response = desk.client.post(f"/en{desk.many}check/", {**BILLING, "quote": "1"}, follow=True)

    assert response.redirect_chain[-1][0] == f"/en/quotations/{Quotation.objects.get().link_token}/"
    assert "Quotation (PDF)" in response.text


def test_order_of_the_quotation_continues_the_list_with_its_names(desk):
    quotation = make_quotation(desk)

    response = post_order(desk.client, quotation)

    assert response["Location"] == f"/en{desk.many}check/"
    assert read_rows(desk) == [("Alpha", "guest", ["dinner"]), ("", "guest", [])]


def test_order_names_the_quotation(desk):
    quotation = make_quotation(desk)
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce

    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce})

    assert Order.objects.get().quotation_number == quotation.number


def test_order_on_another_device_fills_the_list_with_its_names(desk):
    make_voucher(desk.event)
    quotation = make_quotation(desk, code="HALF")
    desk.client = Client()
    desk.client.force_login(desk.contact)

    response = post_order(desk.client, quotation)
    page = desk.client.get(desk.many)

    assert response["Location"] == f"/en{desk.many}"
    assert read_rows(desk) == [("Alpha", "guest", ["dinner"]), ("", "guest", [])]
    assert page.context["rows"].forms[0]["email"].value() == "z@x.fr"
    assert page.context["rows"].forms[0]["is_to_follow"].value() is None
    assert page.context["rows"].forms[1]["is_to_follow"].value() == "on"
    assert page.context["code"]["code"].value() == "HALF"


def test_members_are_ordered_from_a_quotation_on_another_device(desk):
    row = {"first_name": "Ana", "last_name": "Silva", "email": desk.colleague.email, "ticket": "member"}
    desk.client.post(desk.many, make_posted_rows(row, check="1"))
    desk.client.post(f"{desk.many}check/", {**BILLING, "quote": "1"})
    desk.client = Client()
    desk.client.force_login(desk.contact)
    post_order(desk.client, Quotation.objects.get())

    response = desk.client.get(f"{desk.many}check/")

    assert response.status_code == 200
    assert response.context["lines"][0][0].email == desk.colleague.email


def test_another_list_is_replaced_only_if_the_contact_chooses_to(desk):
    quotation = make_quotation(desk)
    desk.client.post(desk.many, make_posted_rows(make_row("Omega"), add="1"))

    asked = post_order(desk.client, quotation)
    rows_before = read_rows(desk)
    post_order(desk.client, quotation, replace="1")

    assert "Replace your unfinished registration?" in asked.text
    assert rows_before[0][0] == "Omega"
    assert read_rows(desk)[0] == ("Alpha", "guest", ["dinner"])


def test_reader_who_is_no_contact_orders_on_the_public_page(desk):
    quotation = make_quotation(desk)
    client = Client()
    client.force_login(make_person(email="purchasing@x.fr"))

    response = post_order(client, quotation)

    assert response["Location"] == f"/en/events/{desk.event.slug}/register/"


def test_contact_of_another_company_cannot_order_a_quotation_for_it(desk):
    quotation = make_quotation(desk)
    elsewhere = make_desk()

    response = elsewhere.client.post(f"{elsewhere.at}/quotations/{quotation.link_token}/order/")

    assert response.status_code == 404


def raise_prices(desk: Desk) -> None:
    desk.event.tickets.filter(slug="guest").update(price=35_000)


def test_company_order_costs_the_quoted_price_after_a_rise(desk):
    quotation = make_quotation(desk)
    raise_prices(desk)

    page = desk.client.get(f"/en{desk.many}check/")
    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": page.context["draft"].nonce})

    order = Order.objects.get()
    assert page.context["total"] == quotation.total_money
    assert "price of the quotation, valid until" in page.text
    assert order.total == quotation.total
    assert order.quotation_number == quotation.number


def test_place_more_than_quoted_costs_todays_price(desk):
    quotation = make_quotation(desk)
    raise_prices(desk)
    desk.client.post(desk.many, make_posted_rows(*ROWS, make_row("Omega"), check="1"))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["total"].amount == quotation.total + 35_000


def test_quoted_price_is_not_given_twice(desk):
    make_quotation(desk)
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce
    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce})
    raise_prices(desk)
    post_order(desk.client, Quotation.objects.get())
    desk.client.post(desk.many, make_posted_rows(make_row("Omega"), check="1"))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["total"].amount == 35_000


def test_quoted_price_returns_after_the_order_was_cancelled(desk):
    make_quotation(desk)
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce
    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce})
    Order.objects.get().registrations.update(cancelled_at=timezone.now())
    raise_prices(desk)
    post_order(desk.client, Quotation.objects.get())
    desk.client.post(desk.many, make_posted_rows(make_row("Omega"), check="1"))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["total"].amount == 30_000


def test_expired_quotation_promises_no_price(desk):
    make_quotation(desk)
    raise_prices(desk)
    Quotation.objects.update(valid_until=timezone.localdate() - datetime.timedelta(days=1))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["total"].amount == 35_000 + 4_500 + 35_000


def test_new_quotation_names_todays_prices(desk):
    make_quotation(desk)
    raise_prices(desk)

    desk.client.post(f"{desk.many}check/", {**BILLING, "quote": "1"})

    assert Quotation.objects.latest("pk").total == 35_000 + 4_500 + 35_000


def test_voucher_of_the_quotation_is_not_part_of_the_quoted_price(desk):
    make_voucher(desk.event)
    make_quotation(desk, code="HALF")
    raise_prices(desk)
    desk.client.post(desk.many, make_posted_rows(*ROWS, check="1", code=""))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["total"].amount == 30_000 + 4_500 + 30_000


@pytest.mark.parametrize(
    ("price", "days_left"), [(30_000, 30), (25_000, 30), (35_000, -1)], ids=["same", "lower", "expired"]
)
def test_review_does_not_name_a_quotation_that_promises_nothing_better(desk, price, days_left):
    make_quotation(desk)
    desk.event.tickets.filter(slug="guest").update(price=price)
    Quotation.objects.update(valid_until=timezone.localdate() + datetime.timedelta(days=days_left))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["cheaper_quotation"] is None


def test_review_of_a_changed_list_does_not_name_the_quotation(desk):
    make_quotation(desk)
    raise_prices(desk)
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))

    page = desk.client.get(f"/en{desk.many}check/")

    assert page.context["cheaper_quotation"] is None


def test_other_contact_of_the_company_orders_the_quotation(desk):
    quotation = make_quotation(desk)
    desk.client = Client()
    desk.client.force_login(make_contact(desk.company, email="other@x.fr"))

    response = post_order(desk.client, quotation)

    assert response["Location"] == f"/en{desk.many}"


def test_missing_issuer_is_explained_on_the_review_page():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))

    response = desk.client.post(f"/en{desk.many}check/", {**BILLING, "quote": "1"}, follow=True)

    assert "Quotations are not available for this event yet." in response.text
