"""Test that a buyer for others gets every e-mail, and that no attendee sees the other attendees."""

import pytest
from django.test import Client

from registrations.booking.place_order import place_order
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.permissions import make_own_secret
from tests.buyer_verification import open_link
from tests.factories import make_event, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = pytest.mark.django_db

NAMES = ("Ana", "Bruno", "Chloé")


def find_names(text: str) -> list[str]:
    return [name for name in NAMES if name in text]


def test_assistant_gets_all_mails_and_attendee_link_shows_one_attendee(mail_receiver, run_tasks):
    event = make_event(slug="congress")
    make_ticket(event, price=12_000)
    places = tuple(
        RequestedPlace(
            ticket="guest", first_name=name, last_name="Silva", email=f"{name[0].lower()}@boss.example"
        )
        for name in NAMES
    )
    request = OrderRequest(email="assistant@acme.example", places=places, company="Acme")
    order = open_link(place_order(event=event, request=request))
    run_tasks()
    messages = mail_receiver.wait_for(1)
    assert [message["To"] for message in messages] == ["assistant@acme.example"]
    badges = [part for part in messages[0].walk() if part.get_content_type() == "application/pdf"]
    assert [find_names(pdf_text(badge.get_payload(decode=True))) for badge in badges] == [
        [name] for name in NAMES
    ]
    client = Client()
    assert find_names(client.get(order.manage_path).text) == list(NAMES)
    for registration in order.registrations.order_by("pk"):
        own = f"/orders/{order.reference}/{make_own_secret(registration)}/"
        page = client.get(own).text
        assert find_names(page) == [registration.first_name]
        assert [told for told in ("assistant@", order.manage_secret) if told in page] == []
        assert client.get(f"{own}pro-forma.pdf").status_code == 404
    assert find_names(client.get("/events/congress/").text) == []
