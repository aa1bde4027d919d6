"""What each format carries of a session: how its own file would read back."""

from dataclasses import dataclass

from convention.events.models import Event

from ...models import Session
from ..programme import Format, Head, Talk
from ..stored import head_of, talk_of


@dataclass(frozen=True, slots=True)
class Carried:
    """Reads a session as a file of this format would give it back.

    An import changes a field only where the file says something else than this, so importing what
    we export changes nothing, whatever a format leaves out or writes in another way.
    """

    format: Format
    head: Head

    def __call__(self, session: Session) -> Talk:
        """The talk that reading our own file would give."""
        return talk_of(session)

    def absorbed(self, name: str, value: object, own: Talk) -> object:
        """The value to keep of a field that differs."""
        return value


def carried_by(fmt: Format, event: Event) -> Carried:
    """The view of that format on this event's sessions."""
    return Carried(fmt, head_of(event))
