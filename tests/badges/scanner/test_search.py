"""Test the scanner's search for attendees and the attendee list for supervisors' devices."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.codes import make_short_code
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_registration,
)

pytestmark = pytest.mark.django_db
SEARCH_URL = "/api/v1/scanner/search/"
ATTENDEES_URL = "/api/v1/scanner/attendees/"


def search_attendees(client, token, **body):
    return client.post(SEARCH_URL, body, content_type="application/json", headers=make_bearer_header(token))


def list_names(response) -> list[str]:
    return [found["person"]["name"] for found in response.json()["registrations"]]


def test_search_ignores_accents_word_order_and_other_events(client):
    event = make_event()
    _device, token = make_device(event, can_override=False)
    make_registration(event, first_name="Élodie", last_name="Martin", company="Société Générale")
    make_registration(event, first_name="Ana", last_name="Martin", company="Acme")
    make_registration(event, first_name="Elo", last_name="Generale", cancelled_at=timezone.now())
    make_registration(make_event(), first_name="Élodie", last_name="Martin", company="Générale")

    found = search_attendees(client, token, query="generale ELO")

    assert list_names(found) == ["Élodie Martin"]
    assert list_names(search_attendees(client, token, query="martin")) == ["Ana Martin", "Élodie Martin"]
    assert AuditEntry.objects.filter(verb="attendees.search").count() == 1


def test_search_does_not_match_addresses_and_refuses_single_letters(client):
    event = make_event()
    _device, token = make_device(event)
    make_registration(event, email="someone@example.org")

    assert list_names(search_attendees(client, token, query="someone")) == []
    assert search_attendees(client, token, query="m").status_code == 422
    assert search_attendees(client, token).status_code == 422


def test_only_supervisor_device_gets_attendee_list(client):
    event = make_event()
    _device, token = make_device(event, can_override=False)
    _supervisor, supervisor_token = make_device(event)
    badge = make_registration(event, badge_version=2)
    make_registration(event)

    refused = client.get(ATTENDEES_URL, headers=make_bearer_header(token))
    answer = client.get(ATTENDEES_URL, headers=make_bearer_header(supervisor_token))

    assert refused.status_code == 403
    assert len(answer.json()["registrations"]) == 2
    codes = {found["registration"]: found["short_code"] for found in answer.json()["registrations"]}
    assert codes[badge.reference] == make_short_code(make_badge_code(badge))
    assert AuditEntry.objects.filter(verb="attendees.read").count() == 1


def test_query_count_of_attendee_list_does_not_grow(client):
    counts = []
    for size in (1, 12):
        event = make_event()
        _supervisor, token = make_device(event)
        for _number in range(size):
            make_registration(event)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(ATTENDEES_URL, headers=make_bearer_header(token))
        assert len(answer.json()["registrations"]) == size
        counts.append(len(captured))

    assert counts[0] == counts[1]
