"""Endpoints of the board: data, moves, undo, journal and permissions."""

import datetime
import json
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test import Client
from django.test.utils import CaptureQueriesContext

from convention.api.problems import answer_in_json
from convention.errors import InvalidFields
from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft
from schedule.models import TRACK_COLORS, Move, Session, Slot
from tests.factories import make_event, make_person, make_room, make_session, make_staff, make_track

pytestmark = pytest.mark.django_db
BOARD = "/en/organize/x/schedule/board/"
STARTS_AT = datetime.datetime(2027, 3, 27, 8, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def event() -> Event:
    return make_event(slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1))


def sign_in(event: Event, **names: str) -> Client:
    """Return the client of a new organizer of the event."""
    client = Client()
    client.force_login(make_staff(event, **names))
    return client


def make_slot(minutes: int = 0, *, room: int | None = None, length: int = 50, **pins: bool) -> dict[str, Any]:
    starts_at = STARTS_AT + minutes * MINUTE
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + length * MINUTE).isoformat()}
    return {"room": room, **times, **pins}


def post(client: Client, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(BOARD + path, text, content_type="application/json")


def move(client: Client, session: Session, slot: dict[str, Any] | None, *, seen: int = 0) -> Any:
    moves = [{"session": session.pk, "slot": slot}]
    return post(client, "moves/", {"seen_revision": seen, "moves": moves})


def test_board_data_lists_days_rooms_tracks_and_sessions(event):
    room, track = make_room(event, capacity=80), make_track(event)
    placed = make_session(event, "Le réseau", speakers=("Ana", "Zoé"), room=room, track=track)
    unplaced = make_session(event, "Plus tard", starts_at=None, planned_minutes=25)

    board = sign_in(event).get(f"{BOARD}data/").json()

    assert [day["date"] for day in board["days"]] == ["2027-03-27", "2027-03-28"]
    assert board["rooms"] == [{"id": room.pk, "name": "Auditorium", "capacity": 80}]
    assert board["tracks"] == [{"id": track.pk, "name": "Cloud", "color": "#0b5c8a"}]
    by_id = {session["id"]: session for session in board["sessions"]}
    assert by_id[placed.pk]["speakers"] == ["Ana", "Zoé"]
    assert by_id[placed.pk]["slot"]["room"] == room.pk
    assert by_id[unplaced.pk]["slot"] is None
    assert by_id[unplaced.pk]["minutes"] == 25


def test_day_with_dst_change_has_its_actual_length(event):
    days = {day["date"]: day for day in sign_in(event).get(f"{BOARD}data/").json()["days"]}

    before, after = (
        datetime.datetime.fromisoformat(days["2027-03-27"][name]) for name in ("starts_at", "ends_at")
    )

    assert after - before == datetime.timedelta(hours=23)


def test_query_count_of_board_is_constant(event):
    client = sign_in(event)
    make_session(event, speakers=("Ana",), room=make_room(event))
    client.get(f"{BOARD}data/")

    def count_queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{BOARD}data/")
        return len(queries)

    few = count_queries()
    for number in range(8):
        session = make_session(event, speakers=(f"S{number}",), room=make_room(event, f"Salle {number}"))
        Slot.objects.create(
            draft=get_current_draft(event), session=session, starts_at=STARTS_AT, ends_at=STARTS_AT
        )

    assert count_queries() == few


def test_move_changes_draft_and_not_public_programme(event):
    room, session = make_room(event), make_session(event)

    answer = move(sign_in(event), session, make_slot(120, room=room.pk, is_time_pinned=True))

    slot = Slot.objects.get(session=session)
    session.refresh_from_db()
    assert answer.status_code == 200
    assert slot.starts_at == STARTS_AT + 120 * MINUTE
    assert slot.room == room
    assert slot.is_time_pinned
    assert slot.day == datetime.date(2027, 3, 27)
    assert session.starts_at == STARTS_AT
    assert answer.json()["undo"] == "“Session” moved to Sat 27 Mar, 11:00–11:50, Auditorium"


def test_a_session_after_midnight_belongs_to_the_day_before(event):
    session = make_session(event)

    move(sign_in(event), session, make_slot(17 * 60))

    assert Slot.objects.get(session=session).day == datetime.date(2027, 3, 27)


def test_undo_restores_session_removed_from_timetable(event):
    session, client = make_session(event, "Le réseau"), sign_in(event)

    move(client, session, None)
    parked = not Slot.objects.filter(session=session).exists()
    answer = post(client, "undo/", {"seen_revision": 1})

    assert parked
    assert Slot.objects.get(session=session).starts_at == STARTS_AT
    assert answer.json()["undo"] == ""
    assert answer.json()["redo"] == "“Le réseau” taken off the timetable"


def test_redo_repeats_undone_move(event):
    session, client = make_session(event), sign_in(event)
    move(client, session, make_slot(60))
    post(client, "undo/", {"seen_revision": 1})

    answer = post(client, "redo/", {"seen_revision": 2})

    assert answer.status_code == 200
    assert Slot.objects.get(session=session).starts_at == STARTS_AT + 60 * MINUTE
    assert answer.json()["revision"] == 3


def test_undo_without_moves_is_refused_with_message(event):
    answer = post(sign_in(event), "undo/", {"seen_revision": 0})

    assert answer.status_code == 409
    assert answer.json()["detail"] == "There is nothing to undo."


def test_conflicting_move_is_refused_with_slot_and_author_of_other_move(event):
    session = make_session(event)
    anna, ben = sign_in(event, first_name="Anna", last_name="A"), sign_in(event)
    move(anna, session, make_slot(60))

    answer = move(ben, session, make_slot(120))

    assert answer.status_code == 409
    current = answer.json()["current"][str(session.pk)]
    assert datetime.datetime.fromisoformat(current["starts_at"]) == STARTS_AT + 60 * MINUTE
    assert [each["author"] for each in answer.json()["changes"]["moves"]] == ["Anna A"]
    assert Slot.objects.get(session=session).starts_at == STARTS_AT + 60 * MINUTE


def test_poll_returns_moves_and_name_of_other_editor(event):
    session = make_session(event)
    anna, ben = sign_in(event, first_name="Anna", last_name="A"), sign_in(event)
    ben.get(f"{BOARD}data/")
    anna.get(f"{BOARD}data/")
    move(anna, session, make_slot(60))

    answer = ben.get(f"{BOARD}moves/?since=0").json()

    assert [(each["session"], each["is_own"]) for each in answer["moves"]] == [(session.pk, False)]
    assert answer["editors"] == ["Anna A"]
    assert answer["undo"] == ""


def test_poll_from_unknown_revision_asks_for_reload(event):
    client = sign_in(event)

    answer = client.get(f"{BOARD}moves/?since=999999").json()

    assert answer["reload"]


def test_journal_lists_authors_and_changes(event):
    first, second = make_session(event, "Un"), make_session(event, "Deux")
    client = sign_in(event, first_name="Anna", last_name="A")
    both = [{"session": session.pk, "slot": make_slot(60)} for session in (first, second)]
    post(client, "moves/", {"seen_revision": 0, "moves": both})
    move(client, first, make_slot(60, length=20), seen=2)
    post(client, "undo/", {"seen_revision": 3})

    batches = client.get(f"{BOARD}journal/").json()["batches"]

    assert [(batch["author"], batch["text"], batch["is_undone"]) for batch in batches] == [
        ("Anna A", "“Un” set to 20 min", True),
        ("Anna A", "2 sessions changed, including “Un”", False),
    ]


@pytest.fixture
def loaded_moves():
    """Collect the moves that are read from the database."""
    moves = []

    def collect(instance, **_kwargs):
        if not instance._state.adding or instance.pk:
            moves.append(instance)

    post_init.connect(collect, sender=Move)
    yield moves
    post_init.disconnect(collect, sender=Move)


def test_poll_and_journal_load_one_move_per_batch(event, loaded_moves):
    client = sign_in(event)
    sessions = [make_session(event, f"Session {number:02}") for number in range(40)]
    moves = [{"session": session.pk, "slot": make_slot(60)} for session in sessions]
    post(client, "moves/", {"seen_revision": 0, "moves": moves})
    move(client, sessions[0], make_slot(120), seen=40)
    post(client, "undo/", {"seen_revision": 41})
    loaded_moves.clear()

    with CaptureQueriesContext(connection) as poll:
        changes = client.get(f"{BOARD}moves/?since=42").json()
    # The next request empties the log of queries.
    poll_count, polled = len(poll), len(loaded_moves)
    loaded_moves.clear()
    batches = client.get(f"{BOARD}journal/").json()["batches"]

    assert "40 sessions" in changes["undo"]
    assert changes["redo"]
    assert polled == 2
    assert poll_count == 13
    assert len(loaded_moves) == len(batches) == 2


def test_a_batch_of_another_editor_can_be_undone(event):
    session = make_session(event)
    move(sign_in(event), session, make_slot(60))

    answer = post(sign_in(event), "undo/", {"seen_revision": 1, "batch": 1})

    assert answer.status_code == 200
    assert Slot.objects.get(session=session).starts_at == STARTS_AT


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ends_at": STARTS_AT - MINUTE}, "The end must be after the start."),
        (
            {"ends_at": STARTS_AT + 20_160 * MINUTE},
            "A session cannot last two weeks or more. Check the dates.",
        ),
        (
            {
                "starts_at": datetime.datetime.min.replace(tzinfo=datetime.UTC),
                "ends_at": datetime.datetime.min.replace(tzinfo=datetime.UTC),
            },
            "That is more than two months from the event. Check the dates.",
        ),
        ({"room": 2**62}, "This room was not found; it may have been deleted. Reload the board."),
    ],
)
def test_invalid_slot_is_refused_with_message(event, change, sentence):
    session = make_session(event)
    values = {"room": None, "starts_at": STARTS_AT, "ends_at": STARTS_AT + MINUTE, **change}
    slot = {
        name: value.isoformat() if isinstance(value, datetime.datetime) else value
        for name, value in values.items()
    }

    answer = move(sign_in(event), session, slot)

    assert answer.status_code == 422
    assert answer.json()["detail"] == sentence
    assert Slot.objects.get(session=session).starts_at == STARTS_AT


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "{}", '{"seen_revision": 0, "moves": []}', '{"seen_revision": -1, "moves": [{}]}',
     '{"seen_revision": 0, "moves": [{"session": "x", "slot": null}]}',
     '{"seen_revision": 0, "moves": [{"session": 1, "slot": {"room": null}}]}',
     ('{"seen_revision": 0, "moves": [{"session": 1, "slot": {"room": null,'
     ' "starts_at": "0001-01-01T00:00:00", "ends_at": "0001-01-01T00:00:00"}}]}'),
     ('{"seen_revision": 0, "moves": [{"session": 1, "slot": {"room": null,'
     ' "starts_at": "2027-03-27T09:00:00", "ends_at": "2027-03-27T10:00:00"}}]}')],
)  # fmt: skip
def test_malformed_body_is_refused_with_message(event, body):
    answer = post(sign_in(event), "moves/", body)

    assert answer.status_code == 422
    assert "Reload the page." in answer.json()["detail"]


