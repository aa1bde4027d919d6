"""Filters of the organizers' list that links from other pages set, and the pages that link there."""

import pytest
from django.test import Client
from lxml import html

from registrations.models import RegistrationAddon, SessionBooking
from registrations.sessions.booking import book_session, leave_session
from tests.factories import make_addon, make_event, make_registration, make_session, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event(slug="x")


@pytest.fixture
def client(event) -> Client:
    client = Client()
    client.force_login(make_staff(event))
    return client


def load_main_text(client: Client, path: str) -> str:
    [main] = html.fromstring(client.get(path).content).xpath("//main")
    return " ".join(main.text_content().split())


def test_list_shows_who_booked_a_session(client, event):
    ticket = make_ticket(event)
    session = make_session(event, "Atelier", capacity=5, is_bookable=True)
    booked, released = (
        make_registration(ticket, first_name="Ana"),
        make_registration(ticket, first_name="Bea"),
    )
    make_registration(ticket, first_name="Cleo")
    for registration in (booked, released):
        book_session(registration=registration, session=session)
    leave_session(registration=released, session=session)

    text = load_main_text(client, f"/en/organize/x/registrations/?session={session.number}")

    assert SessionBooking.objects.count() == 2
    assert "1 registration" in text
    assert "Ana" in text
    assert "Booked session: Atelier" in text


@pytest.mark.parametrize("value", ["99", "x", "²", "9" * 40])
def test_unknown_session_matches_nobody(client, event, value):
    make_registration(make_ticket(event))

    text = load_main_text(client, f"/en/organize/x/registrations/?session={value}")

    assert "No attendee matches this search." in text


def test_list_shows_who_has_an_addon(client, event):
    ticket, dinner = make_ticket(event), make_addon(event)
    guest = make_registration(ticket, first_name="Ana")
    RegistrationAddon.objects.create(registration=guest, addon=dinner, price=4_500)
    make_registration(ticket, first_name="Bea")

    page = html.fromstring(client.get("/en/organize/x/registrations/?addon=dinner").content)

    assert page.xpath("//tbody//input[@name='selected']/@value") == [guest.reference]
    assert page.xpath("//select[@name='addon']/option[@selected]/text()") == ["Dinner"]


def test_event_without_addons_has_no_filter_for_them(client, event):
    page = html.fromstring(client.get("/en/organize/x/registrations/").content)

    assert page.xpath("//*[@name='addon']") == []


def test_list_shows_a_company_by_a_part_of_its_name(client, event):
    ticket = make_ticket(event)
    make_registration(ticket, first_name="Ana", company="Acme France")
    make_registration(ticket, first_name="Bea", company="Other")

    page = html.fromstring(client.get("/en/organize/x/registrations/?company=acme").content)

    assert page.xpath("//tbody//td[@data-label='Company']/a/text()") == ["Acme France"]
    assert page.xpath("//input[@id='company']/@value") == ["acme"]


@pytest.mark.parametrize("typed", ["électricité", "ÉLECTRICITÉ", "electricite", "Électricité de"])
def test_filter_by_company_ignores_capitals_and_accents(client, event, typed):
    ticket = make_ticket(event)
    make_registration(ticket, first_name="Ana", company="Électricité de l’Ouest")
    make_registration(ticket, first_name="Bea", company="Other")

    text = load_main_text(client, f"/en/organize/x/registrations/?company={typed}")

    assert "Ana" in text
    assert "Bea" not in text


def test_filter_by_company_without_letters_matches_nobody(client, event):
    make_registration(make_ticket(event), company="Acme")

    text = load_main_text(client, "/en/organize/x/registrations/?company=’")

    assert "No attendee matches this search." in text


def test_session_page_and_list_lead_to_those_who_booked(client, event):
    session = make_session(event, "Atelier", capacity=1, is_bookable=True)
    book_session(registration=make_registration(make_ticket(event)), session=session)
    make_session(event, "Plénière")

    for path in (f"/en/organize/x/schedule/{session.number}/", "/en/organize/x/schedule/?state=full"):
        page = html.fromstring(client.get(path).content)
        links = page.xpath("//a[contains(@href, '/registrations/?session=')]")
        assert [(link.get("href")[-1], link.text) for link in links] == [("1", "1 / 1")]


def test_nearly_full_sessions_are_listed(client, event):
    filling = make_session(event, "Atelier", capacity=5, is_bookable=True)
    make_session(event, "Plénière", capacity=5, is_bookable=True)
    ticket = make_ticket(event)
    for _number in range(4):
        book_session(registration=make_registration(ticket), session=filling)

    text = load_main_text(client, "/en/organize/x/schedule/?state=filling")

    assert "Atelier" in text
    assert "Plénière" not in text
