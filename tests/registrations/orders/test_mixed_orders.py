"""The buyer of places for guests and members reads which place waits for whom, on the page and by e-mail."""

import datetime

import pytest
from django.utils import timezone, translation

from badges.confirmations.send import send_order_mails
from convention.text.dates import format_deadline
from tests.factories import make_event, make_order, make_registration, make_ticket
from tests.registrations.orders.test_order_page import read_main_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def mixed_order():
    """Return a buyer's order with a confirmed guest, and a member who still has to confirm."""
    event = make_event()
    member_ticket = make_ticket(event, slug="member", audience="member")
    order = make_order(event, email="buyer@example.org", language="en")
    guest = {"first_name": "Tom", "last_name": "Bo", "email": "buyer@example.org"}
    make_registration(make_ticket(event), order=order, **guest)
    member = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.org"}
    until = timezone.now() + datetime.timedelta(hours=1)
    make_registration(member_ticket, order=order, confirmed_at=None, hold_expires_at=until, **member)
    return order


def test_headline_names_the_member_who_still_has_to_confirm(client, mixed_order):
    text = read_main_text(client.get(mixed_order.manage_path))

    assert "1 confirmed, 1 waiting for Ann Lee" in text
    assert "One more step: check your inbox" not in text


def test_headline_asks_the_buyer_to_confirm_their_own_place(client, mixed_order):
    mixed_order.registrations.filter(email="ann@example.org").update(email="buyer@example.org")

    text = read_main_text(client.get(mixed_order.manage_path))

    assert "One more step: check your inbox" in text


def test_confirmation_names_the_place_that_a_member_has_to_confirm(mixed_order, mailoutbox):
    send_order_mails.func(mixed_order.pk)

    [mail] = [mail for mail in mailoutbox if mail.to == ["buyer@example.org"]]
    text = " ".join(mail.body.replace("\u200b", "").split())
    until = mixed_order.registrations.get(email="ann@example.org").hold_expires_at
    with translation.override("en"):
        deadline = " ".join(format_deadline(until, mixed_order.event.zone).split())
    assert "Ann Lee’s place is not confirmed yet. We have sent an e-mail to ann@example.org" in text
    assert f"We are holding it until {deadline}." in text
