"""The draft in the API: reading, moving sessions, conflicts and permissions."""

import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from schedule.models import ScheduleDraft, Session
from tests.factories import make_event, make_person, make_room, make_session, make_staff

from .programs import MINUTE, STARTS_AT, Program, make_move, make_planned_event, make_program, move

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return make_planned_event()


@pytest.fixture
def program(event):
    return make_program(event)


def test_draft_lists_slots_in_local_time(event, program):
    room = make_room(event)
    session = make_session(event, room=room)

    slots = program.get("draft/").json()["slots"]

    assert slots == [
        {
            "room": room.pk,
            "starts_at": "2027-06-16T10:00:00+02:00",
            "ends_at": "2027-06-16T10:50:00+02:00",
            "time_pinned": False,
            "room_pinned": False,
            "cancelled": False,
            "session": str(session.guid),
        }
    ]


def test_draft_lists_sessions_without_time(event, program):
    session = make_session(event, starts_at=None)

    assert program.get("draft/").json()["unplaced"] == [str(session.guid)]


def test_reading_creates_no_draft(event, program):
    make_session(event)

    program.get("draft/")

    assert not ScheduleDraft.objects.exists()


def test_query_count_of_draft_is_constant(event, program):
    make_session(event)
    move(program, make_move(event.sessions.get(), 10))

    def count_queries(path):
        with CaptureQueriesContext(connection) as queries:
            assert program.get(path).status_code == 200
        return len(queries)

    few = [count_queries(path) for path in ("draft/", "draft/conflicts/")]
    for number in range(8):
        session = make_session(event, f"S{number}", speakers=("Ana",), room=make_room(event, f"R{number}"))
        move(program, make_move(session, 5, room=session.room_id))

    assert [count_queries(path) for path in ("draft/", "draft/conflicts/")] == few


def test_a_session_is_moved_in_the_draft_only(event, program):
    room, session = make_room(event), make_session(event)

    answer = move(program, make_move(session, 30, room=room.pk))

    session.refresh_from_db()
    assert answer.status_code == 200
    assert answer.json()["revision"] == 1
    assert answer.json()["moves"][0]["after"]["starts_at"] == "2027-06-16T10:30:00+02:00"
    assert answer.json()["moves"][0]["before"]["room"] is None
    assert program.get("draft/").json()["slots"][0]["room"] == room.pk
    assert session.starts_at == STARTS_AT


def test_session_is_removed_from_draft(event, program):
    session = make_session(event)

    answer = move(program, {"session": str(session.guid), "remove": True})

    assert answer.json()["moves"][0]["after"] is None
    assert program.get("draft/").json()["unplaced"] == [str(session.guid)]


def test_omitted_pins_are_unchanged(event, program):
    session = make_session(event)
    move(program, make_move(session, time_pinned=True))

    move(program, make_move(session, 10, room_pinned=True))

    slot = program.get("draft/").json()["slots"][0]
    assert slot["time_pinned"] is True
    assert slot["room_pinned"] is True


def test_move_to_same_time_and_room_changes_nothing(event, program):
    session = make_session(event, starts_at=None)
    move(program, make_move(session))

    again = move(program, make_move(session), seen=1).json()

    assert again == {"revision": 1, "moves": []}


def test_move_with_outdated_revision_is_refused_with_current_slots(event, program):
    other, session = make_program(event), make_session(event)
    move(program, make_move(session, 30))

    answer = move(other, make_move(session, 60))

    current = answer.json()["current"]
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/changed-meanwhile")
    assert current["revision"] == 1
    assert [slot["starts_at"] for slot in current["slots"]] == ["2027-06-16T10:30:00+02:00"]
    assert program.get("draft/").json()["revision"] == 1


def test_refused_move_lists_removed_session_as_unplaced(event, program):
    other, session = make_program(event), make_session(event)
    move(program, {"session": str(session.guid), "remove": True})

    answer = move(other, make_move(session, 60))

    assert answer.json()["current"] == {"revision": 1, "slots": [], "unplaced": [str(session.guid)]}


