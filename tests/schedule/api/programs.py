"""A program with a token, and what it sends."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from convention.api.tokens import create_token
from convention.club.models import Person
from convention.events.models import Event
from schedule.models import Session
from tests.factories import make_event, make_staff

STARTS_AT = datetime.datetime(2027, 6, 16, 8, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)
BOTH_SCOPES = ("schedule:read", "schedule:write")


def make_planned_event(slug: str = "x", **fields: Any) -> Event:
    return make_event(
        slug=slug, starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=2), **fields
    )


@dataclass(frozen=True)
class Program:
    """Sends JSON to the API of one event with the token of a person; without a token, anonymously."""

    slug: str
    token: str = ""

    def send(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        data = "" if body is None else json.dumps(body)
        address = f"/api/v1/events/{self.slug}/{path}"
        headers["accept-language"] = "en"
        if key:
            headers["idempotency-key"] = key
        return Client().generic(method, address, data, content_type="application/json", headers=headers)

    def get(self, path: str) -> Any:
        return self.send("GET", path)

    def post(self, path: str, body: Any, *, key: str = "") -> Any:
        return self.send("POST", path, body, key=key)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)


def make_program(event: Event, *, person: Person | None = None, scopes: Any = BOTH_SCOPES) -> Program:
    """Return a program of that person, of a new organizer of the event by default."""
    owner = person or make_staff(event)
    _row, token = create_token(person_id=owner.pk, name="program", scopes=scopes)
    return Program(event.slug, token)


def make_move(session: Session, minutes: int = 0, *, room: int | None = None, **more: Any) -> dict[str, Any]:
    """Return a move of a session to some minutes after the start of the event."""
    starts_at = STARTS_AT + minutes * MINUTE
    times = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + 50 * MINUTE).isoformat()}
    return {"session": str(session.guid), "room": room, **times, **more}


def move(program: Program, *slots: dict[str, Any], seen: int = 0) -> Any:
    return program.post("draft/slots/", {"seen_revision": seen, "slots": list(slots)})
