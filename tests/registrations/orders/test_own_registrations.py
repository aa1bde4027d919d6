"""The page of a signed-in person's registrations."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.club.models import Person
from registrations.models import Registration
from tests.factories import make_event, make_person, make_registration, make_session, make_ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> Person:
    return make_person()


def register(person: Person, *, days: int, **fields) -> Registration:
    """Register the person for an event in so many days."""
    starts_at = timezone.now() + datetime.timedelta(days=days)
    event = make_event(starts_at=starts_at, ends_at=starts_at + datetime.timedelta(hours=8))
    return make_registration(make_ticket(event), person=person, email=person.email, **fields)


def read_page(person: Person) -> str:
    client = Client()
    client.force_login(person)
    return client.get("/en/me/").text


def test_coming_event_links_to_badge_and_programme(person):
    registration = register(person, days=30)
    make_session(registration.event, starts_at=registration.event.starts_at)

    page = read_page(person)

    assert f"{registration.reference}/badge.pdf" in page
    assert f"/en/events/{registration.event.slug}/agenda/mine/" in page


def test_event_without_a_programme_has_no_link_to_one(person):
    register(person, days=30)

    assert "My programme" not in read_page(person)


def test_event_with_sessions_to_book_links_to_them(person):
    registration = register(person, days=30)
    make_session(registration.event, starts_at=registration.event.starts_at)
    make_session(registration.event, starts_at=registration.event.starts_at, is_bookable=True, capacity=5)

    assert f"/{registration.reference}/sessions/" in read_page(person)


@pytest.mark.parametrize("fields", [{}, {"is_bookable": True, "capacity": 5, "cancelled_at": timezone.now()}])
def test_event_without_sessions_to_book_has_no_link_to_them(person, fields):
    registration = register(person, days=30)
    make_session(registration.event, starts_at=registration.event.starts_at, **fields)

    assert f"/{registration.reference}/sessions/" not in read_page(person)


def test_cancelled_registration_has_no_badge(person):
    register(person, days=30, cancelled_at=timezone.now())

    assert "badge.pdf" not in read_page(person)


def test_past_event_links_to_its_certificates(person):
    registration = register(person, days=-30)

    page = read_page(person)

    assert f"{registration.reference}/certificates/" in page
    assert "badge.pdf" not in page


@pytest.mark.parametrize(("days", "is_open"), [(-3, True), (0, True), (-30, False), (30, False)])
def test_event_links_to_feedback_while_it_is_open(person, days, is_open):
    registration = register(person, days=days)

    page = read_page(person)

    assert (f"{registration.reference}/feedback/" in page) == is_open


def test_past_event_of_a_cancelled_registration_has_no_certificates(person):
    register(person, days=-30, cancelled_at=timezone.now())

    assert "/certificates/" not in read_page(person)


def test_buttons_of_a_registration_keep_the_gap_of_the_orders_page(person):
    register(person, days=30)

    page = html.fromstring(read_page(person))

    assert len(page.xpath("//li[@class='stack']/p[@class='actions']")) == 1
