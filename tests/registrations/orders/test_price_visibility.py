"""Who sees what a place cost: its buyer, not an attendee for whom somebody else paid."""

import pytest
from lxml import html

from registrations.models import RegistrationAddon
from registrations.permissions import make_own_secret
from tests.factories import (
    make_addon,
    make_event,
    make_order,
    make_registration,
    make_ticket,
    make_voucher,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration():
    """Return a place with a voucher and a dinner."""
    ticket = make_ticket(make_event(), price=12_000)
    order = make_order(ticket.event, total=10_500, payment="invoice", email="zoe@example.org", language="en")
    place = make_registration(
        ticket,
        order=order,
        price=6_000,
        voucher=make_voucher(ticket.event, code="BIENVENUE"),
        reductions=[{"reason": "code", "amount": 6_000}],
    )
    RegistrationAddon.objects.create(registration=place, addon=make_addon(ticket.event), price=4_500)
    return place


def read_place(client, registration, secret) -> str:
    """Return the text of the registration in the list of places."""
    answer = client.get(registration.order.build_path_with(secret))
    [place] = html.fromstring(answer.text).xpath("//ul[@class='listing']/li[@class='stack']")
    return " ".join(place.text_content().split())


def test_attendee_of_place_paid_by_another_reads_addons_without_price_or_code(client, registration):
    registration.order.email = "buyer@example.org"
    registration.order.save()

    text = read_place(client, registration, make_own_secret(registration))

    assert "Dinner" in text
    assert "€" not in text
    assert "BIENVENUE" not in text


def test_buyer_reads_price_and_code_of_anothers_place(client, registration):
    registration.order.email = "buyer@example.org"
    registration.order.save()

    text = read_place(client, registration, registration.order.manage_secret)

    assert "€60" in text
    assert "BIENVENUE" in text


def test_buyer_reads_price_by_the_link_of_the_own_place(client, registration):
    text = read_place(client, registration, make_own_secret(registration))

    assert "€60" in text


def test_attendee_who_cancels_a_place_paid_by_another_reads_no_amount(client, registration):
    registration.order.email = "buyer@example.org"
    registration.order.save()
    path = registration.order.build_path_with(make_own_secret(registration))

    before = client.get(f"{path}{registration.reference}/cancel/")
    client.post(f"{path}{registration.reference}/cancel/")
    after = client.get(path)

    assert before.status_code == 200
    assert [text for text in (before.text, after.text) if "€" in text] == []
