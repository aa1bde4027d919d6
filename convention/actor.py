"""The acting person and channel, set once per request, command, task or device."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Actor:
    """The acting person (None for visitors, commands and tasks), the channel and the request's id."""

    person_id: int | None = None
    channel: str = "command"
    request_id: str = ""


ANONYMOUS_ACTOR = Actor()
current_actor: ContextVar[Actor] = ContextVar("current_actor", default=ANONYMOUS_ACTOR)


@contextmanager
def unsigned_actions() -> Iterator[None]:
    """Record actions without a person, as where reading a page brings data up to date."""
    token = current_actor.set(replace(current_actor.get(), person_id=None))
    try:
        yield
    finally:
        current_actor.reset(token)
