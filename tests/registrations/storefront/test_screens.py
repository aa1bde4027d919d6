"""Event page, registration screens and order page, as visitors and members see them."""

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from lxml import html

from convention.events.models import Event
from convention.text.countries import list_countries
from registrations.changes.cancel import cancel_registration
from registrations.models import RegistrationDraft
from registrations.storefront.forms import PersonForm
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_order,
    make_person,
    make_registration,
    make_session,
    make_ticket,
)
from tests.registrations.test_pages import BILLING, build_person_form, open_review_screen, read_page_text

pytestmark = pytest.mark.django_db


def test_event_page_links_to_programme_once_it_has_sessions(client: Client, event: Event):
    assert "Voir le programme" not in read_page_text(client.get("/events/congress/"))

    make_session(event)

    assert "Voir le programme" in read_page_text(client.get("/events/congress/"))


def test_event_page_shows_start_and_end_of_event(client: Client, event: Event):
    event.starts_at = datetime.datetime(2099, 6, 16, 6, 30, tzinfo=datetime.UTC)
    event.ends_at = datetime.datetime(2099, 6, 17, 15, 0, tzinfo=datetime.UTC)
    event.save()

    french, english = (
        read_page_text(client.get("/events/congress/")),
        read_page_text(client.get("/en/events/congress/")),
    )

    assert "du mardi 16 juin à 8 h 30 au mercredi 17 juin 2099 à 17 h" in french
    assert "Tuesday 16 June, 8:30 – Wednesday 17 June 2099, 17:00" in english


def test_attendees_are_added_and_removed_without_javascript(client: Client, event: Event):
    client.post("/events/congress/register/", build_person_form(add="1"))
    page = client.get("/events/congress/register/").content.decode()

    assert "person-1-first_name" in page
    assert "person-2-first_name" not in page

    client.post("/events/congress/register/", build_person_form(**{"person-TOTAL_FORMS": "2", "remove": "0"}))

    assert "person-1-first_name" not in client.get("/events/congress/register/").content.decode()


def test_address_of_further_attendees_says_what_is_sent_to_it():
    with translation.override("en"):
        hints = [str(PersonForm(prefix=prefix)["email"].help_text) for prefix in ("person-0", "person-1")]

    assert hints[0] == ""
    assert "The confirmation and badge go to the buyer" in hints[1]


def test_errors_name_the_attendee_they_belong_to(client: Client, event: Event):
    one = client.post("/events/congress/register/", build_person_form(**{"person-0-last_name": ""}))
    two = client.post(
        "/events/congress/register/",
        build_person_form(
            **{"person-TOTAL_FORMS": "2", "person-1-first_name": "Léo", "person-1-last_name": ""}
        ),
    )

    assert [list_errors(one), list_errors(two)] == [
        ["Nom : Indiquez le nom."],
        ["Participant 2, Nom : Indiquez le nom."],
    ]


def list_errors(response) -> list[str]:
    """Return the errors above the form, without no-break spaces."""
    links = html.fromstring(response.text).xpath("//*[@id='error-summary']//li")
    return [link.text_content().replace("\u202f", " ").replace("\xa0", " ") for link in links]


def test_first_button_of_attendee_form_continues(client: Client, event: Event):
    """Pressing Enter in a field submits the form with its first button."""
    client.post("/events/congress/register/", build_person_form(add="1"))
    page = client.get("/events/congress/register/").content.decode()

    buttons = re.findall(r"<button([^>]*)>", page[page.index("data-draft=") :])

    assert [re.findall(r'name="(\w+)"', button) for button in buttons] == [
        [], ["remove"], ["remove"], ["add"], [],
    ]  # fmt: skip


def test_first_button_of_later_screens_continues(client: Client, event: Event):
    client.post("/events/congress/register/", build_person_form())
    choices = client.get("/events/congress/register/choices/")
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    check = client.get("/events/congress/register/check/")

    pages = [html.fromstring(page.text) for page in (choices, check)]
    buttons = [page.xpath("//form[@data-draft]//button")[0] for page in pages]

    assert [button.get("name") for button in buttons] == [None, None]
    assert [button.text_content().replace("\xa0", " ") for button in buttons] == [
        "Vérifier la commande", "S’inscrire pour 120 €",
    ]  # fmt: skip


def test_a_members_ticket_is_not_preselected_when_the_others_are_sold_out(client: Client, event: Event):
    make_ticket(event, slug="member", audience="member")
    event.tickets.filter(slug="guest").update(capacity=1, reserved=1)
    client.post("/events/congress/register/", build_person_form())

    choices = html.fromstring(client.get("/events/congress/register/choices/").text)
    event.tickets.filter(slug="guest").delete()
    only_members = html.fromstring(client.get("/events/congress/register/choices/").text)

    chosen = "//input[@name='choice-0-ticket'][@checked]/@value"
    assert choices.xpath(chosen) == []
    assert only_members.xpath(chosen) == ["member"]


