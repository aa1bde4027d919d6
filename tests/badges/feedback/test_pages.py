"""Test attendees' feedback pages: access by link, links from the programme, refusals with a message."""

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


def get_page(client: Client, path: str) -> str:
    return client.get(path, follow=True).content.decode()


def test_attendee_gives_feedback_once_through_registration_link(client, session, address):
    registration = make_attendee(session)
    secret = make_link(registration).removesuffix(f"{registration.reference}/feedback/")
    assert make_link(registration) in get_page(client, secret)

    page = get_page(client, f"/en{make_link(registration)}")
    assert escape(session.title) in page
    assert "You can give feedback until" in page
    form = get_page(client, address)
    assert "you can neither change nor withdraw it" in form
    refused = client.post(address, {"comment": "Très bien"})
    assert "Choose from 1 to 5 stars." in refused.content.decode()
    assert "Très bien" in refused.content.decode()
    assert not SessionFeedback.objects.exists()

    for stars in ("5", "1"):
        answered = client.post(address, {"stars": stars, "comment": "Très bien"}, follow=True)
        assert "We have received your feedback on “Sauvegardes”" in answered.content.decode()

    assert list(SessionFeedback.objects.values_list("stars", "comment")) == [(5, "Très bien")]
    assert "Feedback given" in get_page(client, f"/en{make_link(registration)}")


@pytest.mark.parametrize("data", [{"stars": "6"}, {"stars": "x"}, {"stars": "5", "comment": "x" * 2001}])
@pytest.mark.once
def test_invalid_feedback_is_refused_with_message(client, session, address, data):
    client.get(make_link(make_attendee(session)))

    page = client.post(address, data)

    assert page.status_code == 200
    assert 'class="error' in page.content.decode() or "errorlist" in page.content.decode()
    assert not SessionFeedback.objects.exists()


def test_refusal_of_attendee_without_scan_is_explained(client, session, address):
    stranger = client.get(address)
    client.get(make_link(make_registration(session.event)))
    absent = client.post(address, {"stars": "5"})

    assert stranger.status_code == 403
    assert absent.status_code == 403
    assert "On this device, open the link in the e-mail that contains your badge" in stranger.content.decode()
    assert "whose badge was scanned at this session" in absent.content.decode()
    assert not SessionFeedback.objects.exists()


def test_session_page_and_own_programme_link_to_feedback_for_attendees_only(session, address):
    """Show the link to the attendee only: the page that anonymous visitors get is cached."""
    attendee, stranger = Client(), Client()
    page = "/en" + session.get_absolute_url()
    programme = "/en" + reverse("own-agenda", args=[session.event.slug])
    attendee.get(make_link(make_attendee(session)))
    attendee.post(reverse("session-choose", args=[session.event.slug]), {"add": str(session.guid)})

    shown = [address in get_page(attendee, page), address in get_page(stranger, page)]
    led = [address in get_page(attendee, programme), address in get_page(stranger, programme)]

    assert shown == [True, False]
    assert led == [True, False]
    attendee.post(address, {"stars": "5"})
    assert address not in get_page(attendee, page)


def test_signed_in_attendee_needs_no_link(client, session, address):
    registration, person = make_attendee(session), make_person()
    Registration.objects.filter(pk=registration.pk).update(person=person)
    client.force_login(person)

    client.post(address, {"stars": "4"})

    assert SessionFeedback.objects.get().stars == 4


def test_buyer_cannot_give_feedback_for_attendee_and_replaced_link_is_invalid(client, session, address):
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
def test_query_count_of_list_does_not_grow_with_sessions(client, session, django_assert_num_queries):
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
def test_page_says_that_feedback_is_closed(client, session, address):
    client.get(make_link(make_attendee(session)))
    end_event(session.event, days_ago=20)

    page = get_page(client, "/en" + reverse("event-feedback", args=[session.event.slug]))

    assert "Feedback on this event is closed." in page
    assert client.get(address).status_code == 409


def test_cookie_with_control_character_is_ignored(client, session):
    cookie = rf'attendee-{session.event.pk}="\000.secret"'

    answer = client.get(f"/en/events/{session.event.slug}/feedback/", HTTP_COOKIE=cookie)

    assert "We do not yet know who you are" in answer.content.decode()