def test_costs_list_conflicts_and_omit_free_rooms(event):
    room, other = make_room(event), make_room(event, "Salle Curie")
    make_session(event, room=room, speakers=("Ana",), minutes=60)
    session = make_session(event, starts_at=None, planned_minutes=30)

    costs = sign_in(event).get(f"{BOARD}costs/?session={session.pk}").json()["costs"]

    assert [(cost["room"], cost["level"], cost["text"]) for cost in costs] == [
        (room.pk, "block", "Auditorium is double-booked.")
    ]
    assert datetime.datetime.fromisoformat(costs[0]["starts_at"]) == STARTS_AT - 25 * MINUTE
    assert datetime.datetime.fromisoformat(costs[0]["ends_at"]) == STARTS_AT + 60 * MINUTE
    assert other.pk not in {cost["room"] for cost in costs}


def get_swap_costs(client: Client, session: Session, other: Session) -> list[dict[str, Any]]:
    return client.get(f"{BOARD}costs/?session={session.pk}&swap={other.pk}").json()["costs"]


def test_swap_costs_are_listed_for_both_sessions(event):
    small, large = make_room(event, "Salle Curie", capacity=20), make_room(event, capacity=80)
    session = make_session(event, room=small)
    other = make_session(event, room=large, starts_at=STARTS_AT + 120 * MINUTE, expected_attendance=50)

    costs = get_swap_costs(sign_in(event), session, other)

    assert costs == [
        {"session": session.pk, "level": "free", "text": ""},
        {"session": other.pk, "level": "warn", "text": "Salle Curie is 30 seats short."},
    ]


