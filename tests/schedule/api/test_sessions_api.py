"""Writing sessions through the API: texts change at once, times and rooms change in the draft."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from convention.audit.models import AuditEntry
from schedule.drafts.current_draft import get_current_draft
from schedule.models import ScheduleDraft, Session
from tests.factories import make_person, make_room, make_session, make_staff, make_track

from .programs import STARTS_AT, Program, make_planned_event, make_program

pytestmark = pytest.mark.django_db
TIMES = {"starts_at": "2027-06-16T10:00:00+02:00", "ends_at": "2027-06-16T10:45:00+02:00"}


@pytest.fixture
def event():
    return make_planned_event()


@pytest.fixture
def program(event):
    return make_program(event)


def test_a_session_is_added_without_a_time(event, program):
    answer = program.post("sessions/", {"title": "Atelier", "speakers": ["Ada Byron"], "planned_minutes": 45})

    session = event.sessions.get()
    assert answer.status_code == 201
    assert answer.json()["guid"] == str(session.guid)
    assert answer.json()["speakers"] == ["Ada Byron"]
    assert answer.json()["starts_at"] is None
    assert session.planned_minutes == 45
    assert program.get("draft/").json()["unplaced"] == [str(session.guid)]


def test_session_is_added_with_slot_in_draft(event, program):
    room, track = make_room(event), make_track(event)

    body = program.post("sessions/", {"title": "Atelier", "room": room.pk, "track": "Cloud", **TIMES}).json()

    session = event.sessions.get()
    assert body["starts_at"] == TIMES["starts_at"]
    assert body["room"] == room.pk
    assert body["track"] == "Cloud"
    assert body["published"] is False
    assert session.track == track
    assert session.starts_at is None


def test_session_is_returned_with_all_fields(event, program):
    before = make_session(event, "Avant")
    session = make_session(
        event, "Atelier", speakers=("Ana", "Zoé"), follows=before, url="https://a.example/"
    )

    body = program.get(f"sessions/{session.guid}/").json()

    assert body["title"] == "Atelier"
    assert body["speakers"] == ["Ana", "Zoé"]
    assert body["follows"] == str(before.guid)
    assert body["external_url"] == "https://a.example/"
    assert body["published"] is True
    assert body["starts_at"] == "2027-06-16T10:00:00+02:00"


def test_query_count_of_session_is_constant_with_more_speakers(event, program):
    session = make_session(event, speakers=("Ana",))
    other = make_session(event, speakers=("Ana", "Bo", "Cy", "Zoé"), room=make_room(event))
    get_current_draft(event)

    def count_queries(guid):
        with CaptureQueriesContext(connection) as queries:
            program.get(f"sessions/{guid}/")
        return len(queries)

    count_queries(session.guid)
    # The second session has a room, which takes one more query.
    assert count_queries(other.guid) <= count_queries(session.guid) + 1


def test_texts_change_at_once_and_omitted_fields_are_unchanged(event, program):
    session = make_session(event, "Atelier", speakers=("Ana",), abstract="Avant")

    answer = program.patch(f"sessions/{session.guid}/", {"title": "Cours", "bookable": True})

    session.refresh_from_db()
    assert answer.status_code == 200
    assert session.title == "Cours"
    assert session.is_bookable is True
    assert session.abstract == "Avant"
    assert [speaker.name for speaker in session.speakers.all()] == ["Ana"]
    assert not ScheduleDraft.objects.filter(revision__gt=0).exists()


def test_room_is_changed_in_draft_without_changing_time(event, program):
    session, room = make_session(event), make_room(event)

    body = program.patch(f"sessions/{session.guid}/", {"room": room.pk}).json()

    session.refresh_from_db()
    assert body["room"] == room.pk
    assert body["starts_at"] == "2027-06-16T10:00:00+02:00"
    assert session.room is None


def test_null_times_remove_session_from_draft(event, program):
    session = make_session(event)

    body = program.patch(f"sessions/{session.guid}/", {"starts_at": None, "ends_at": None}).json()

    session.refresh_from_db()
    assert body["starts_at"] is None
    assert session.starts_at == STARTS_AT


def test_response_can_be_sent_back_unchanged(event, program):
    session = make_session(
        event, "Atelier", speakers=("Ana",), room=make_room(event), track=make_track(event)
    )
    body = program.get(f"sessions/{session.guid}/").json()

    answer = program.patch(f"sessions/{session.guid}/", body)

    assert answer.json() == body


def test_unpublished_session_is_deleted(event, program):
    session = make_session(event, starts_at=None)

    answer = program.send("DELETE", f"sessions/{session.guid}/")

    assert answer.json() == {"deleted": True}
    assert not event.sessions.exists()


def test_published_session_is_removed_from_draft_only(event, program):
    session = make_session(event)

    answer = program.send("DELETE", f"sessions/{session.guid}/")

    assert answer.json() == {"deleted": False}
    assert event.sessions.get().starts_at == STARTS_AT
    assert program.get("draft/").json()["slots"] == []


def test_a_booked_session_is_not_deleted(event, program):
    session = make_session(event, capacity=5)
    Session.objects.filter(pk=session.pk).update(reserved=2)

    answer = program.send("DELETE", f"sessions/{session.guid}/")

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/still-needed")


INVALID_CHANGES = [
    ({"title": ""}, "title"),
    ({"title": "\u200b"}, "title"),
    ({"title": 5}, "title"),
    ({"title": None}, "title"),
    ({"title": "x" * 2001}, "title"),
    ({"abstract": "x" * 200_000}, "abstract"),
    ({"role": "party"}, "role"),
    ({"kind": ["talk"]}, "kind"),
    ({"track": "Nowhere"}, "track"),
    ({"follows": str(uuid.uuid4())}, "follows"),
    ({"capacity": -1}, "capacity"),
    ({"capacity": "20"}, "capacity"),
    ({"bookable": "yes"}, "bookable"),
    ({"external_url": "javascript:alert(1)"}, "external_url"),
    ({"speakers": "Ana"}, "speakers"),
    ({"speakers": ["x" * 301]}, "speakers.0"),
    ({"speakers": ["Ana"] * 101}, "speakers"),
    ({"room": 2**40, **TIMES}, "room"),
    ({"starts_at": TIMES["starts_at"], "ends_at": None}, "ends_at"),
    ({"starts_at": TIMES["ends_at"], "ends_at": TIMES["starts_at"]}, "ends_at"),
    ({"starts_at": "2030-01-01T10:00:00Z", "ends_at": "2030-01-01T11:00:00Z"}, "starts_at"),
    ({"starts_at": "2027-06-16T10:00:00", "ends_at": TIMES["ends_at"]}, "starts_at"),
    ({"room_pinned": 1}, "room_pinned"),
]


@pytest.mark.parametrize(("change", "member"), INVALID_CHANGES)
def test_invalid_field_of_new_session_is_named(event, program, change, member):
    answer = program.post("sessions/", {"title": "Atelier", **change})

    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [member]
    assert not event.sessions.exists()


@pytest.mark.parametrize(("change", "member"), INVALID_CHANGES)
def test_invalid_change_is_named_and_changes_nothing(event, program, change, member):
    session = make_session(event, "Atelier")

    answer = program.patch(f"sessions/{session.guid}/", {"subtitle": "Neuf", **change})

    session.refresh_from_db()
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == [member]
    assert session.subtitle == ""


def test_capacity_below_reserved_places_is_refused(event, program):
    session = make_session(event, capacity=5)
    Session.objects.filter(pk=session.pk).update(reserved=2)

    answer = program.patch(f"sessions/{session.guid}/", {"capacity": 1})

    assert answer.json()["errors"] == {"capacity": ["2 places are taken already."]}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_session_of_another_event_is_not_found(program, method):
    session = make_session(make_planned_event("elsewhere"))

    answer = program.send(method, f"sessions/{session.guid}/", {"title": "Neuf"})

    assert answer.status_code == 404
    assert Session.objects.get().title == "Session"


def test_room_and_track_of_another_event_are_unknown(event, program):
    elsewhere = make_planned_event("elsewhere")
    room, _track = make_room(elsewhere), make_track(elsewhere)
    session = make_session(event)

    by_room = program.patch(f"sessions/{session.guid}/", {"room": room.pk})
    by_track = program.patch(f"sessions/{session.guid}/", {"track": "Cloud"})

    assert list(by_room.json()["errors"]) == ["room"]
    assert list(by_track.json()["errors"]) == ["track"]


def list_statuses(caller, session):
    """Return the statuses of reading, adding, changing and removing."""
    path = f"sessions/{session.guid}/"
    return [
        caller.get(path).status_code,
        caller.post("sessions/", {"title": "Neuf"}).status_code,
        caller.patch(path, {"title": "Neuf"}).status_code,
        caller.send("DELETE", path).status_code,
    ]


def test_session_endpoints_except_list_need_a_token(event):
    session = make_session(event)

    assert list_statuses(Program(event.slug), session) == [401] * 4
    assert Program(event.slug).get("sessions/").status_code == 200


@pytest.mark.parametrize("role", ["desk", "none"])
def test_session_endpoints_are_for_organizers_only(event, role):
    person = make_staff(event, "desk") if role == "desk" else make_person()

    assert list_statuses(make_program(event, person=person), make_session(event)) == [403] * 4


def test_read_only_token_cannot_write(event):
    reader = make_program(event, scopes=["schedule:read", "events:read"])

    assert list_statuses(reader, make_session(event)) == [200, 403, 403, 403]


def test_a_session_is_cancelled_in_the_draft_and_restored(event, program):
    session = make_session(event, "Atelier")

    cancelled = program.post(f"sessions/{session.guid}/cancel/", {"reason": "The speaker is ill."})
    restored = program.post(f"sessions/{session.guid}/restore/", {})

    session.refresh_from_db()
    assert cancelled.json()["cancelled"] is True
    assert restored.json()["cancelled"] is False
    assert session.cancelled_at is None
    assert AuditEntry.objects.get(verb="session.cancel").reason == "The speaker is ill."
    assert AuditEntry.objects.filter(verb="session.restore").count() == 1


def test_a_second_cancellation_changes_nothing(event, program):
    session = make_session(event, "Atelier")
    path = f"sessions/{session.guid}/cancel/"

    answers = [program.post(path, {}) for _time in range(2)]

    assert [answer.json()["cancelled"] for answer in answers] == [True, True]
    assert AuditEntry.objects.filter(verb="session.cancel").count() == 1


def test_a_session_without_a_time_is_not_cancelled(event, program):
    session = make_session(event, "Atelier", starts_at=None)

    answer = program.post(f"sessions/{session.guid}/cancel/", {})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("not-placed")


@pytest.mark.parametrize("action", ["cancel", "restore"])
def test_cancel_and_restore_need_write_scope(event, action):
    session = make_session(event, "Atelier")

    answer = make_program(event, scopes=("schedule:read",)).post(f"sessions/{session.guid}/{action}/", {})

    assert answer.status_code == 403


def test_role_with_lone_surrogate_is_refused(event, program):
    answer = program.post("sessions/", {"title": "Atelier", "role": "\ud800"})

    assert answer.status_code == 422
    assert not event.sessions.exists()


@pytest.mark.parametrize("count", [2, 3])
def test_sessions_that_follow_each_other_in_a_circle_are_refused(event, program, count):
    sessions = [make_session(event) for _number in range(count)]
    for session, previous in zip(sessions[1:], sessions, strict=False):
        program.patch(f"sessions/{session.guid}/", {"follows": str(previous.guid)})

    answer = program.patch(f"sessions/{sessions[0].guid}/", {"follows": str(sessions[-1].guid)})

    assert answer.status_code == 422
    assert "in a circle" in answer.text
    assert event.sessions.exclude(follows=None).count() == count - 1


def test_repeated_request_is_answered_as_before_after_room_was_removed(event, program):
    room = make_room(event)
    body = {"title": "Atelier", "room": room.pk, **TIMES}
    first = program.post("sessions/", body, key="one")
    program.delete(f"rooms/{room.pk}/?confirmed=true")

    again = program.post("sessions/", body, key="one")

    assert again.status_code == 201
    assert again.json()["guid"] == first.json()["guid"]


def test_a_name_with_a_line_break_is_refused(event, program):
    answer = program.post("sessions/", {"title": "Atelier", "speakers": ["Ada\nByron"]})

    assert answer.status_code == 422
    assert "A name cannot contain a line break." in answer.text
    assert not event.speakers.exists()


@pytest.mark.parametrize("name", ["subtitle", "kind", "language"])
def test_line_breaks_in_a_short_text_become_spaces(event, program, name):
    answer = program.post("sessions/", {"title": "Atelier", name: "fr,\r\nen"})

    assert answer.json()[name] == "fr, en"
