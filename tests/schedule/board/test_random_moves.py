"""Random moves, undos and redos on the board, with rooms removed and versions published in between."""

import contextlib
import datetime
import json
import random
from typing import Any

import pytest
from django.test import Client

from convention.events.models import Event, Room
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import list_moves
from schedule.editing.room_removal import clear_rooms
from schedule.models import Schedule
from schedule.versions.publish import NothingToPublish, Notify, publish_draft
from tests.factories import make_event, make_room, make_session, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.long]
BOARD = "/en/organize/x/schedule/board/"
STARTS_AT = datetime.datetime(2027, 3, 27, 8, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
# Percentages of each editor's moves after which a room is removed or a version published.
REMOVALS = (30, 70)
PUBLICATIONS = (20, 50, 80)


@pytest.fixture(params=[60, pytest.param(200, marks=pytest.mark.soak)])
def moves(request) -> int:
    """The number of moves of each editor."""
    return request.param


@pytest.fixture
def event() -> Event:
    """An event of two days with twelve sessions in four rooms."""
    event = make_event(slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1))
    Schedule.objects.create(event=event)
    rooms = [make_room(event, f"Salle {number}") for number in range(4)]
    for number in range(12):
        make_session(event, f"Session {number}", room=rooms[number % 4])
    return event


class HttpEditor:
    """Simulate an editor's browser, which knows the board from responses alone."""

    def __init__(self, event: Event) -> None:
        self.client = Client()
        self.client.force_login(make_staff(event))
        self.load()

    def load(self) -> None:
        board = self.client.get(f"{BOARD}data/").json()
        self.revision, self.programme = board["revision"], board["programme"]
        self.rooms = [room["id"] for room in board["rooms"]]
        self.slots = {session["id"]: session["slot"] for session in board["sessions"]}

    def take(self, changes: dict[str, Any]) -> None:
        if changes["reload"] or changes.get("programme", self.programme) != self.programme:
            return self.load()
        for each in changes["moves"]:
            self.slots[each["session"]] = each["slot"]
        self.revision = changes["revision"]
        return None

    def poll(self) -> None:
        self.take(self.client.get(f"{BOARD}moves/?since={self.revision}").json())

    def send(self, path: str, **values: Any) -> int:
        """Send a command, poll for changes if it is refused, and return the status code."""
        body = json.dumps({"seen_revision": self.revision, **values})
        answer = self.client.post(BOARD + path, body, content_type="application/json")
        if answer.status_code == 200:
            self.take(answer.json())
        else:
            self.poll()
        return answer.status_code

    def move(self, chance: random.Random) -> int:
        """Move one or two sessions, or remove them from the timetable."""
        starts_at = STARTS_AT + 15 * MINUTE * chance.randrange(40)
        slot = {
            "room": chance.choice(self.rooms),
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + chance.choice([20, 45]) * MINUTE).isoformat(),
        }
        chosen = chance.sample(sorted(self.slots), chance.choice([1, 1, 2]))
        return self.send(
            "moves/",
            moves=[{"session": pk, "slot": chance.choice([slot, slot, slot, None])} for pk in chosen],
        )

    def do_random_action(self, chance: random.Random) -> int:
        """Send a random command: a move, an undo or a redo."""
        path = chance.choice(["moves/"] * 6 + ["undo/", "redo/"])
        return self.move(chance) if path == "moves/" else self.send(path)


def remove_room(event: Event, room: Room) -> None:
    """Remove a room the way the rooms page does."""
    clear_rooms(event, [room], make_staff(event))
    room.delete()


def publish(event: Event) -> None:
    with contextlib.suppress(NothingToPublish):
        publish_draft(draft=get_current_draft(event), notify=Notify.NOBODY)


def remove_room_or_publish(event: Event, number: int, moves: int) -> None:
    """Remove a room or publish the draft if `number` is one of the configured percentages of `moves`."""
    if number in [moves * percent // 100 for percent in REMOVALS]:
        remove_room(event, event.rooms.first())
    if number in [moves * percent // 100 for percent in PUBLICATIONS]:
        publish(event)


def clear_removed_rooms(event: Event, slots: dict[int, Any]) -> dict[int, Any]:
    """Return the slots without references to removed rooms."""
    rooms = set(event.rooms.values_list("pk", flat=True))
    return {pk: drop_room(slot, rooms) for pk, slot in slots.items()}


def drop_room(slot: dict[str, Any] | None, rooms: set[int]) -> dict[str, Any] | None:
    return slot and {**slot, "room": slot["room"] if slot["room"] in rooms else None}


def test_random_moves_of_two_editors_match_stored_board_and_move_history(event, moves):
    chance, before = random.Random(16), HttpEditor(event).slots
    editors = [HttpEditor(event), HttpEditor(event)]

    statuses = set()
    for number in range(moves):
        remove_room_or_publish(event, number, moves)
        statuses |= {editor.do_random_action(chance) for editor in editors}
    for editor in editors:
        editor.poll()

    stored, rooms = HttpEditor(event), set(event.rooms.values_list("pk", flat=True))
    replayed = clear_removed_rooms(event, before)
    for each in list_moves(get_current_draft(event)):
        assert drop_room(each.before, rooms) == replayed[each.session_id]
        replayed[each.session_id] = drop_room(each.after, rooms)
    # 422: the editor does not know yet that the room was removed.
    assert statuses <= {200, 409, 422}
    assert editors[0].slots == stored.slots
    assert editors[1].slots == stored.slots
    assert replayed == stored.slots


def test_undoing_all_own_commands_restores_start_and_redoing_restores_end(event, moves):
    chance, editor = random.Random(17), HttpEditor(event)
    before = dict(editor.slots)
    for number in range(moves):
        remove_room_or_publish(event, number, moves)
        editor.do_random_action(chance)
    editor.load()
    after = dict(editor.slots)

    undone = 0
    while editor.send("undo/") == 200:
        undone += 1
    start = dict(editor.slots)
    statuses = [editor.send("redo/") for _number in range(undone)]

    assert start == clear_removed_rooms(event, before)
    assert set(statuses) == {200}
    assert editor.slots == after


def test_undoing_all_commands_of_two_editors_in_reverse_restores_the_start(event, moves):
    chance, before = random.Random(18), HttpEditor(event).slots
    editors = [HttpEditor(event), HttpEditor(event)]
    for number in range(moves // 2):
        remove_room_or_publish(event, number, moves)
        for editor in editors:
            editor.move(chance)

    batches = list_moves(get_current_draft(event)).order_by("-batch").values_list("batch", flat=True)
    statuses = {editors[0].send("undo/", batch=batch) for batch in dict.fromkeys(batches)}

    editors[1].poll()
    assert statuses == {200}
    assert editors[0].slots == clear_removed_rooms(event, before)
    assert editors[1].slots == editors[0].slots
