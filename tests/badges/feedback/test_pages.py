"""Pages of attendees: recognized by their own link, led from the programme, refused with a sentence."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from badges.feedback.models import SessionFeedback
from registrations.models import Registration
from tests.badges.attendance.factories import make_registration
from tests.badges.feedback.factories import (
    end_event,
    make_attended_session,
    make_attendee,
    make_link,
    scan_in,
)
from tests.factories import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return make_attended_session()


@pytest.fixture
def address(session):
    return "/en" + reverse("session-feedback", args=[session.event.slug, session.guid])


def read(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def test_an_attendee_answers_once_from_the_link_of_the_registration(client, session, address):
    registration = make_attendee(session)
    secret = make_link(registration).removesuffix(f"{registration.reference}/feedback/")
    assert make_link(registration) in read(client, secret)

    page = read(client, f"/en{make_link(registration)}")
    assert escape(session.title) in page
    assert "You can give feedback until" in page
    form = read(client, address)
    assert "you can neither change nor withdraw it" in form
    refused = client.post(address, {"comment": "Très bien"})
    assert "Choose from 1 to 5 stars." in refused.content.decode()
    assert "Très bien" in refused.content.decode()
    assert not SessionFeedback.objects.exists()

    for stars in ("5", "1"):
        answered = client.post(address, {"stars": stars, "comment": "Très bien"}, follow=True)
        assert "Your feedback on “Sauvegardes” was received" in answered.content.decode()

    assert list(SessionFeedback.objects.values_list("stars", "comment")) == [(5, "Très bien")]
    assert "Feedback given" in read(client, f"/en{make_link(registration)}")


@pytest.mark.parametrize("data", [{"stars": "6"}, {"stars": "x"}, {"stars": "5", "comment": "x" * 2001}])
@pytest.mark.once
def test_bad_answers_are_refused_with_a_sentence(client, session, address, data):
    client.get(make_link(make_attendee(session)))

    page = client.post(address, data)

    assert page.status_code == 200
    assert 'class="error' in page.content.decode() or "errorlist" in page.content.decode()
    assert not SessionFeedback.objects.exists()


def test_people_who_were_not_scanned_in_are_told_why(client, session, address):
    stranger = client.get(address)
    client.get(make_link(make_registration(session.event)))
    absent = client.post(address, {"stars": "5"})

    assert (stranger.status_code, absent.status_code) == (403, 403)
    assert "Open the link in the e-mail with your badge" in stranger.content.decode()
    assert "whose badge was scanned at this session" in absent.content.decode()
    assert not SessionFeedback.objects.exists()


def test_session_page_and_own_programme_lead_those_recognized_only(session, address):
    """The page that strangers share is cached: it must not contain what one attendee may do."""
    attendee, stranger = Client(), Client()
    page = "/en" + session.get_absolute_url()
    programme = "/en" + reverse("own-agenda", args=[session.event.slug])
    attendee.get(make_link(make_attendee(session)))
    attendee.post(reverse("session-choose", args=[session.event.slug]), {"add": str(session.guid)})

    shown = [address in read(attendee, page), address in read(stranger, page)]
    led = [address in read(attendee, programme), address in read(stranger, programme)]

    assert shown == [True, False]
    assert led == [True, False]
    attendee.post(address, {"stars": "5"})
    assert address not in read(attendee, page)


def test_a_signed_in_attendee_needs_no_link(client, session, address):
    registration, person = make_attendee(session), make_person()
    Registration.objects.filter(pk=registration.pk).update(person=person)
    client.force_login(person)

    client.post(address, {"stars": "4"})

    assert SessionFeedback.objects.get().stars == 4


def test_a_buyer_cannot_answer_for_colleagues_and_a_replaced_link_is_forgotten(client, session, address):
    registration = make_attendee(session)
    order = registration.order
    make_registration(session.event, email="chef@example.org")
    Registration.objects.exclude(pk=registration.pk).update(order=order)
    order.email = "chef@example.org"
    order.save()
    of_buyer = reverse("order-feedback", args=[order.reference, order.manage_secret, registration.reference])
    assert client.get(of_buyer).status_code == 403

    client.get(make_link(registration))
    assert client.get(address).status_code == 200
    Registration.objects.filter(pk=registration.pk).update(link_version=7)
    assert client.get(address).status_code == 403


@pytest.mark.once
def test_the_list_asks_the_database_as_often_for_many_sessions(client, session, django_assert_num_queries):
    registration = make_attendee(session)
    client.get(make_link(registration))
    path = reverse("event-feedback", args=[session.event.slug])
    with CaptureQueriesContext(connection) as few:
        client.get(path)

    for number in range(4):
        scan_in(make_attended_session(session.event, f"Atelier {number}"), registration)

    with django_assert_num_queries(len(few)):
        assert "Atelier 3" in client.get(path).content.decode()


@pytest.mark.once
def test_the_page_says_when_feedback_is_closed(client, session, address):
    client.get(make_link(make_attendee(session)))
    end_event(session.event, days_ago=20)

    page = read(client, "/en" + reverse("event-feedback", args=[session.event.slug]))

    assert "Feedback on this event is closed." in page
    assert client.get(address).status_code == 409


def test_a_cookie_with_a_control_character_recognizes_nobody(client, session):
    cookie = rf'attendee-{session.event.pk}="\000.secret"'

    answer = client.get(f"/en/events/{session.event.slug}/feedback/", HTTP_COOKIE=cookie)

    assert "We do not know yet who you are" in answer.content.decode()