def test_second_editor_may_move_session_with_current_revision(event, program):
    other, session = make_program(event), make_session(event)
    move(program, make_move(session, 30))

    assert move(other, make_move(session, 60), seen=1).status_code == 200


def test_invalid_move_refuses_all_moves_of_request(event, program):
    session, wrong = make_session(event), make_session(event)

    answer = move(program, make_move(session, 30), make_move(wrong, room=0))

    assert answer.status_code == 422
    assert not ScheduleDraft.objects.exists()


WRONG_MOVES = [
    ({"session": str(uuid.uuid4())}, "session", "This session was not found; it may have been deleted."),
    ({"session": "nobody"}, "session", ""),
    ({"session": 5}, "session", "This must be a string."),
    ({"session": None}, "session", ""),
    ({"room": 2**40}, "room", "This room was not found; it may have been deleted."),
    ({"room": 2**70}, "room", ""),
    ({"room": "Auditorium"}, "room", "This must be a whole number."),
    ({"room": True}, "room", "This must be a whole number."),
    ({"starts_at": "2027-06-16T10:00:00"}, "starts_at", "Include the offset from UTC"),
    ({"starts_at": "tomorrow"}, "starts_at", ""),
    ({"starts_at": 1}, "starts_at", "This must be a string."),
    ({"starts_at": "0001-01-01T00:00:00+14:00"}, "starts_at", ""),
    ({"ends_at": "2027-06-16T07:00:00Z"}, "ends_at", "The end must be after the start."),
    ({"ends_at": "2027-07-16T07:00:00Z"}, "ends_at", "A session cannot last two weeks"),
    (
        {"starts_at": "2029-06-16T07:00:00Z", "ends_at": "2029-06-16T08:00:00Z"},
        "starts_at",
        "That is more than two months from the event",
    ),
    ({"time_pinned": "yes"}, "time_pinned", "This must be true or false."),
    ({"remove": 1}, "remove", "This must be true or false."),
]


@pytest.mark.parametrize(("change", "field", "sentence"), WRONG_MOVES)
def test_invalid_field_is_named(event, program, change, field, sentence):
    session = make_session(event)

    answer = move(program, {**make_move(session, 10), **change})

    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert list(errors) == [f"slots.0.{field}"]
    assert sentence in errors[f"slots.0.{field}"][0]


def test_missing_times_are_named(event, program):
    session = make_session(event)

    answer = move(program, {"session": str(session.guid), "room": None})

    assert set(answer.json()["errors"]) == {"slots.0.starts_at", "slots.0.ends_at"}


def test_a_session_named_twice_is_refused(event, program):
    session = make_session(event)

    answer = move(program, make_move(session), make_move(session, 10))

    assert answer.json()["errors"] == {"slots.1.session": ["This session is listed twice."]}


@pytest.mark.parametrize("body", [None, [], "x", 5, {}, {"seen_revision": 0, "slots": [5]}])
def test_malformed_body_is_refused(program, body):
    assert program.post("draft/slots/", body).status_code in {400, 422}


@pytest.mark.parametrize(("count", "status"), [(0, 422), (200, 200), (201, 422)])
def test_at_most_two_hundred_sessions_are_moved_at_once(event, program, count, status):
    sessions = [Session(event=event, number=number, title="T") for number in range(1, count + 1)]
    Session.objects.bulk_create(sessions)

    assert move(program, *(make_move(session) for session in sessions)).status_code == status


def test_sessions_and_rooms_of_another_event_are_unknown(event, program):
    elsewhere = make_planned_event("elsewhere")
    session, room = make_session(elsewhere), make_room(elsewhere)

    answer = move(program, make_move(session), make_move(make_session(event), room=room.pk))

    assert set(answer.json()["errors"]) == {"slots.0.session", "slots.1.room"}