def test_unplaced_session_does_not_conflict_with_session_it_replaces(event):
    placed = make_session(event, room=make_room(event))
    unplaced = make_session(event, starts_at=None)

    costs = get_swap_costs(sign_in(event), unplaced, placed)

    assert [cost["text"] for cost in costs] == ["", ""]


def test_tracks_without_color_get_different_colors(event):
    for position, name in enumerate(["Cloud", "Data"]):
        make_track(event, name, color="", position=position)

    board = sign_in(event).get(f"{BOARD}data/").json()

    assert [track["color"] for track in board["tracks"]] == [*TRACK_COLORS[:2]]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?session=x", 422),
        ("?session=" + "9" * 30, 422),
        ("?session=9999999", 404),
        ("?session=1&swap=x", 422),
        ("?session=1&swap=9999999", 404),
    ],
)
def test_costs_of_unknown_session_are_refused_with_message(event, query, status):
    answer = sign_in(event).get(f"{BOARD}costs/{query}")

    assert answer.status_code == status
    assert answer.json()["detail"].endswith(("Reload the page.", "Reload the board."))


def test_poll_returns_conflicts_of_draft_on_request(event):
    room = make_room(event)
    first = make_session(event, room=room)
    second = make_session(event, starts_at=STARTS_AT + 120 * MINUTE, room=room)

    client = sign_in(event)

    revision = move(client, second, make_slot(15, room=room.pk)).json()["revision"]
    answer = client.get(f"{BOARD}moves/?since={revision}&conflicts=1")

    assert answer.json()["conflicts"] == [
        {
            "code": f"room-{first.pk}-{second.pk}",
            "sessions": [first.pk, second.pk],
            "level": "block",
            "text": "Auditorium is double-booked.",
        }
    ]


