"""The billing details that a contact is offered for the next order."""

import pytest

from convention.club.companies import save_company
from registrations.models import Order
from tests.registrations.company.factories import make_desk, make_posted_rows, make_row, order_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    return make_desk(name="Acme")


def open_review(desk):
    rows = make_posted_rows(make_row("Gamma", "g@x.fr"), check="1")
    return desk.client.post(f"/en{desk.many}", rows, follow=True)


def read_offer(page) -> dict[str, str]:
    return page.context["billing"].initial


def test_first_order_is_offered_the_address_of_the_directory(desk):
    page = open_review(desk)

    assert read_offer(page)["billing_street"] == "1 rue de l’Invention"
    assert "Copied from your company’s last order" not in page.text


def test_next_order_is_offered_the_details_of_the_last_one(desk):
    order_rows(desk, make_row("Alpha", "z@x.fr"))

    page = open_review(desk)

    assert read_offer(page)["billing_name"] == "Direction des achats"
    assert read_offer(page)["billing_street"] == "1 rue X"
    assert f"Copied from your company’s last order, {Order.objects.get().reference}." in page.text


def test_purchase_order_number_is_not_offered_again(desk):
    order_rows(desk, make_row("Alpha", "z@x.fr"))

    page = open_review(desk)

    assert "purchase_order" not in read_offer(page)


def test_newer_address_of_the_directory_is_offered(desk):
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    desk.company.street = "9 rue Neuve"
    save_company(company=desk.company, changed_fields=["street"])

    page = open_review(desk)

    assert read_offer(page)["billing_street"] == "9 rue Neuve"
    assert "Copied from your company’s last order" not in page.text


def test_other_change_of_the_company_leaves_the_details_of_the_last_order(desk):
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    save_company(company=desk.company, changed_fields=["sector"])

    page = open_review(desk)

    assert read_offer(page)["billing_street"] == "1 rue X"


def test_details_typed_for_this_order_come_from_no_order(desk):
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    review = open_review(desk)
    desk.client.post(f"{desk.many}check/", {"billing_street": "5 rue Y"}, headers={"X-Draft": "1"})

    page = desk.client.get(f"/en{desk.many}check/")

    assert review.status_code == 200
    assert read_offer(page)["billing_street"] == "5 rue Y"
    assert "Copied from your company’s last order" not in page.text
