"""A request repeated with the same Idempotency-Key has no second effect."""

import datetime

import pytest
from django.utils import timezone

from convention.api.idempotency import delete_old_requests
from convention.api.models import RepeatableRequest
from schedule.models import Move
from tests.factories import make_session
from tests.schedule.api.programs import make_move, make_planned_event, make_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_planned_event()


@pytest.fixture
def program(event):
    return make_program(event)


@pytest.mark.parametrize(
    ("path", "body", "items"),
    [
        ("sessions/", {"title": "Atelier"}, "sessions"),
        ("speakers/", {"name": "Ada"}, "speakers"),
        ("rooms/", {"name": "Salle 1"}, "rooms"),
    ],
)
def test_repeated_request_creates_nothing_and_returns_same_response(event, program, path, body, items):
    answers = [program.post(path, body, key="k1") for _time in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert getattr(event, items).count() == 1


def test_repeated_moves_are_made_once(event, program):
    body = {"seen_revision": 0, "slots": [make_move(make_session(event), 30)]}

    answers = [program.post("draft/slots/", body, key="k1") for _time in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len(answers[0].json()["moves"]) == 1


def test_a_repeated_undo_undoes_one_command(event, program):
    session = make_session(event)
    for minutes in (30, 60):
        program.post("draft/slots/", {"seen_revision": 0, "slots": [make_move(session, minutes)]})

    answers = [program.post("draft/undo/", {}, key="k1") for _time in range(2)]

    assert answers[0].json() == answers[1].json()
    assert Move.objects.filter(undone_at__isnull=False).count() == 1


def test_repeated_publication_returns_same_response(event, program):
    program.post("draft/slots/", {"seen_revision": 0, "slots": [make_move(make_session(event), 30)]})
    body = {"notify": "nobody", "revision": 1}

    answers = [program.post("publish/", body, key="k1") for _time in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert event.schedule_versions.count() == 1


def test_a_key_with_other_content_is_refused(event, program):
    program.post("rooms/", {"name": "Salle 1"}, key="k1")

    answer = program.post("rooms/", {"name": "Salle 2"}, key="k1")

    assert answer.status_code == 422
    assert answer.json()["type"].endswith("idempotency-key-reused")
    assert event.rooms.count() == 1


def test_same_key_of_another_token_is_independent(event, program):
    program.post("speakers/", {"name": "Ada"}, key="k1")

    make_program(event).post("speakers/", {"name": "Ada"}, key="k1")

    assert event.speakers.count() == 2


def test_failed_request_can_be_retried_with_same_key(event, program):
    program.post("rooms/", {"name": "Salle 1"})
    assert program.post("rooms/", {"name": "Salle 1"}, key="k1").status_code == 422
    event.rooms.all().delete()

    assert program.post("rooms/", {"name": "Salle 1"}, key="k1").status_code == 201


def test_a_key_is_refused_after_a_day(event, program):
    program.post("rooms/", {"name": "Salle 1"}, key="k1")
    RepeatableRequest.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))

    assert program.post("rooms/", {"name": "Salle 1"}, key="k1").status_code == 422


def test_old_keys_are_deleted(event, program):
    for hours, key in ((1, "young"), (49, "old")):
        program.post("rooms/", {"name": key}, key=key)
        created_at = timezone.now() - datetime.timedelta(hours=hours)
        RepeatableRequest.objects.filter(pk=RepeatableRequest.objects.latest("pk").pk).update(
            created_at=created_at
        )

    delete_old_requests()

    assert RepeatableRequest.objects.count() == 1


def test_neither_key_nor_content_is_stored(event, program):
    program.post("speakers/", {"name": "Ada Byron"}, key="secret-key")

    row = RepeatableRequest.objects.values().get()

    assert "Ada" not in str(row)
    assert "secret-key" not in str(row)
