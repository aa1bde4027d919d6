"""Who acts and through what: set once per request, command, task or device."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """The acting person (none for a visitor, command or task), the means, and the request's id."""

    person_id: int | None = None
    means: str = "command"
    request_id: str = ""


NOBODY = Actor()
current_actor: ContextVar[Actor] = ContextVar("current_actor", default=NOBODY)
