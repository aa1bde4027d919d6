"""Pages of the directory ask about an address that looks mistyped, and accept it after a question."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html

from convention.club.models import CompanyContact, Person
from tests.factories import make_administrator, make_company, make_person
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
NEW = "/en/organize/club/people/new/"
MISTYPED, MEANT = "ana@gmial.com", "ana@gmail.com"
FIELDS = {"first_name": "Ana", "last_name": "Petit", "language": "en"}


@pytest.fixture
def client():
    return make_client(make_administrator())


def test_new_person_with_a_mistyped_address_is_not_added_yet(client):
    page = client.post(NEW, FIELDS | {"email": MISTYPED}).text

    assert f"Did you mean {MEANT}?" in page
    assert not Person.objects.filter(email=MISTYPED).exists()


def test_address_is_accepted_as_typed(client):
    client.post(NEW, FIELDS | {"email": MISTYPED, "accepts_address": "on"})

    assert Person.objects.filter(email=MISTYPED).exists()


def test_form_does_not_ask_about_a_usual_address(client):
    page = html.fromstring(client.post(NEW, {"email": MEANT}).text)

    assert page.xpath("//input[@name='accepts_address']") == []


def test_edit_page_asks_about_a_new_address(client):
    person = make_person(email=MEANT)

    answer = client.post(f"/en/organize/club/people/{person.pk}/edit/", FIELDS | {"email": MISTYPED})

    person.refresh_from_db()
    assert "Use this address as typed" in answer.text
    assert person.email == MEANT


def test_edit_page_does_not_ask_about_the_address_that_the_person_has(client):
    person = make_person(email=MISTYPED)

    client.post(f"/en/organize/club/people/{person.pk}/edit/", FIELDS | {"email": MISTYPED})

    person.refresh_from_db()
    assert person.last_name == "Petit"


def test_contact_is_appointed_once_the_address_is_accepted(client):
    company = make_company()
    path = f"/en/organize/club/companies/{company.slug}/"
    fields = {"email": MISTYPED, "first_name": "Ana", "last_name": "Petit", "starts_on": "2026-01-01"}

    question = client.post(path, fields).text
    client.post(path, fields | {"accepts_address": "on"})

    assert f"Did you mean {MEANT}?" in question
    assert CompanyContact.objects.get(company=company).person.email == MISTYPED


def read_preview(client, address):
    text = f"company,first_name,last_name,email\nRive,Ana,Petit,{address}\n"
    upload = SimpleUploadedFile("list.csv", text.encode())
    return client.post("/en/organize/club/import/", {"file": upload, "check": "1"}).text


def test_preview_of_a_list_names_mistyped_addresses(client):
    page = read_preview(client, MISTYPED)

    assert f"{MISTYPED}. Did you mean {MEANT}?" in page
    assert "The list is ready to import." in page


def test_preview_of_a_list_says_nothing_about_usual_addresses(client):
    page = read_preview(client, MEANT)

    assert "Addresses to check" not in page


def test_address_with_a_null_character_is_refused_with_a_sentence(client):
    page = client.post(NEW, FIELDS | {"email": "a\0@gmial.com"})

    assert page.status_code == 200
    assert not Person.objects.filter(last_name="Petit").exists()
