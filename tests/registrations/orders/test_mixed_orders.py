"""The buyer of places for guests and members reads which place waits for whom, on the page and by e-mail."""

import datetime

import pytest
from django.utils import timezone, translation

from badges.confirmations.send import send_order_mails
from convention.text.dates import format_deadline
from registrations.booking.verification import make_verification_token
from registrations.permissions import make_own_secret
from tests.factories import make_event, make_member, make_order, make_registration, make_ticket
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


@pytest.fixture
def members_order(mixed_order):
    """Return an order in which only the member's place is left to confirm, and her link was sent."""
    mixed_order.registrations.get(email="buyer@example.org").delete()
    mixed_order.registrations.update(member_verification_sent_at=timezone.now())
    return mixed_order


def resend(client, order, email="ann@example.org"):
    [place] = order.registrations.all()
    data = {"person": place.reference, "email": email}
    return client.post(f"{order.manage_path}confirm/", data, follow=True)


def test_headline_says_who_has_to_confirm_if_the_buyer_cannot(client, members_order):
    text = read_main_text(client.get(members_order.manage_path))

    assert "Waiting for Ann Lee to confirm" in text
    assert "There is nothing for you to open." in text


def test_headline_counts_the_members_who_have_to_confirm(client, members_order):
    place = members_order.registrations.get()
    until = place.hold_expires_at
    member = {"email": "bob@example.org", "confirmed_at": None, "hold_expires_at": until}
    make_registration(place.ticket, order=members_order, **member)

    text = read_main_text(client.get(members_order.manage_path))

    assert "Waiting for 2 attendees to confirm" in text


def test_member_behind_their_own_link_is_asked_to_look_at_their_inbox(client, members_order):
    path = members_order.build_path_with(make_own_secret(members_order.registrations.get()))

    text = read_main_text(client.get(path))

    assert "One more step: check your inbox" in text
    assert "There is nothing for you to open." not in text


def test_attendee_waits_for_the_buyer_who_has_to_confirm(client, mixed_order):
    mixed_order.needs_verification = True
    mixed_order.save()
    guest = mixed_order.registrations.get(email="buyer@example.org")
    until = timezone.now() + datetime.timedelta(hours=1)
    fields = {"email": "tom@example.org", "confirmed_at": None, "hold_expires_at": until}
    type(guest).objects.filter(pk=guest.pk).update(**fields)
    guest.refresh_from_db()

    text = read_main_text(client.get(mixed_order.build_path_with(make_own_secret(guest))))

    assert "Waiting for the buyer to confirm" in text


def test_buyer_sends_the_members_link_again(client, members_order, run_tasks, mailoutbox):
    make_member(email="ann@example.org")

    response = resend(client, members_order)
    run_tasks()

    [mail] = mailoutbox
    assert "We are sending the e-mail to ann@example.org." in response.text
    assert mail.to == ["ann@example.org"]
    assert "/orders/confirm/" in mail.body


def test_buyer_corrects_the_address_to_which_the_members_link_goes(
    client, members_order, run_tasks, mailoutbox
):
    resend(client, members_order, email="ann.lee@example.org")
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["ann.lee@example.org"]
    assert members_order.registrations.get().email == "ann.lee@example.org"


def test_corrected_address_gets_one_link_where_tasks_run_at_once(client, members_order, settings, mailoutbox):
    settings.TASKS = {"default": {"BACKEND": settings.TASK_BACKENDS["immediate"], "QUEUES": []}}

    resend(client, members_order, email="ann.lee@example.org")

    assert [mail.to for mail in mailoutbox] == [["ann.lee@example.org"]]


def test_link_to_the_former_address_confirms_nothing_after_the_correction(client, members_order):
    token = make_verification_token(members_order, "ann@example.org")
    resend(client, members_order, email="ann.lee@example.org")

    response = client.get(f"/en/orders/confirm/{token}/")

    assert response.status_code == 404


def test_address_of_a_member_who_has_confirmed_stays(client, members_order):
    members_order.registrations.update(confirmed_at=timezone.now())

    response = resend(client, members_order, email="ann.lee@example.org")

    assert response.status_code == 404
    assert members_order.registrations.get().email == "ann@example.org"


def test_attendees_own_link_sends_no_link_again(client, members_order):
    place = members_order.registrations.get()
    path = members_order.build_path_with(make_own_secret(place))

    response = client.post(f"{path}confirm/", {"person": place.reference, "email": "eve@example.org"})

    assert response.status_code == 404


def test_invalid_address_is_refused(client, members_order):
    response = resend(client, members_order, email="ann")

    assert "“ann” is not an e-mail address." in response.text
