"""Forms that strangers tamper with or submit too often."""

import pytest
from django.core.cache import cache
from django.test import Client

from convention.audit.models import AuditEntry
from convention.text.countries import list_countries
from registrations.models import Order, Registration
from registrations.rate_limits import CORRECTIONS_PER_HOUR
from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = pytest.mark.django_db

REGISTER = "/events/congress/register/"


@pytest.fixture
def event():
    event = make_event(slug="congress")
    make_ticket(event)
    make_ticket(event, slug="staff", name="Equipe interne", audience="staff", is_public=False)
    return event


def test_a_hidden_ticket_is_neither_shown_nor_booked(client: Client, event):
    person = {"first_name": "A", "last_name": "B", "email": "a@example.org", "company": ""}
    people = {f"person-0-{name}": value for name, value in person.items()}
    client.post(REGISTER, {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "contact": "", **people})

    answer = client.post(f"{REGISTER}choices/", {"choice-0-ticket": "staff"})

    assert "Equipe interne" not in answer.content.decode()
    for answer in (client.get(f"{REGISTER}check/"), client.post(f"{REGISTER}check/", {"language": "fr"})):
        assert answer.status_code == 302
        assert answer["Location"] == f"{REGISTER}choices/"
    assert Order.objects.count() == 0


@pytest.mark.once
def test_corrections_are_rate_limited(client: Client, event, settings):
    settings.RATE_LIMITS = "on"
    cache.clear()
    registration = make_registration(event.tickets.get(slug="guest"))
    path = f"{registration.order.manage_path}{registration.reference}/correct/"

    answers = [
        client.post(path, {"first_name": "A", "last_name": f"B{number}", "email": ""}).status_code
        for number in range(CORRECTIONS_PER_HOUR + 1)
    ]

    assert answers == [302] * CORRECTIONS_PER_HOUR + [429]
    assert Registration.objects.get().last_name == f"B{CORRECTIONS_PER_HOUR - 1}"


def test_country_list_contains_only_countries():
    codes = [code for code, _name in list_countries()]

    assert codes[0] == "FR"
    assert {"BE", "CH", "GB", "US", "RE"} <= set(codes)
    assert not {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"} & set(codes)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_export_is_recorded_in_audit_trail(client: Client, event, kind):
    client.force_login(make_staff(event))

    assert client.get(f"/organize/congress/registrations.{kind}").status_code == 200
    entry = AuditEntry.objects.get(verb="registrations.export")
    assert entry.event == "congress"
    assert entry.fields == [kind]


@pytest.mark.parametrize("digits", ["9" * 5000, "²", "٣", "-1", "7"])
def test_invalid_number_removes_no_attendee(client: Client, event, digits):
    people = {f"person-{n}-first_name": name for n, name in enumerate(("Ana", "Bob"))}
    who = {"person-TOTAL_FORMS": "2", "person-INITIAL_FORMS": "0", "contact": "", **people}

    assert client.post(REGISTER, {**who, "remove": digits}).status_code in {200, 302}

    page = client.get(REGISTER).content.decode()

    assert "Ana" in page
    assert "Bob" in page
