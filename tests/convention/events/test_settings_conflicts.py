"""Two organizers who edit an event's settings at the same time keep each other's changes."""

import datetime
import json

import pytest
from django.test import Client

from convention.audit.models import AuditEntry
from convention.events.models import Event
from convention.web.edit_conflicts import compute_fingerprints, parse_seen_fingerprints
from tests.factories import make_event, make_staff
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PATH = "/en/organize/x/settings/"


@pytest.fixture
def event() -> Event:
    return make_event(slug="x", name="Rencontre", contact_email="old@example.org")


@pytest.fixture
def organizer(event) -> Client:
    return make_client(make_staff(event))


def load_form(client: Client) -> dict[str, str]:
    """Return the values of the page's form as a browser would send them."""
    context = client.get(PATH).context
    values = {field.html_name: field.value() or "" for field in context["form"]}
    for name, value in values.items():
        if isinstance(value, datetime.datetime):
            values[name] = f"{value:%Y-%m-%dT%H:%M}"
    return values | {"seen": context["seen_fingerprints"]}


def test_changes_of_different_settings_are_both_saved(organizer, event):
    first, second = load_form(organizer), load_form(organizer)

    organizer.post(PATH, first | {"contact_email": "new@example.org"})
    organizer.post(PATH, second | {"name": "Congrès"})

    event.refresh_from_db()
    assert event.contact_email == "new@example.org"
    assert event.name == "Congrès"
    assert AuditEntry.objects.filter(verb="event.change").first().fields == ["name"]


def test_another_value_of_the_same_setting_is_shown_before_it_is_replaced(organizer, event):
    first, second = load_form(organizer), load_form(organizer)
    organizer.post(PATH, first | {"name": "Congrès", "contact_email": "new@example.org"})

    conflict = organizer.post(PATH, second | {"name": "Journée"})
    event.refresh_from_db()
    name_before_choice = event.name
    organizer.post(PATH, second | {"name": "Journée", "seen": conflict.context["seen_fingerprints"]})

    event.refresh_from_db()
    assert "Someone else changed these settings" in conflict.text
    assert "Their version" in conflict.text
    assert 'value="Journée"' in conflict.text
    assert name_before_choice == "Congrès"
    assert event.name == "Journée"
    assert event.contact_email == "new@example.org"


def test_same_change_by_two_organizers_is_no_conflict(organizer, event):
    first, second = load_form(organizer), load_form(organizer)
    organizer.post(PATH, first | {"name": "Congrès"})

    answer = organizer.post(PATH, second | {"name": "Congrès"})

    assert answer.status_code == 302


def test_times_changed_by_two_organizers_are_checked_together(organizer, event):
    first, second = load_form(organizer), load_form(organizer)
    earlier_end = datetime.datetime.fromisoformat(first["starts_at"]) + datetime.timedelta(hours=1)
    later_start = datetime.datetime.fromisoformat(first["starts_at"]) + datetime.timedelta(hours=2)
    organizer.post(PATH, first | {"ends_at": f"{earlier_end:%Y-%m-%dT%H:%M}"})

    conflict = organizer.post(PATH, second | {"starts_at": f"{later_start:%Y-%m-%dT%H:%M}"})

    event.refresh_from_db()
    assert {field.name for field, _value in conflict.context["other_values"]} == {"starts_at", "ends_at"}
    assert event.starts_at < event.ends_at


@pytest.mark.parametrize("length", [20_000, 100_000])
def test_deeply_nested_fingerprints_count_as_unreadable(length):
    assert parse_seen_fingerprints("[" * length) == {}


def test_fingerprints_of_a_form_are_read():
    seen = compute_fingerprints({"name": "Congrès", "accent": "#0b5c8a"})

    assert parse_seen_fingerprints(json.dumps(seen)) == seen
