"""The page that asks again for the password before a sensitive action."""

import pytest
from django.test import Client
from django.urls import reverse

from convention.events.models import EventRole
from tests.factories import make_event, make_person, make_staff

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


@pytest.fixture
def organizer(settings) -> Client:
    """Return the client of an organizer whose sign-in is too old for sensitive actions."""
    person = make_staff(make_event(slug="summit"))
    person.set_password(PASSWORD)
    person.save()
    client = Client()
    client.force_login(person)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    return client


def test_sent_form_waits_for_the_password(organizer, settings):
    eva = make_person(email="eva@example.org")
    values = {"email": "eva@example.org", "role": "desk", "starts_on": "2026-01-01"}

    page = organizer.post("/en/organize/summit/people/", values, follow=True)
    address, _status = page.redirect_chain[-1]
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    organizer.post(address, {"password": PASSWORD})

    assert "Enter your password to continue. What you entered is kept." in page.text
    assert EventRole.objects.filter(person=eva, role="desk").exists()


def test_opened_page_keeps_nothing(organizer):
    with_next = {"next": reverse("security")}

    page = organizer.get("/en/accounts/reauthenticate/", with_next)

    assert "Enter your password to continue." in page.text
    assert "What you entered is kept." not in page.text
