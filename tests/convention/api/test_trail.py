"""Reading the lists of people by API is recorded once an hour for each event."""

import pytest

from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from tests.factories import make_administrator, make_event, make_person

pytestmark = pytest.mark.django_db


def make_token_headers(person, scope="registrations:read"):
    row, token = create_token(person_id=person.pk, name="list", scopes=[scope])
    return f"api.apitoken:{row.pk}", {"authorization": f"Bearer {token}"}


def read(client, headers, *slugs):
    return [
        client.get(f"/api/v1/events/{slug}/registrations/", headers=headers).status_code for slug in slugs
    ]


def test_reading_the_list_is_recorded_once_an_hour_for_each_token_and_event(client):
    for slug in "xy":
        make_event(slug=slug)
    person = make_administrator()

    (first, one), (second, other) = make_token_headers(person), make_token_headers(person)

    assert read(client, one, "x", "x", "y", "x") + read(client, other, "x") == [200] * 5
    lines = AuditEntry.objects.filter(verb="registrations.read").order_by("pk")
    assert list(lines.values_list("subject", "event")) == [(first, "x"), (first, "y"), (second, "x")]


def test_reading_attendance_is_recorded(client):
    make_event(slug="x")
    subject, headers = make_token_headers(make_administrator(), "attendance:read")

    for _again in range(2):
        assert client.get("/api/v1/events/x/attendance/", headers=headers).status_code == 200
    [line] = AuditEntry.objects.filter(verb="attendance.read")
    assert line.subject == subject
    assert line.event == "x"


def test_refused_request_is_not_recorded(client):
    make_event(slug="x")

    assert read(client, make_token_headers(make_person())[1], "x", "nowhere") == [403, 404]
    assert not AuditEntry.objects.filter(verb="registrations.read").exists()
