"""Attendees found by a scanner: by name, by short code, and the list of a supervisor's phone."""

import pytest
from django.utils import timezone

from badges.codes import make_short_code
from convention.api.throttles import consume_rate_limit
from convention.audit.models import AuditEntry
from convention.events.sequence import advance_sequence
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
    assert ask(client, token, query="mu", short_code="ABCDEFGH").status_code == 422


def test_short_code_finds_the_badge_until_it_is_reprinted(client):
    event = make_event()
    _device, token = make_device(event)
    badge = make_registration(event)
    short_code = make_short_code(code_of(badge))

    first = ask(client, token, short_code=short_code)
    badge.badge_version += 1
    badge.save()
    advance_sequence(event.pk)
    second = ask(client, token, short_code=short_code)

    assert [found["registration"] for found in first.json()["registrations"]] == [badge.reference]
    assert second.json() == {"registrations": []}
    assert AuditEntry.objects.filter(verb="attendees.search").count() == 1


def test_short_codes_are_not_tried_one_after_the_other(client, settings):
    settings.RATE_LIMITS = "on"
    _device, token = make_device(make_event())

    statuses = [ask(client, token, short_code="ABCDEFGH").status_code for _try in range(21)]

    assert statuses == [200] * 20 + [429]


def test_a_phone_searches_a_limited_number_of_times_an_hour(client, settings):
    settings.RATE_LIMITS = "on"
    device, token = make_device(make_event())
    consume_rate_limit("scanner-search-hour", str(device.pk), limit=600, window_seconds=3600, amount=599)

    statuses = [ask(client, token, query="martin").status_code for _try in range(2)]

    assert statuses == [200, 429]


def test_only_a_supervisor_gets_the_list_with_two_queries_for_any_number(
    client, django_assert_max_num_queries
):
    event = make_event()
    _device, token = make_device(event, can_override=False)
    _supervisor, supervisor_token = make_device(event)
    badge = make_registration(event)
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
