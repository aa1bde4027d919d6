"""Removals concurrent with other requests: one waits for the other, and neither fails on commit."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from convention.events.models import Event, Room
from schedule.drafts.current_draft import get_current_draft
from schedule.models import Session
from tests.factories import make_room, make_session
from tests.schedule.api.programs import Program, make_planned_event, make_program
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
TIMES: Final = {"starts_at": "2027-06-16T10:00:00+02:00", "ends_at": "2027-06-16T10:45:00+02:00"}
ROUNDS: Final = 6

type ApiCall = tuple[str, str, Any]


def build_placement_call(event: Event, session: Session, room: Room | None) -> ApiCall:
    slot = {"session": str(session.guid), "room": room and room.pk, **TIMES}
    return "POST", "draft/slots/", {"seen_revision": get_current_draft(event).revision, "slots": [slot]}


def build_update_call(_event: Event, session: Session, room: Room) -> ApiCall:
    return "PATCH", f"sessions/{session.guid}/", {"room": room.pk, **TIMES}


def build_creation_call(_event: Event, _session: Session, room: Room) -> ApiCall:
    return "POST", "sessions/", {"title": "Atelier", "room": room.pk, **TIMES}


def build_rename_call(_event: Event, session: Session, _room: Room) -> ApiCall:
    return "PATCH", f"sessions/{session.guid}/", {"title": "Atelier", "speakers": ["Ada Byron"]}


def build_follow_call(event: Event, session: Session, _room: Room) -> ApiCall:
    other = event.sessions.exclude(pk=session.pk).first() or make_session(event, number=100, starts_at=None)
    return "PATCH", f"sessions/{other.guid}/", {"follows": str(session.guid)}


def send_at_once(program: Program, *calls: ApiCall) -> list[Any]:
    return run_in_threads([lambda call=call: program.send(*call).status_code for call in calls])


@pytest.mark.parametrize("make_call", [build_placement_call, build_update_call, build_creation_call])
def test_a_room_is_removed_while_a_session_is_placed_in_it(make_call: Callable[..., ApiCall]):
    event = make_planned_event()
    program = make_program(event)
    for number in range(ROUNDS):
        session, room = make_session(event, starts_at=None), make_room(event, name=f"Room {number}")
        call = make_call(event, session, room)

        answers = send_at_once(program, call, ("DELETE", f"rooms/{room.pk}/?confirmed=true", None))

        assert answers[0] in {200, 201, 404, 422}
        assert answers[1] == 200


@pytest.mark.parametrize("make_call", [build_placement_call, build_rename_call, build_follow_call])
def test_a_session_is_removed_while_it_is_changed(make_call: Callable[..., ApiCall]):
    event = make_planned_event()
    program = make_program(event)
    for number in range(ROUNDS):
        session, room = make_session(event, starts_at=None), make_room(event, name=f"Room {number}")
        call = make_call(event, session, room)

        answers = send_at_once(program, call, ("DELETE", f"sessions/{session.guid}/", None))

        assert answers[0] in {200, 404, 422}
        assert answers[1] == 200
