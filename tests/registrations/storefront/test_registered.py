"""Registered attendees: their registration on the event page, their badge code, and further orders."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from badges.codes import BADGE_SYMBOL_PIXELS, build_badge_code
from convention.club.models import Membership, Person
from convention.codes.qr import draw_svg_symbol
from registrations.models import Order
from registrations.permissions import make_own_secret
from tests.factories import (
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_ticket,
    verify_address,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def place():
    event = make_event(slug="congress", contact_email="club@example.org")
    order = make_order(
        event, email="buyer@example.org", company="Acme", billing_name="Achats", billing_city="Annecy"
    )
    return make_registration(make_ticket(event), order=order, email="ana@example.org")


def test_event_page_shows_signed_in_attendee_as_registered(place):
    known, stranger = Client(), Client()
    known.force_login(make_member(email="ana@example.org"))
    stranger.force_login(make_member(email="eve@example.org"))

    page = known.get("/events/congress/").text
    others = [visitor.get("/events/congress/").text for visitor in (stranger, Client())]

    assert "Vous participez" in page
    assert f"/orders/{place.order.reference}/{make_own_secret(place)}/" in page
    assert "Inscrire une autre personne" in page
    assert ["Vous participez" in other for other in others] == [False, False]


def test_signed_in_member_is_not_told_to_confirm_by_a_mailed_link(place):
    make_ticket(place.event, slug="member", audience="member")
    member, guest, attendee = Client(), Client(), Client()
    member.force_login(make_member(email="eve@example.org"))
    attendee.force_login(make_person(email="ana@example.org"))

    pages, choices = [], []
    for visitor in (member, guest, attendee):
        pages.append(visitor.get("/events/congress/").text)
        visitor.post("/events/congress/register/", {
            "person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "contact": "",
            "person-0-first_name": "Eve", "person-0-last_name": "Roi", "person-0-email": "eve@example.org",
        })  # fmt: skip
        choices.append(visitor.get("/events/congress/register/choices/").text)

    assert ["avec le lien que nous lui envoyons" in page for page in pages] == [False, True, False]
    assert ["confirmation par un lien" in page for page in choices] == [False, True, True]
    assert "pour les adhérents" in choices[0]


def test_order_page_shows_no_badge_code_for_cancelled_registration(client, place):
    cancelled = make_registration(
        place.ticket, order=place.order, first_name="Bob", cancelled_at=place.confirmed_at
    )

    answer = client.get(place.order.manage_path)
    [figure] = html.fromstring(answer.content).xpath("//figure[@role='img']")

    assert draw_svg_symbol(build_badge_code(place), size=BADGE_SYMBOL_PIXELS) in answer.text
    assert cancelled.name not in figure.get("aria-label")


def test_registering_another_person_prefills_buyer_details(client, place):
    answer = client.post(f"{place.order.manage_path}another/", follow=True)
    page = html.fromstring(answer.content)

    assert page.xpath("//input[@name='contact']/@value") == ["buyer@example.org"]
    assert page.xpath("//input[@name='person-0-company']/@value") == ["Acme"]
    assert page.xpath("//input[@name='person-0-first_name']/@value") == []


def test_form_announces_separate_order_from_page_of_order(client, place):
    first = client.get("/events/congress/register/").text
    another = client.post(f"{place.order.manage_path}another/", follow=True).text

    assert "commande distincte" not in first
    assert "commande distincte" in another


def test_form_does_not_prefill_signed_in_person_who_is_registered(client, place):
    known, other = make_member(email="ana@example.org"), make_member(email="eve@example.org")
    pages = {}
    for person in (known, other):
        client = Client()
        client.force_login(person)
        pages[person] = html.fromstring(client.get("/events/congress/register/").content)

    registered = pages[known]
    assert registered.xpath("//input[@name='person-0-first_name']/@value") == []
    assert registered.xpath("//input[@name='person-0-email']/@value") == []
    assert registered.xpath("//input[@name='person-0-company']/@value") != []
    assert registered.xpath("//input[@name='contact']/@value") == ["ana@example.org"]
    assert "commande distincte" in registered.text_content()
    assert pages[other].xpath("//input[@name='person-0-email']/@value") == ["eve@example.org"]
    assert "commande distincte" not in pages[other].text_content()


def test_registering_another_person_keeps_existing_draft(client, place):
    typed = {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "person-0-first_name": "Zoé"}
    client.post("/events/congress/register/", typed)

    page = html.fromstring(client.post(f"{place.order.manage_path}another/", follow=True).content)
    own = client.post(f"/orders/{place.order.reference}/{make_own_secret(place)}/another/")

    assert page.xpath("//input[@name='person-0-first_name']/@value") == ["Zoé"]
    assert own.status_code == 404


def register_another(client: Client, order: Order, **person: str) -> Order:
    """Go through the three screens that begin on the order's page, and return the new order."""
    page = client.post(f"{order.manage_path}another/", follow=True)
    [first] = [form for form in html.fromstring(page.content).forms if "person-0-email" in form.fields]
    fields = {**dict(first.form_values()), **{f"person-0-{name}": value for name, value in person.items()}}
    client.post("/events/congress/register/", fields)
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    review = html.fromstring(client.get("/events/congress/register/check/").content)
    [last] = [form for form in review.forms if "nonce" in form.fields]
    client.post("/events/congress/register/check/", dict(last.form_values()))
    return Order.objects.exclude(pk=order.pk).latest("pk")