def test_conflicts_are_listed_with_their_sessions(event, program):
    room = make_room(event)
    one, two = (make_session(event, title, speakers=("Ana",), room=room) for title in "ab")

    found = program.get("draft/conflicts/").json()

    by_kind = {conflict["kind"]: conflict for conflict in found["conflicts"]}
    assert found["count"] == 2
    assert by_kind["speaker"]["sessions"] == [str(one.guid), str(two.guid)]
    assert by_kind["speaker"]["people_count"] == 1
    assert by_kind["speaker"]["level"] == "block"
    assert by_kind["room"]["sentence"] == "Auditorium is double-booked."


def test_conflicts_are_computed_from_draft(event, program):
    room = make_room(event)
    make_session(event, room=room)
    second = make_session(event, room=room)

    move(program, make_move(second, 60, room=room.pk))

    assert program.get("draft/conflicts/").json() == {"revision": 1, "count": 0, "conflicts": []}


READ = [("GET", "draft/"), ("GET", "draft/conflicts/")]
WRITE = [("POST", "draft/slots/"), ("POST", "publish/")]


@pytest.mark.parametrize(("method", "path"), READ + WRITE)
def test_draft_endpoints_need_a_token(event, method, path):
    assert Program(event.slug).send(method, path, {}).status_code == 401


@pytest.mark.parametrize(("method", "path"), READ + WRITE)
@pytest.mark.parametrize("role", ["desk", "none"])
def test_draft_endpoints_are_for_organizers_only(event, method, path, role):
    person = make_staff(event, "desk") if role == "desk" else make_person()

    answer = make_program(event, person=person).send(method, path, {})

    assert answer.status_code == 403


@pytest.mark.parametrize(("method", "path"), READ + WRITE)
def test_draft_event_is_not_found_by_others(method, path):
    hidden = make_event(slug="hidden", visibility="draft")
    stranger = make_program(hidden, person=make_person())

    answer = stranger.send(method, path, {})
    unknown = Program("nowhere", stranger.token).send(method, path, {})

    assert answer.status_code == 404
    assert answer.json() == unknown.json()


@pytest.mark.parametrize(("method", "path"), READ)
def test_reading_needs_read_scope(event, method, path):
    assert make_program(event, scopes=["schedule:write"]).send(method, path).status_code == 403


@pytest.mark.parametrize(("method", "path"), WRITE)
def test_writing_needs_write_scope(event, method, path):
    assert make_program(event, scopes=["schedule:read"]).send(method, path, {}).status_code == 403


def test_times_with_any_utc_offset_are_accepted(event, program):
    session = make_session(event)
    starts_at = (STARTS_AT + 20 * MINUTE).astimezone(datetime.timezone(datetime.timedelta(hours=-5)))
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + 5 * MINUTE).isoformat()}

    slot = move(program, {**make_move(session), **times}).json()["moves"][0]["after"]

    assert slot["starts_at"] == "2027-06-16T10:20:00+02:00"


def test_undo_reverts_last_moves_of_token_owner(event, program):
    session = make_session(event)
    move(program, make_move(session, 30))
    move(make_program(event), make_move(make_session(event, "Other"), 60))

    answer = program.post("draft/undo/", {})

    [undone] = answer.json()["moves"]
    assert answer.status_code == 200
    assert undone["session"] == str(session.guid)
    assert answer.json()["revision"] == 3
    assert answer.json()["skipped"] == []


def test_undo_of_chosen_batch_skips_sessions_moved_since(event, program):
    session = make_session(event)
    number = move(program, make_move(session, 30)).json()["moves"][0]["number"]
    move(program, make_move(session, 60), seen=1)

    answer = program.post("draft/undo/", {"batch": number})

    assert answer.json()["moves"] == []
    assert answer.json()["skipped"] == [str(session.guid)]


def test_undo_without_moves_is_refused(program):
    answer = program.post("draft/undo/", {})

    assert answer.status_code == 409
    assert answer.json()["type"].endswith("nothing-to-undo")


def test_undo_needs_write_scope(event):
    answer = make_program(event, scopes=("schedule:read",)).post("draft/undo/", {})

    assert answer.status_code == 403
