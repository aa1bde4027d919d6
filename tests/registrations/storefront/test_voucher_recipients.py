"""A code for one company or address shows its price to those attendees only; others are refused at once."""

import pytest
from django.test import Client

from convention.events.models import Event
from registrations.models import Order
from tests.factories import make_ticket, make_voucher
from tests.registrations.test_pages import build_person_form, read_page_text

pytestmark = pytest.mark.django_db
REGISTER = "/en/events/congress/register/"
CHOICES = f"{REGISTER}choices/"
REFUSAL = "This code is for another company or e-mail address."


def name_colleagues(client: Client) -> None:
    """Name two attendees, of Acme and of Other."""
    second = {
        "person-TOTAL_FORMS": "2",
        "person-1-first_name": "Ada",
        "person-1-last_name": "Berg",
        "person-1-email": "ada@other.example",
        "person-1-company": "Other",
    }
    client.post(REGISTER, build_person_form(**second))


@pytest.mark.parametrize("fields", [{"for_company": "Other"}, {"for_address": "@other.example"}])
def test_applying_a_code_of_others_is_refused_at_once(client: Client, event: Event, fields: dict[str, str]):
    make_voucher(event, **fields)
    client.post(REGISTER, build_person_form())

    page = client.post(CHOICES, {"code": "HALF", "apply": "1"})

    assert page.context["code"].errors["code"] == [REFUSAL]
    assert "60" not in read_page_text(page)


def test_applying_a_code_of_ones_own_company_shows_its_price(client: Client, event: Event):
    make_voucher(event, for_company="acme")
    client.post(REGISTER, build_person_form())

    page = client.post(CHOICES, {"code": "HALF", "apply": "1"}, follow=True)

    assert "€60" in read_page_text(page)


def test_price_of_a_code_is_shown_to_its_own_attendees_only(client: Client, event: Event):
    make_voucher(event, for_company="Other")
    name_colleagues(client)

    page = client.post(CHOICES, {"code": "HALF", "apply": "1"}, follow=True)

    acme, other = page.context["forms"]
    assert acme.offer.discounted_prices == {}
    assert other.offer.discounted_prices.keys() == {"guest"}


def test_link_with_a_code_of_others_says_so(client: Client, event: Event):
    make_voucher(event, for_company="Other")
    client.get(f"{REGISTER}?code=half")
    client.post(REGISTER, build_person_form())

    page = client.get(CHOICES)

    assert REFUSAL in read_page_text(page)
    assert "discount" not in read_page_text(page)


def test_hidden_ticket_of_a_code_of_others_is_not_offered(client: Client, event: Event):
    vip = make_ticket(event, slug="vip", name="Patrons", is_public=False)
    make_voucher(event, vip, code="VIP", kind="access", value=0, for_company="Other")
    client.post(REGISTER, build_person_form())

    page = client.post(CHOICES, {"code": "VIP", "apply": "1"})

    assert "Patrons" not in read_page_text(page)


def test_continuing_with_a_code_of_others_says_it_once(client: Client, event: Event):
    make_voucher(event, for_company="Other")
    client.post(REGISTER, build_person_form())

    page = client.post(CHOICES, {"choice-0-ticket": "guest", "code": "HALF"})

    assert page.context["code"].errors["code"] == [REFUSAL]
    assert not Order.objects.exists()


def test_code_for_another_ticket_says_the_way_out(client: Client, event: Event):
    make_voucher(event, make_ticket(event, slug="press", name="Press"))
    client.post(REGISTER, build_person_form())

    page = client.post(CHOICES, {"choice-0-ticket": "guest", "code": "HALF"})

    assert page.context["code"].errors["code"] == [
        "This code only applies to the ticket “Press”. Choose it, or continue without the code."
    ]


@pytest.mark.parametrize(("capacity", "is_shown"), [(1, True), (20, False)])
def test_uses_left_of_a_code_are_shown_only_if_there_are_too_few(
    client: Client, event: Event, capacity: int, is_shown: bool
):
    make_voucher(event, capacity=capacity)
    name_colleagues(client)

    page = client.post(CHOICES, {"code": "HALF", "apply": "1"}, follow=True)

    assert "The code HALF gives a 50% discount." in page.text
    assert ("It can be used for" in page.text) == is_shown
