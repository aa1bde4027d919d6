"""A new attendee reads in the e-mail, and the buyer on the order's page, what is left to choose."""

import pytest
from lxml import html

from badges.confirmations.handover import write_holder_mail
from convention.mail.messages import render_mail_message
from registrations.changes.links import build_attendee_url
from registrations.changes.substitute import substitute_attendee
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from tests.factories import (
    make_event,
    make_order,
    make_question,
    make_registration,
    make_session,
    make_ticket,
)

pytestmark = pytest.mark.django_db


def make_given_place(**order_fields) -> Registration:
    """Give a place, with a question answered by its former attendee, to Ana Sol."""
    event = make_event()
    make_question(event, "diet", text_en="Diet")
    order = make_order(event, language="en", email="buyer@example.org", **order_fields)
    registration = make_registration(make_ticket(event), order=order, email="zoe@example.org")
    Registration.objects.update(answers={"diet": "vegan"})
    ana = RequestedPlace(ticket="", first_name="Ana", last_name="Sol", email="ana@example.net", language="en")
    return substitute_attendee(registration=registration, new_attendee=ana)


def write_holder_text(registration: Registration) -> str:
    text, _html = render_mail_message(write_holder_mail(registration, "key"))
    return text


def find_choice_paths(client, registration: Registration) -> list[str]:
    page = html.fromstring(client.get(registration.order.manage_path).text)
    links = page.xpath("//*[contains(@class, 'notice')][contains(., 'You can still choose:')]//a/@href")
    return [link.rstrip("/").rpartition("/")[2] for link in links]


def test_email_asks_the_new_attendee_for_answers():
    registration = make_given_place()

    body = write_holder_text(registration)

    page = f"{build_attendee_url(registration)}{registration.reference}/answers/"
    assert f"We do not have your answers yet (Diet). Please answer here:\n{page}\n" in body


def test_email_leads_the_new_attendee_to_sessions_to_book():
    registration = make_given_place()
    make_session(registration.event, "Atelier", capacity=9, is_bookable=True)

    body = write_holder_text(registration)

    page = f"{build_attendee_url(registration)}{registration.reference}/sessions/"
    assert f"Some sessions need booking. Book yours:\n{page}\n" in body


def test_email_asks_nothing_that_was_answered():
    registration = make_given_place()
    registration.answers = {"diet": "vegan"}

    body = write_holder_text(registration)

    assert "answers" not in body


def test_colleague_answers_after_checking_the_details():
    registration = make_given_place(source=Order.Source.COMPANY_CONTACT)

    body = write_holder_text(registration)

    assert "Please check your details" in body
    assert "We do not have your answers yet" not in body


def test_order_page_names_questions_of_the_new_attendee(client):
    registration = make_given_place()

    paths = find_choice_paths(client, registration)

    assert paths == ["answers"]


def test_order_page_asks_no_first_attendee_again(client):
    event = make_event()
    make_question(event, "diet")
    order = make_order(event, language="en", email="buyer@example.org")
    registration = make_registration(make_ticket(event), order=order, email="zoe@example.org")

    assert find_choice_paths(client, registration) == []