def test_order_page_shows_orders_started_from_it(client, place):
    first = place.order
    stranger = make_order(place.event, email=first.email)

    second = register_another(client, first, first_name="Léa", last_name="Durand")
    third = register_another(client, first, first_name="Ugo", last_name="Petit")
    pages = {
        order.reference: client.get(order.manage_path).text for order in (first, second, third, stranger)
    }
    attendee = client.get(f"/orders/{first.reference}/{make_own_secret(place)}/").text
    first_path = first.manage_path
    first.raise_all_link_versions()
    first.save()
    replaced = client.get(second.manage_path).text

    assert second.email == first.email
    assert "Léa Durand" in pages[first.reference]
    # Anyone with the link of the first order could otherwise cancel the second.
    assert second.manage_path not in pages[first.reference]
    assert "Ugo Petit" in pages[second.reference]
    assert third.manage_path not in pages[second.reference]
    assert first_path in pages[second.reference]
    assert stranger.reference not in pages[first.reference]
    assert "Vos autres commandes" not in pages[stranger.reference]
    assert "Vos autres commandes" not in attendee
    assert "Vos autres commandes" not in replaced


def test_buyer_with_verified_address_sees_all_their_orders(client, place):
    other = make_registration(place.ticket, order=make_order(place.event, email="Buyer@example.org")).order

    client.force_login(make_person(email="buyer@example.org"))
    unproven = client.get(place.order.manage_path).text
    client.force_login(verify_address(Person.objects.get(email="buyer@example.org")))
    proven = client.get(place.order.manage_path).text

    assert other.reference not in unproven
    assert other.manage_path in proven


def test_event_page_mentions_passes_to_visitors_whose_company_has_some(client):
    event = make_event(slug="congress")
    make_ticket(event, uses_pass=True, price=9_000)
    entitled, without_passes = make_member(), make_member()
    Membership.objects.filter(given_seats__person=entitled).update(passes=2)
    pages = {}
    for person in (entitled, without_passes):
        client.force_login(person)
        pages[person] = client.get("/events/congress/").text

    sentence = "tant que l’entreprise a encore des pass d’adhésion"
    assert sentence in pages[entitled]
    assert sentence not in pages[without_passes]
    assert sentence not in Client().get("/events/congress/").text


def test_home_page_links_to_registrations_of_signed_in_attendee(client, place):
    later = make_event(slug="dinner", starts_at="2031-01-01T18:00Z", ends_at="2031-01-01T23:00Z")
    held = {"confirmed_at": None, "hold_expires_at": timezone.now() + datetime.timedelta(hours=1)}
    dinner = make_registration(make_ticket(later), email="ana@example.org", **held)
    client.force_login(make_member(email="ana@example.org"))

    page = html.fromstring(client.get("/").content)
    public = Client().get("/").text

    [hero] = page.xpath("//article")
    [row] = page.xpath("//ul[@class='listing']/li")
    assert "Vous participez" in hero.text_content()
    assert f"/orders/{place.order.reference}/{make_own_secret(place)}/" in hero.xpath(".//a/@href")
    assert "/events/congress/register/" not in hero.xpath(".//a/@href")
    assert "Votre inscription n’est pas encore confirmée" in row.text_content()
    assert f"/orders/{dinner.order.reference}/{make_own_secret(dinner)}/" in row.xpath(".//a/@href")
    assert "Vous participez" not in public


def test_home_page_finds_own_registrations_with_one_query(client, place, django_assert_num_queries):
    client.force_login(make_member(email="ana@example.org"))
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/")

    later = make_event(slug="dinner", starts_at="2031-01-01T18:00Z", ends_at="2031-01-01T23:00Z")
    make_registration(make_ticket(later), email="ana@example.org")

    own = [query for query in captured.captured_queries if "registrations_registration" in query["sql"]]
    assert len(own) == 1
    with django_assert_num_queries(len(captured)):
        client.get("/")


def test_page_of_a_past_event_lists_no_tickets(client):
    now = timezone.now()
    day = datetime.timedelta(days=1)
    event = make_event(slug="congress", starts_at=now - 2 * day, ends_at=now - day)
    make_ticket(event, name_en="Early bird")

    [main] = html.fromstring(client.get("/en/events/congress/").text).xpath("//main")
    page = main.text_content()

    assert "The event is over." in page
    assert "Early bird" not in page
    assert "Registration closes" not in page
