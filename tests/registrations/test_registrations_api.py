"""GET /api/v1/events/EVENT/registrations/ is paginated and for organizers only."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from convention.api.tokens import create_token
from convention.club.models import ClubRole
from tests.factories import make_event, make_person, make_registration, make_ticket

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events/congress/registrations/"


@pytest.fixture
def organizer():
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.ORGANIZER)
    return person


def get(person, path: str = PATH, scope: str = "registrations:read"):
    _row, token = create_token(person_id=person.pk, name="x", scopes=[scope])
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


def test_registrations_need_organizer_role_and_read_scope(organizer):
    make_event(slug="congress")

    assert Client().get(PATH).status_code == 401
    assert get(organizer, scope="events:read").status_code == 403
    assert get(make_person()).status_code == 403
    assert get(organizer).status_code == 200


def test_registrations_are_paginated_and_filtered(organizer):
    event = make_event(slug="congress")
    ticket = make_ticket(event, price=100)
    for name in ("Çelik", "Brown", "Aragon"):
        make_registration(ticket, last_name=name, price=100)
    first = get(organizer, f"{PATH}?limit=2").json()

    second = get(organizer, first["next"].replace("http://testserver", "")).json()

    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    [found] = get(organizer, f"{PATH}?q=celik").json()["results"]
    assert found["last_name"] == "Çelik"
    assert found["state"] == "confirmed"
    assert found["price"] == {"amount": 100, "currency": "EUR"}


def test_query_count_does_not_grow_with_registrations(organizer):
    ticket = make_ticket(make_event(slug="congress"))
    counts = []

    for _round in range(2):
        for _each in range(5):
            make_registration(ticket)
        with CaptureQueriesContext(connection) as queries:
            get(organizer)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_unknown_state_is_refused(organizer):
    make_event(slug="congress")
    answer = get(organizer, f"{PATH}?state=late")

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["state"]