def test_email_field_has_email_attributes(client: Client, event: Event):
    page = client.get("/events/congress/register/").content.decode()
    [field] = re.findall(r'<input[^>]*name="person-0-email"[^>]*>', page)

    assert re.findall(r'(type|inputmode|autocomplete)="(\w+)"', field) == [
        ("type", "email"), ("inputmode", "email"), ("autocomplete", "email"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "some"),
    [
        ("fr", ["France", "Bénin", "Burundi", "Égypte", "Émirats arabes unis", "Îles Åland", "Irlande"]),
        ("en", ["France", "Åland Islands", "Albania", "Côte d’Ivoire", "Croatia", "Réunion", "Romania"]),
    ],
)
def test_countries_are_sorted_in_each_language(language: str, some: list[str]):
    with translation.override(language):
        found = list_countries()

    assert [name for _code, name in found if name in some] == some
    assert len(found) == 249
    assert {"AC", "CP", "DG", "EA", "IC", "XK"} & {code for code, _name in found} == set()


def test_refused_order_keeps_the_billing_address(client: Client, event: Event):
    nonce = open_review_screen(client)
    event.tickets.update(capacity=1, reserved=1)

    refused = client.post(
        "/events/congress/register/check/", {**BILLING, "nonce": nonce, "payment": "invoice"}
    )
    event.tickets.update(reserved=0)
    page = client.get("/events/congress/register/check/")

    assert refused.url == "/events/congress/register/choices/"
    assert 'value="1 rue X"' in page.text


def test_booked_order_leaves_no_draft(client: Client, event: Event):
    nonce = open_review_screen(client)

    with CaptureQueriesContext(connection) as queries:
        client.post("/events/congress/register/check/", {**BILLING, "nonce": nonce, "payment": "invoice"})

    assert not RegistrationDraft.objects.exists()
    assert not [
        query for query in queries if query["sql"].startswith('UPDATE "registrations_registrationdraft"')
    ]


def test_each_missing_billing_field_has_its_error(client: Client, event: Event):
    nonce = open_review_screen(client)
    nothing = dict.fromkeys(BILLING, "")

    page = client.post("/events/congress/register/check/", {**nothing, "nonce": nonce})

    assert [error for form in (page.context["billing"], page.context["language_form"])
            for errors in form.errors.values() for error in errors] == [
        "Indiquez le nom à faire figurer sur la facture.",
        "Indiquez le numéro et la rue de l’adresse de facturation.",
        "Indiquez le code postal.",
        "Indiquez la ville.",
        "Choisissez le pays.",
        "Choisissez la langue des e-mails.",
    ]  # fmt: skip


def test_form_is_prefilled_for_signed_in_member(client: Client, event: Event):
    client.force_login(make_member(first_name="Ana", last_name="Silva", email="ana@example.org"))
    page = client.get("/events/congress/register/")

    [form] = page.context["people"].forms
    assert [form[name].value() for name in ("first_name", "last_name", "email")] == [
        "Ana", "Silva", "ana@example.org",
    ]  # fmt: skip


def test_member_account_page_lists_events_open_to_members(client: Client, event: Event):
    visit = make_event(name="Visite du port", visibility="members")
    ticket = make_ticket(visit, audience="member")
    make_event(name="Visite close", visibility="members", registration_closes_at=timezone.now())

    client.force_login(make_person())

    assert "Événements ouverts aux adhérents" not in read_page_text(client.get("/me/"))

    member = make_member()
    client.force_login(member)

    page = read_page_text(client.get("/me/"))

    assert "Vous n’êtes inscrit à aucun événement à venir" in page
    assert "Événements ouverts aux adhérents Visite du port" in page
    assert "Inscriptions ouvertes La Convention" in page
    assert "Visite close" not in page

    make_registration(ticket, person=member)
    make_registration(event.tickets.get(), person=member)

    registered = read_page_text(client.get("/me/"))

    assert "Événements ouverts aux adhérents" not in registered
    assert "Inscriptions ouvertes" not in registered


def test_cancelled_order_page_offers_to_register_again(client: Client, event: Event):
    order = make_order(event, total=12_000, payment="invoice")
    one = make_registration(event.tickets.get(), order=order, price=12_000)

    page = read_page_text(client.get(order.manage_path))

    assert "Ajouter à mon agenda" in page
    assert "Montant dû" in page
    assert "Se réinscrire" not in page

    cancel_registration(registration=one)
    page = read_page_text(client.get(order.manage_path))

    assert "Ajouter à mon agenda" not in page
    assert "Montant dû" not in page
    assert "Se réinscrire" in page
    assert "La place est de nouveau disponible" in page

    Event.objects.update(registration_closes_at=timezone.now())

    assert "Se réinscrire" not in read_page_text(client.get(order.manage_path))


def test_order_page_without_email_does_not_promise_mail(client: Client, event: Event):
    order = make_order(event, email="")
    make_registration(event.tickets.get(), order=order, email="")

    page = read_page_text(client.get(order.manage_path))

    assert "La confirmation est envoyée" not in page
    assert "Présentez le badge" in page


def test_order_page_says_nothing_of_the_entrance_after_the_event(client: Client):
    ended = timezone.now() - datetime.timedelta(days=1)
    event = make_event(starts_at=ended - datetime.timedelta(days=1), ends_at=ended)
    order = make_order(event, email="")
    make_registration(make_ticket(event), order=order, email="")

    page = read_page_text(client.get(order.manage_path))

    assert "Inscription confirmée" in page
    assert "Présentez le badge" not in page


@pytest.mark.once
def test_company_is_prefilled_from_employer_of_signed_in_member(client: Client, event: Event):
    member = make_member(make_company(name="Caves de Savoie"))
    client.force_login(member)
    page = html.fromstring(client.get("/events/congress/register/").content)

    [company] = page.xpath("//input[@name='person-0-company']/@value")

    assert company == "Caves de Savoie"
