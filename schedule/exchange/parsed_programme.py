"""Plain data of a programme, between files and the database.

In a `ParsedSession`, None means that the format does not carry the field, and "" that the field is empty.
"""

import datetime
import enum
import uuid
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .import_notes import ImportNote

MAX_SESSIONS = 5_000
# Several times the largest real files. An import locks the event, so other changes wait for its end.
MAX_SPEAKERS, MAX_APPEARANCES = 10_000, 30_000

# The start of a session without a time, since a ParsedSession always has one; no file states it.
NO_START = datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)


class ScheduleFormat(enum.StrEnum):
    FRAB_XML = "frab-xml"
    FRAB_JSON = "frab-json"
    FRAB_JSON_2 = "frab-json-2"
    ICALENDAR = "ics"
    CSV = "csv"
    XLSX = "xlsx"
    SESSIONIZE = "sessionize"
    KOTLINCONF = "kotlinconf"

    @property
    def label(self) -> str | Promise:
        return FORMAT_LABELS[self]


FORMAT_LABELS: dict[ScheduleFormat, str | Promise] = {
    ScheduleFormat.FRAB_XML: _("frab or Pentabarf XML"),
    ScheduleFormat.FRAB_JSON: _("frab JSON"),
    ScheduleFormat.FRAB_JSON_2: _("frab JSON, version 2"),
    ScheduleFormat.ICALENDAR: _("iCalendar"),
    ScheduleFormat.CSV: _("Table (CSV)"),
    ScheduleFormat.XLSX: _("Workbook (XLSX)"),
    ScheduleFormat.SESSIONIZE: _("Sessionize JSON"),
    ScheduleFormat.KOTLINCONF: _("KotlinConf JSON"),
}
# Organizers' own tables, which also have what the public does not see.
TABLE_FORMATS = frozenset([ScheduleFormat.CSV, ScheduleFormat.XLSX])


@dataclass(frozen=True, slots=True)
class ParsedSpeaker:
    """A speaker, known by guid, by the source's id, or by name alone."""

    name: str
    guid: uuid.UUID | None = None
    source_id: str = ""
    biography: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedLink:
    """A link or an attachment of a session."""

    url: str
    title: str = ""
    kind: str = ""
    service: str = ""

    def to_stored_value(self) -> dict[str, str]:
        """Return the shape of the database: `url`, and `title`, `type` and `service` where known."""
        values = {"url": self.url, "title": self.title, "type": self.kind, "service": self.service}
        return {name: value for name, value in values.items() if value or name == "url"}


@dataclass(frozen=True, slots=True)
class ParsedSession:
    """A session; its times are aware, and `ends_at` is never before `starts_at`.

    Tuples make it hashable: equal entries of a file are found by hash (validate.py).
    """

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
    # Of new sessions only: organizers may give a known one another role.
    role: str | None = None
    language: str | None = None
    abstract: str | None = None
    description: str | None = None
    slug: str | None = None
    url: str | None = None
    speakers: tuple[ParsedSpeaker, ...] | None = None
    links: tuple[ParsedLink, ...] | None = None
    attachments: tuple[ParsedLink, ...] | None = None
    recording_license: str | None = None
    recording_optout: bool | None = None
    is_cancelled: bool | None = None
    is_for_members: bool | None = None
    extra: tuple[tuple[str, str], ...] | None = None
    # Only if it contradicts `ends_at`: people who edit a table change one of them and forget the other.
    stated_duration: datetime.timedelta | None = None
    # Of sessions without a time, whose length is in no slot.
    planned_minutes: int | None = None
    # Of our own exports: how often time, room or state changed.
    sequence: int = 0

    @property
    def has_start(self) -> bool:
        return self.starts_at != NO_START


@dataclass(frozen=True, slots=True)
class ParsedRoom:
    name: str
    guid: str = ""
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class ParsedTrack:
    name: str
    slug: str = ""
    color: str = ""


@dataclass(frozen=True, slots=True)
class ParsedHeader:
    """Data of the whole programme; None or "" where the file does not say."""

    title: str = ""
    acronym: str | None = None
    version: str | None = None
    base_url: str | None = None
    zone_name: str = ""
    day_starts_at: datetime.time | None = None
    slot_minutes: int | None = None
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    revision: int = 0
    changed_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class ParsedProgramme:
    """A whole programme with the notes taken while reading it."""

    format: ScheduleFormat
    header: ParsedHeader
    sessions: tuple[ParsedSession, ...]
    rooms: tuple[ParsedRoom, ...] = ()
    tracks: tuple[ParsedTrack, ...] = ()
    notes: tuple[ImportNote, ...] = field(default=())

    @property
    def timed_sessions(self) -> tuple[ParsedSession, ...]:
        return tuple(parsed_session for parsed_session in self.sessions if parsed_session.has_start)