def test_a_session_of_another_event_cannot_be_moved(event):
    other = make_session(make_event())

    answer = move(sign_in(event), other, make_slot())

    assert answer.status_code == 404
    assert not Slot.objects.filter(session=other).exists()


def test_board_is_refused_to_people_without_role(event):
    client = Client()
    client.force_login(make_person())

    statuses = {path: client.get(BOARD + path).status_code for path in ("", "data/", "moves/", "journal/")}

    assert statuses == {"": 403, "data/": 403, "moves/": 403, "journal/": 403}


def test_a_move_needs_the_csrf_token(event):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_staff(event))

    answer = move(client, make_session(event), make_slot(60))

    assert answer.status_code == 403
    assert not Slot.objects.exists()


def test_error_response_has_field_errors_and_retry_after(rf):
    @answer_in_json
    def refuse(request, event):
        error = InvalidFields("Too much.", {"title": ["Too long."]})
        error.retry_after = 5
        raise error

    answer = refuse(rf.get("/"), "x")

    assert json.loads(answer.content)["errors"] == {"title": ["Too long."]}
    assert answer["Retry-After"] == "5"
    assert answer["Cache-Control"] == "private, no-store"


def test_deeply_nested_body_is_refused_with_message(client, event):
    client.force_login(make_staff(event))

    answer = client.post(f"{BOARD}moves/", "[" * 100_000, content_type="application/json")

    assert answer.status_code == 422
    assert answer.json()["detail"]
