"""A programme as plain data, between files and the database.

In a `Talk`, None means that the file does not carry the field, and empty that it says "nothing".
"""

import datetime
import enum
import uuid
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .notes import Note

MOST_TALKS = 5_000
MOST_SPEAKERS, MOST_APPEARANCES = 10_000, 30_000
"""Several times what the largest real files hold; all of it is written while others wait."""


class Format(enum.StrEnum):
    """The formats that we read and write."""

    FRAB_XML = "frab-xml"
    FRAB_JSON = "frab-json"
    FRAB_JSON_2 = "frab-json-2"
    ICALENDAR = "ics"

    @property
    def label(self) -> str | Promise:
        """What a person calls it."""
        return LABELS[self]


LABELS: dict[Format, str | Promise] = {
    Format.FRAB_XML: _("frab or Pentabarf XML"),
    Format.FRAB_JSON: _("frab JSON"),
    Format.FRAB_JSON_2: _("frab JSON, version 2"),
    Format.ICALENDAR: _("iCalendar"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who speaks; known by guid, by the source's id, or by name alone."""

    name: str
    guid: uuid.UUID | None = None
    source_id: str = ""
    biography: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link or an attachment of a session."""

    url: str
    title: str = ""
    kind: str = ""
    service: str = ""

    def stored(self) -> dict[str, str]:
        """The shape in the database: `url` always, `title`, `type` and `service` where known."""
        values = {"url": self.url, "title": self.title, "type": self.kind, "service": self.service}
        return {name: value for name, value in values.items() if value or name == "url"}


@dataclass(frozen=True, slots=True)
class Talk:
    """One session. Times are aware; `ends_at` is never before `starts_at`."""

    title: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime | None = None
    day: datetime.date | None = None
    guid: uuid.UUID | None = None
    source_id: str = ""
    number: int | None = None
    room: str | None = None
    track: str | None = None
    subtitle: str | None = None
    kind: str | None = None
    language: str | None = None
    abstract: str | None = None
    description: str | None = None
    slug: str | None = None
    url: str | None = None
    persons: tuple[Person, ...] | None = None
    links: tuple[Link, ...] | None = None
    attachments: tuple[Link, ...] | None = None
    recording_license: str | None = None
    recording_optout: bool | None = None
    cancelled: bool | None = None
    extra: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A room as a file describes it."""

    name: str
    guid: str = ""
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A track as a file describes it."""

    name: str
    slug: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What holds for the whole programme. None or empty where the file does not say."""

    title: str = ""
    acronym: str | None = None
    version: str | None = None
    base_url: str | None = None
    zone: str = ""
    day_starts: datetime.time | None = None
    slot_minutes: int | None = None
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    revision: int = 0
    changed_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Programme:
    """A whole programme and what was noted while it was read."""

    format: Format
    head: Head
    talks: tuple[Talk, ...]
    places: tuple[Place, ...] = ()
    threads: tuple[Thread, ...] = ()
    notes: tuple[Note, ...] = field(default=())
