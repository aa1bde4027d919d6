"""A person entered twice with the same address in one order is asked about once."""

import pytest
from django.test import Client

from tests.registrations.test_pages import build_person_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("event")]
REGISTER = "/en/events/congress/register/"


def build_pair(**second: str) -> dict[str, str]:
    """Return the form with Zoé Müller, and a second attendee who is the same unless `second` differs."""
    values = {"first_name": "Zoe", "last_name": "MÜLLER", "email": "ZOE@example.org", **second}
    first = {"first_name": "Zoé", "last_name": "Müller", "email": "zoe@example.org"}
    typed = {f"person-0-{name}": value for name, value in first.items()}
    typed |= {f"person-1-{name}": value for name, value in values.items()}
    return build_person_form(**typed, **{"person-TOTAL_FORMS": "2"})


def test_repeated_person_is_asked_about(client: Client):
    answer = client.post(REGISTER, build_pair())

    assert "is entered twice with the same e-mail address." in answer.text
    assert 'name="accept_repeated"' in answer.text


def test_confirmed_repetition_is_not_asked_about_again(client: Client):
    accepted = client.post(REGISTER, build_pair() | {"accept_repeated": "1"})
    again = client.post(REGISTER, build_pair())

    assert accepted["Location"] == f"{REGISTER}choices/"
    assert again["Location"] == f"{REGISTER}choices/"


@pytest.mark.parametrize("second", [{"first_name": "Bo"}, {"email": "zoe@example.net"}, {"email": ""}])
def test_other_person_is_not_asked_about(client: Client, second):
    assert client.post(REGISTER, build_pair(**second))["Location"] == f"{REGISTER}choices/"
