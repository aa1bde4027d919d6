"""What each format carries of an event's sessions: how its own file would read back."""

import uuid
from dataclasses import dataclass, field

from convention.events.models import Event

from ...models import Session
from ..programme import Format, Head, Programme, Talk
from ..stored import programme_of, talk_of
from .own_pages import with_own_pages
from .shapes import absorbed, flat, formed


@dataclass(frozen=True, slots=True)
class Carried:
    """Gives a session as a file of this format would give it back.

    An import changes a field only where the file says something else than this, so importing what
    we export changes nothing, whatever a format leaves out or writes in another way.
    """

    format: Format
    head: Head
    talks: dict[uuid.UUID | None, Talk] = field(default_factory=dict)

    def __call__(self, session: Session) -> Talk:
        """The talk that reading our own file would give."""
        return self.talks.get(session.guid) or talk_of(session)

    def absorbed(self, name: str, value: object, own: Talk) -> object:
        """The value to keep of a field that differs; unchanged, where a calendar repeats the rest."""
        if self.format is not Format.ICALENDAR or name != "description" or not isinstance(value, str):
            return value
        text = absorbed(value, own)
        return own.description if text == flat(own.description or "") else text


def carried_by(fmt: Format, event: Event) -> Carried:
    """The view of that format on this event's sessions."""
    programme = written_programme(event, fmt)
    return Carried(fmt, programme.head, {talk.guid: talk for talk in programme.talks})


def written_programme(event: Event, fmt: Format) -> Programme:
    """Exactly what a file of that format says of the event."""
    fmt = Format.FRAB_JSON if fmt is Format.FRAB_JSON_2 else fmt
    return formed(with_own_pages(programme_of(event, fmt), event))
