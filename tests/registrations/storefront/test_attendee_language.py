"""The language of the e-mails of each further attendee, on the first screen to register."""

import pytest
from django.test import Client

from registrations.models import Order
from tests.registrations.test_pages import BILLING, build_person_form, read_nonce

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("event")]

REGISTER = "/en/events/congress/register/"


def enter_two_people(client: Client, language: str):
    names = {"person-1-first_name": "Léo", "person-1-last_name": "Roux", "person-1-email": "leo@example.org"}
    people = build_person_form(
        **{"person-TOTAL_FORMS": "2", **names, "person-1-language": language, "person-0-language": "en"}
    )
    return client.post(REGISTER, people)


def test_language_is_stored_with_the_further_attendee(client: Client):
    enter_two_people(client, "en")
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest", "choice-1-ticket": "guest"})
    nonce = read_nonce(client.get(f"{REGISTER}check/"))

    client.post(f"{REGISTER}check/", {**BILLING, "nonce": nonce})

    registration = Order.objects.get().registrations.get(email="leo@example.org")
    assert registration.language == "en"
    assert registration.mail_language == "en"


def test_language_is_the_orders_by_default(client: Client):
    page = client.post(REGISTER, build_person_form(add="1"), follow=True).context["people"]

    assert page[1]["language"].value() in (None, "")
    assert "language" not in page[0].fields


def test_unknown_language_is_refused(client: Client):
    page = enter_two_people(client, "xx")

    assert list(page.context["people"][1].errors) == ["language"]
