"""The confirmation and the order's page say that sessions must be booked."""

import pytest
from lxml import html

from badges.confirmations.order_mails import write_confirmation_mail
from badges.confirmations.private_places import write_attendee_mail
from convention.mail.messages import MailMessage
from registrations.permissions import make_own_secret
from registrations.sessions.booking import book_session
from schedule.models import Session
from tests.factories import make_event, make_order, make_registration, make_session, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def attendee():
    event = make_event(slug="conf", name="La Conf")
    order = make_order(event, language="en", email="zoe@example.org")
    return make_registration(make_ticket(event), order=order, email="zoe@example.org")


@pytest.fixture
def workshop(attendee) -> Session:
    return make_session(attendee.event, "Atelier", capacity=9, is_bookable=True)


def get_sessions_address(message: MailMessage) -> str:
    return str(message.context["sessions_url"])


def list_order_page_links(client, attendee) -> list[str]:
    page = html.fromstring(client.get(attendee.order.manage_path).text)
    return page.xpath("//div[contains(@class, 'notice')]//a[starts-with(., 'Book sessions')]/@href")


def test_confirmation_leads_to_sessions_to_book(attendee, workshop):
    message = write_confirmation_mail(attendee.order, [attendee], "key")

    assert get_sessions_address(message) == f"{attendee.order.manage_url}{attendee.reference}/sessions/"


def test_confirmation_of_several_leads_to_the_order(attendee, workshop):
    colleague = make_registration(attendee.ticket, order=attendee.order)

    message = write_confirmation_mail(attendee.order, [attendee, colleague], "key")

    assert get_sessions_address(message) == attendee.order.manage_url


def test_attendees_own_confirmation_leads_to_their_sessions(attendee, workshop):
    message = write_attendee_mail(attendee.order, [attendee], "key")

    path = f"{make_own_secret(attendee)}/{attendee.reference}/sessions/"
    assert get_sessions_address(message).endswith(path)


@pytest.mark.parametrize("fields", [{"is_bookable": False}, {"is_for_members": True}])
def test_confirmation_names_no_sessions_that_the_attendee_cannot_book(attendee, workshop, fields):
    Session.objects.update(**fields)

    message = write_confirmation_mail(attendee.order, [attendee], "key")

    assert get_sessions_address(message) == ""


def test_order_page_offers_sessions_until_one_is_booked(client, attendee, workshop):
    before = list_order_page_links(client, attendee)
    book_session(registration=attendee, session=workshop)

    after = list_order_page_links(client, attendee)

    assert before == [f"{attendee.order.manage_path}{attendee.reference}/sessions/"]
    assert after == []
