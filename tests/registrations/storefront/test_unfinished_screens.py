"""Changing the language or going back from an unfinished screen of the registration keeps what was typed."""

import pytest
from django.test import Client
from lxml import html

from convention.events.models import Event
from tests.registrations.test_pages import build_person_form

pytestmark = pytest.mark.django_db
REGISTER = "/events/congress/register/"


@pytest.fixture
def chosen(client: Client, event: Event) -> None:
    """Fill the first two screens."""
    client.post(REGISTER, build_person_form())
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest"})


@pytest.mark.usefixtures("event")
def test_first_screen_keeps_names_in_other_language(client: Client):
    answer = client.post(
        REGISTER, build_person_form(**{"person-0-last_name": "Typed", "switch_language": "en"}), follow=True
    )

    assert answer.redirect_chain[-1][0] == f"/en{REGISTER}"
    assert 'value="Typed"' in answer.text


def test_language_is_remembered(client: Client, event: Event):
    answer = client.post(REGISTER, build_person_form(switch_language="en"))

    assert answer.cookies["django_language"].value == "en"


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize(
    ("button", "address"),
    [({"switch_language": "en"}, f"/en{REGISTER}choices/"), ({"back": "register"}, REGISTER)],
)
def test_second_screen_keeps_choices(client: Client, button, address):
    answer = client.post(
        f"{REGISTER}choices/", {"choice-0-ticket": "guest", "choice-0-no_photo": "on", **button}
    )

    page = client.get(f"{REGISTER}choices/").text
    assert answer["Location"] == address
    assert "checked" in page.partition("choice-0-no_photo")[2][:200]


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize(
    ("button", "address"),
    [
        ({"switch_language": "en"}, f"/en{REGISTER}check/"),
        ({"back": "register-choices"}, f"{REGISTER}choices/"),
    ],
)
def test_third_screen_keeps_billing_details_and_books_nothing(client: Client, event: Event, button, address):
    answer = client.post(f"{REGISTER}check/", {"billing_street": "2 quai", "language": "fr", **button})

    page = client.get(f"{REGISTER}check/").text
    assert answer["Location"] == address
    assert 'value="2 quai"' in page
    assert not event.orders.exists()


@pytest.mark.usefixtures("chosen")
def test_language_of_mails_follows_page(client: Client):
    answer = client.post(f"{REGISTER}check/", {"language": "fr", "switch_language": "en"}, follow=True)

    assert answer.context["language_form"]["language"].value() == "en"


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize("screen", ["", "choices/", "check/"])
def test_language_buttons_belong_to_form(client: Client, screen):
    page = client.get(f"{REGISTER}{screen}").text

    assert 'form="draft" name="switch_language" value="en"' in page


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize("screen", ["", "choices/", "check/"])
def test_enter_presses_button_that_continues(client: Client, screen):
    """Browsers press the first button of the form in the order of the page, also outside of it."""
    page = html.fromstring(client.get(f"{REGISTER}{screen}").text)

    first_button = page.xpath("//button[@form='draft'] | //form[@id='draft']//button")[0]

    assert first_button.get("name") is None


def test_unknown_button_leads_nowhere_else(client: Client, event: Event):
    answer = client.post(REGISTER, build_person_form(back="https://evil.example", switch_language="xx"))

    assert answer["Location"] == f"{REGISTER}choices/"
