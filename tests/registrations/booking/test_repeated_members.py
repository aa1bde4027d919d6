"""One order with two addresses of the same member: the member gets one place of each ticket."""

import json

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from convention.api.tokens import create_token
from convention.club.models import Person
from registrations.booking.place_order import place_order
from registrations.models import Order, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_event, make_member, make_ticket
from tests.registrations.company.factories import make_desk, make_posted_rows, make_row

pytestmark = pytest.mark.django_db
MAIN, OTHER = "ana@firm.example", "ana@home.example"
SENTENCE = "This is another address of a member who has a place in this order already."


def make_member_with_two_addresses() -> Person:
    member = make_member(email=MAIN)
    EmailAddress.objects.create(user=member, email=OTHER, verified=True)
    return member


@pytest.fixture
def ticket() -> Ticket:
    return make_ticket(make_event(slug="congress"), slug="member", audience="member")


def test_signed_in_member_cannot_order_two_places_on_the_page(ticket, client: Client):
    client.force_login(make_member_with_two_addresses())
    form = "/en/events/congress/register/"
    people = {
        f"person-{number}-{name}": value
        for number, email in enumerate((MAIN, OTHER))
        for name, value in {"first_name": "Ana", "last_name": "Silva", "email": email}.items()
    }
    client.post(form, {"person-TOTAL_FORMS": "2", "person-INITIAL_FORMS": "0", "contact": "", **people})
    client.post(f"{form}choices/", {"choice-0-ticket": "member", "choice-1-ticket": "member"})

    page = client.post(f"{form}check/", {"language": "en"}, follow=True)

    assert SENTENCE in page.text
    assert not Order.objects.exists()


@pytest.mark.parametrize("path", ["orders/", "quotes/"])
def test_api_names_the_second_address(ticket, client: Client, path):
    member = make_member_with_two_addresses()
    _row, token = create_token(person_id=member.pk, name="x", scopes=["registrations:write"])
    places = [
        {"ticket": "member", "first_name": "Ana", "last_name": "Silva", "email": email}
        for email in (MAIN, OTHER)
    ]

    response = client.post(
        f"/api/v1/events/congress/{path}",
        json.dumps({"email": MAIN, "registrations": places}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )

    assert response.status_code == 422
    assert response.json()["errors"] == {"registrations.1.email": [SENTENCE]}
    assert not Order.objects.exists()


def test_contact_sees_the_error_at_the_second_row():
    desk = make_desk()
    EmailAddress.objects.create(user=desk.colleague, email=OTHER, verified=True)
    rows = make_posted_rows(
        make_row("Silva", str(desk.colleague.email), "member"), make_row("Silva", OTHER, "member"), check="1"
    )

    page = desk.client.post(f"/en{desk.many}", rows)

    assert page.context["rows"].errors[0] == {}
    assert page.context["rows"].errors[1]["email"] == [SENTENCE]
    assert not Order.objects.exists()


def test_guest_ticket_for_another_address_of_the_member_is_allowed(ticket):
    make_ticket(ticket.event)
    member = make_member_with_two_addresses()
    places = tuple(
        RequestedPlace(ticket=slug, first_name="Ana", last_name="Silva", email=email)
        for slug, email in (("member", MAIN), ("guest", OTHER))
    )

    order = place_order(
        event=ticket.event,
        request=OrderRequest(email=MAIN, places=places),
        context=OrderContext(person=member),
    )

    assert order.registrations.count() == 2
