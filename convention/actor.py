"""The acting person and channel, set once per request, command, task or device."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The acting person (None for visitors, commands and tasks), the channel and the request's id."""

    person_id: int | None = None
    channel: str = "command"
    request_id: str = ""


ANONYMOUS_ACTOR = Actor()
current_actor: ContextVar[Actor] = ContextVar("current_actor", default=ANONYMOUS_ACTOR)
