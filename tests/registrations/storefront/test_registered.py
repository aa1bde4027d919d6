"""An attendee finds their registration on the event page and their badge code on it, and adds others."""

import pytest
from django.test import Client
from lxml import html

from badges.codes import BADGE_SYMBOL_PIXELS, build_badge_code
from convention.codes.qr import draw_svg_symbol
from registrations.permissions import make_own_secret
from tests.factories import make_event, make_member, make_order, make_registration, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def place():
    event = make_event(slug="congress", contact_email="club@example.org")
    order = make_order(
        event, email="buyer@example.org", company="Acme", billing_name="Achats", billing_city="Annecy"
    )
    return make_registration(make_ticket(event), order=order, email="ana@example.org")


def test_a_signed_in_attendee_reads_on_the_events_page_that_they_are_registered(place):
    known, stranger = Client(), Client()
    known.force_login(make_member(email="ana@example.org"))
    stranger.force_login(make_member(email="eve@example.org"))

    page = known.get("/events/congress/").text
    others = [visitor.get("/events/congress/").text for visitor in (stranger, Client())]

    assert "Vous participez" in page
    assert f"/orders/{place.order.reference}/{make_own_secret(place)}/" in page
    assert "Inscrire une autre personne" in page
    assert ["Vous participez" in other for other in others] == [False, False]


def test_the_registration_shows_the_badge_code_and_none_of_a_cancelled_place(client, place):
    cancelled = make_registration(
        place.ticket, order=place.order, first_name="Bob", cancelled_at=place.confirmed_at
    )

    answer = client.get(place.order.manage_path)
    [figure] = html.fromstring(answer.content).xpath("//figure[@role='img']")

    assert draw_svg_symbol(build_badge_code(place), size=BADGE_SYMBOL_PIXELS) in answer.text
    assert cancelled.name not in figure.get("aria-label")


def test_another_person_is_registered_with_the_buyers_details(client, place):
    answer = client.post(f"{place.order.manage_path}another/", follow=True)
    page = html.fromstring(answer.content)

    assert page.xpath("//input[@name='contact']/@value") == ["buyer@example.org"]
    assert page.xpath("//input[@name='person-0-company']/@value") == ["Acme"]
    assert page.xpath("//input[@name='person-0-first_name']/@value") == []


def test_what_was_typed_before_is_kept(client, place):
    typed = {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "person-0-first_name": "Zoé"}
    client.post("/events/congress/register/", typed)

    page = html.fromstring(client.post(f"{place.order.manage_path}another/", follow=True).content)
    own = client.post(f"/orders/{place.order.reference}/{make_own_secret(place)}/another/")

    assert page.xpath("//input[@name='person-0-first_name']/@value") == ["Zoé"]
    assert own.status_code == 404
