"""Attendees found by a scanner by name, and the list of a supervisor's phone."""

import pytest
from django.utils import timezone

from badges.codes import make_short_code
from convention.audit.models import AuditEntry
from tests.badges.attendance.factories import bearer, code_of, make_device, make_event, make_registration

pytestmark = pytest.mark.django_db
SEARCH = "/api/v1/scanner/search/"
ATTENDEES = "/api/v1/scanner/attendees/"


def ask(client, token, **body):
    return client.post(SEARCH, body, content_type="application/json", headers=bearer(token))


def list_names(response) -> list[str]:
    return [found["person"]["name"] for found in response.json()["registrations"]]


def test_search_ignores_accents_and_order_and_other_events(client):
    event = make_event()
    _device, token = make_device(event, can_override=False)
    make_registration(event, first_name="Élodie", last_name="Martin", company="Société Générale")
    make_registration(event, first_name="Ana", last_name="Martin", company="Acme")
    make_registration(event, first_name="Elo", last_name="Generale", cancelled_at=timezone.now())
    make_registration(make_event(), first_name="Élodie", last_name="Martin", company="Générale")

    found = ask(client, token, query="generale ELO")

    assert list_names(found) == ["Élodie Martin"]
    assert list_names(ask(client, token, query="martin")) == ["Ana Martin", "Élodie Martin"]
    assert AuditEntry.objects.filter(verb="attendees.search").count() == 1


def test_search_tells_nothing_of_addresses_and_refuses_single_letters(client):
    event = make_event()
    _device, token = make_device(event)
    make_registration(event, email="someone@example.org")

    assert list_names(ask(client, token, query="someone")) == []
    assert ask(client, token, query="m").status_code == 422
    assert ask(client, token).status_code == 422


def test_only_a_supervisor_gets_the_list_with_two_queries_for_any_number(
    client, django_assert_max_num_queries
):
    event = make_event()
    _device, token = make_device(event, can_override=False)
    _supervisor, supervisor_token = make_device(event)
    badge = make_registration(event, badge_version=2)
    for number in range(12):
        make_registration(event, last_name=f"N{number}")

    refused = client.get(ATTENDEES, headers=bearer(token))
    with django_assert_max_num_queries(12):
        answer = client.get(ATTENDEES, headers=bearer(supervisor_token))

    assert refused.status_code == 403
    assert len(answer.json()["registrations"]) == 13
    codes = {found["registration"]: found["short_code"] for found in answer.json()["registrations"]}
    assert codes[badge.reference] == make_short_code(code_of(badge))
    assert AuditEntry.objects.filter(verb="attendees.read").count() == 1
