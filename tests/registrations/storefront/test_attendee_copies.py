"""The box on the last screen with which a buyer has each attendee's badge sent to the attendee, too."""

import pytest
from django.test import Client

from registrations.models import Order
from tests.registrations.test_pages import BILLING, build_person_form, read_nonce

pytestmark = pytest.mark.django_db

REGISTER = "/en/events/congress/register/"
LABEL = "Send each person their own badge and personal link"


def enter_two_people(client: Client, *, second_address: str = "leo@example.org") -> None:
    people = build_person_form(
        **{
            "person-TOTAL_FORMS": "2",
            "person-1-first_name": "Léo",
            "person-1-last_name": "Roux",
            "person-1-email": second_address,
        }
    )
    client.post(REGISTER, people)
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest", "choice-1-ticket": "guest"})


@pytest.mark.usefixtures("event")
def test_box_is_offered_if_another_person_has_an_address_and_is_not_ticked(client: Client):
    enter_two_people(client)

    page = client.get(f"{REGISTER}check/")

    assert LABEL in page.text
    assert page.context["copies"]["notifies_attendees"].value() is False


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize("second_address", ["", "ZOE@example.org "])
def test_box_is_not_offered_if_all_addresses_are_the_buyers(client: Client, second_address):
    enter_two_people(client, second_address=second_address)

    page = client.get(f"{REGISTER}check/").text

    assert LABEL not in page


@pytest.mark.usefixtures("event")
def test_unfinished_screen_keeps_the_box(client: Client):
    enter_two_people(client)

    client.post(f"{REGISTER}check/", {"notifies_attendees": "on", "language": "en", "back": "register"})

    page = client.get(f"{REGISTER}check/")
    assert page.context["copies"]["notifies_attendees"].value() is True


@pytest.mark.usefixtures("event")
@pytest.mark.parametrize(("box", "expected"), [({"notifies_attendees": "on"}, True), ({}, False)])
def test_order_stores_the_choice(client: Client, box, expected):
    enter_two_people(client)
    nonce = read_nonce(client.get(f"{REGISTER}check/"))

    client.post(f"{REGISTER}check/", {**BILLING, "nonce": nonce, **box})

    assert Order.objects.get().notifies_attendees is expected


@pytest.mark.usefixtures("event")
def test_choice_is_dropped_with_the_last_other_address(client: Client):
    enter_two_people(client)
    client.post(f"{REGISTER}check/", {"notifies_attendees": "on", "language": "en", "back": "register"})
    enter_two_people(client, second_address="")
    nonce = read_nonce(client.get(f"{REGISTER}check/"))

    client.post(f"{REGISTER}check/", {**BILLING, "nonce": nonce, "notifies_attendees": "on"})

    assert Order.objects.get().notifies_attendees is False
