"""Publishing the programme through the API."""

import pytest

from convention.audit.models import AuditEntry
from schedule.models import ScheduleVersion
from tests.factories import make_room, make_session

from .programs import MINUTE, STARTS_AT, make_move, make_planned_event, make_program, move

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_planned_event()


@pytest.fixture
def program(event):
    return make_program(event)


def publish(program, revision, **more):
    return program.post("publish/", {"notify": "nobody", "revision": revision, **more})


def test_draft_is_published_with_current_revision(event, program):
    session = make_session(event)
    move(program, make_move(session, 30))

    answer = publish(program, 1, name="Première", note="Un changement d’horaire.")

    session.refresh_from_db()
    body = answer.json()
    assert answer.status_code == 201
    assert body["version"] == 1
    assert body["name"] == "Première"
    assert body["session_count"] == 1
    assert {kind for kind, count in body["changes"].items() if count} == {"time"}
    assert session.starts_at == STARTS_AT + 30 * MINUTE
    assert ScheduleVersion.objects.get().note == "Un changement d’horaire."


def test_token_owner_is_recorded_as_publisher(event):
    person = make_program(event)
    move(person, make_move(make_session(event), 30))

    publish(person, 1)

    entry = AuditEntry.objects.get(verb="schedule.publish")
    assert ScheduleVersion.objects.get().published_by_id == int(entry.actor_id)


def test_publishing_with_outdated_revision_is_refused(event, program):
    session = make_session(event)
    move(program, make_move(session, 30))
    move(make_program(event), make_move(session, 60), seen=1)

    answer = publish(program, 1)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/changed-meanwhile")
    assert not ScheduleVersion.objects.exists()


def test_publishing_with_outdated_version_is_refused(event, program):
    session = make_session(event)
    move(program, make_move(session, 30))
    publish(program, 1)
    move(program, make_move(session, 60), seen=1)

    answer = publish(program, 2, version=0)

    assert answer.status_code == 409
    assert ScheduleVersion.objects.count() == 1


def test_publishing_with_current_version_and_revision_succeeds(event, program):
    session = make_session(event)
    move(program, make_move(session, 30))
    publish(program, 1)
    move(program, make_move(session, 60), seen=1)
    draft = program.get("draft/").json()

    answer = publish(program, draft["revision"], version=draft["version"])

    assert answer.json()["version"] == 2


def test_a_blocking_conflict_prevents_publishing(event, program):
    room = make_room(event)
    first, second = make_session(event), make_session(event)
    move(program, make_move(first, room=room.pk), make_move(second, room=room.pk))

    answer = publish(program, 2)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/blocking-conflicts")
    assert not ScheduleVersion.objects.exists()


def test_publishing_without_changes_is_refused(event, program):
    make_session(event)

    answer = publish(program, 0)

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/nothing-to-publish")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "revision"),
        ({"revision": "1"}, "revision"),
        ({"revision": -1}, "revision"),
        ({"revision": 2**40}, "revision"),
        ({"revision": 0, "notify": "some"}, "notify"),
        ({"revision": 0, "notify": "\ud800"}, "notify"),
        ({"revision": 0, "notify": True}, "notify"),
        ({"revision": 0, "name": "x" * 201}, "name"),
        ({"revision": 0, "note": "x" * 2001}, "note"),
        ({"revision": 0, "note": None}, "note"),
        ({"revision": 0, "version": []}, "version"),
    ],
)
def test_invalid_field_is_named(program, body, field):
    answer = program.post("publish/", body)

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [field]
