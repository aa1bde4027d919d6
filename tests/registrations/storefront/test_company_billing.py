"""Billing details that a contact of one company finds filled in: public form and sponsors' packages."""

import pytest
from django.test import Client

from convention.club.models import Company, Person
from convention.events.models import Event
from tests.factories import make_company, make_contact, make_member
from tests.registrations.sponsors.factories import make_package
from tests.registrations.test_pages import build_person_form

pytestmark = pytest.mark.django_db
REGISTER = "/events/congress/register/"


@pytest.fixture
def company() -> Company:
    return make_company(
        name="Acme", street="1 rue de l’Invention", postcode="75001", city="Paris", siren="542051180"
    )


@pytest.fixture
def contact(client: Client, company: Company) -> Person:
    """Return the contact of the company, who is signed in."""
    person = make_contact(company, first_name="Cléo", last_name="Contact", email="cleo@acme.example")
    client.force_login(person)
    return person


def read_billing(client: Client, **typed: str) -> tuple[str, str]:
    """Return name and street that the review page shows before anything was typed there."""
    client.post(REGISTER, build_person_form(**typed))
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest"})
    form = client.get(f"{REGISTER}check/").context["billing"]
    return form["billing_name"].value(), form["billing_street"].value()


@pytest.mark.usefixtures("contact")
@pytest.mark.parametrize("typed", ["ACME", ""])
def test_contact_finds_the_address_of_the_company(client: Client, event: Event, typed):
    assert read_billing(client, **{"person-0-company": typed}) == ("Acme", "1 rue de l’Invention")


@pytest.mark.usefixtures("contact")
def test_another_company_keeps_its_name_without_an_address(client: Client, event: Event):
    assert read_billing(client, **{"person-0-company": "Globex"}) == ("Globex", None)


@pytest.mark.usefixtures("contact")
def test_what_was_typed_before_replaces_the_address_of_the_company(client: Client, event: Event):
    read_billing(client)
    client.post(f"{REGISTER}check/", {"billing_street": "2 quai"}, headers={"X-Draft": "1"})

    form = client.get(f"{REGISTER}check/").context["billing"]

    assert form["billing_street"].value() == "2 quai"


def test_contact_of_two_companies_chooses_by_typing(client: Client, event: Event, contact: Person):
    other = make_company()
    other.contacts.create(person=contact, starts_on=contact.employments.get().starts_on)

    assert read_billing(client) == ("Acme", None)


def test_member_who_is_no_contact_finds_no_address(client: Client, event: Event, company: Company):
    client.force_login(make_member(company))

    assert read_billing(client) == ("Acme", None)


@pytest.mark.usefixtures("contact")
def test_contact_finds_company_and_address_on_the_form_of_a_package(client: Client, event: Event):
    make_package(event)

    context = client.get("/events/congress/sponsors/gold/").context

    assert context["form"]["name"].value() == "Acme"
    assert context["form"]["contact"].value() == "Cléo Contact"
    assert context["form"]["email"].value() == "cleo@acme.example"
    assert context["billing"]["billing_street"].value() == "1 rue de l’Invention"
    assert context["billing"]["billing_tax_number"].value() == "542051180"


@pytest.mark.usefixtures("contact")
def test_contact_is_led_to_the_companys_page_to_register_colleagues(
    client: Client, event: Event, company: Company
):
    page = client.get(f"/en{REGISTER}").text

    assert "Are you registering colleagues of Acme?" in page
    assert f'href="/en/company/{company.slug}/register/{event.slug}/"' in page


def test_other_visitors_are_not_led_to_a_companys_page(client: Client, event: Event, company: Company):
    client.force_login(make_member(company))

    assert "Are you registering colleagues" not in client.get(f"/en{REGISTER}").text
