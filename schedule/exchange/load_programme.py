"""Load the programme of an event as plain data."""

import datetime
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Prefetch

from convention.events.cancellations import find_cancellation_time, format_cancelled_title
from convention.events.models import Event, Room
from schedule.models import ProgrammeAudience, Schedule, Session, SessionSpeaker, Track

from .parsed_programme import (
    NO_START,
    TABLE_FORMATS,
    ParsedHeader,
    ParsedLink,
    ParsedProgramme,
    ParsedRoom,
    ParsedSession,
    ParsedSpeaker,
    ParsedTrack,
    ScheduleFormat,
)
from .parsing import clean_values
from .parsing.frab_entry import EXTRA_FIELDS


def load_programme(
    event: Event, file_format: ScheduleFormat, *, audience: ProgrammeAudience
) -> ParsedProgramme:
    """Load the programme that an audience sees: published sessions that are not cancelled.

    iCalendar files include cancelled sessions, which their STATUS marks; if the event is cancelled, all are.
    Tables, which are for organizers only, include cancelled sessions, those for members only and, at the end,
    those without a time.
    """
    if file_format in TABLE_FORMATS:
        audience = ProgrammeAudience.MEMBERS
    rooms, tracks, speakers = list(event.rooms.all()), list(event.tracks.all()), load_parsed_speakers(event)
    sessions = [
        session for session in load_sessions_with(event, rooms, tracks) if session.is_visible_to(audience)
    ]

    def parse(session: Session) -> ParsedSession:
        return to_parsed_session(session, speakers.get(session.pk, ()))

    cancelled_at = find_cancellation_time(event)
    exported_sessions = (session for session in sessions if session.is_published)
    if file_format is not ScheduleFormat.ICALENDAR and file_format not in TABLE_FORMATS:
        exported_sessions = (session for session in exported_sessions if not session.cancelled_at)
    parsed_sessions = tuple(sorted(map(parse, exported_sessions), key=get_session_sort_key))
    if file_format in TABLE_FORMATS:
        parsed_sessions += tuple(parse(session) for session in sessions if not session.starts_at)
    if cancelled_at and file_format is ScheduleFormat.ICALENDAR:
        # Calendars ignore an entry whose SEQUENCE they have seen already.
        parsed_sessions = tuple(
            replace(session, is_cancelled=True, sequence=session.sequence + 1) for session in parsed_sessions
        )
    room_names = {parsed_session.room for parsed_session in parsed_sessions}
    track_names = {parsed_session.track for parsed_session in parsed_sessions}
    return ParsedProgramme(
        file_format,
        load_header(event, cancelled_at=cancelled_at),
        parsed_sessions,
        tuple(ParsedRoom(room.name, room.guid, room.capacity) for room in rooms if room.name in room_names),
        tuple(
            ParsedTrack(track.name, track.slug, track.shown_color)
            for track in tracks
            if track.name in track_names
        ),
    )


def get_session_sort_key(parsed_session: ParsedSession) -> tuple[datetime.datetime, str, str, int]:
    """Return the key that all exports are sorted by: time, room, title."""
    return (
        parsed_session.starts_at,
        parsed_session.room or "",
        parsed_session.title,
        parsed_session.number or 0,
    )


def load_sessions_with(event: Event, rooms: Iterable[Room], tracks: Iterable[Track]) -> list[Session]:
    """Load all sessions with rooms and tracks that are loaded already, which sessions share: one query."""
    rooms_by_pk, tracks_by_pk = {room.pk: room for room in rooms}, {track.pk: track for track in tracks}
    sessions = list(Session.objects.filter(event=event).order_by("number"))
    for session in sessions:
        if room := rooms_by_pk.get(session.room_id):
            session.room = room
        if track := tracks_by_pk.get(session.track_id):
            session.track = track
    return sessions


def load_parsed_speakers(event: Event) -> dict[int, tuple[ParsedSpeaker, ...]]:
    """Return each session's speakers in order: one query, without model instances."""
    columns = ("name", "guid", "source_id", "biography", "url")
    rows = SessionSpeaker.objects.filter(session__event=event).order_by("position", "pk")
    speakers: dict[int, tuple[ParsedSpeaker, ...]] = {}
    for pk, *values in rows.values_list("session_id", *(f"speaker__{column}" for column in columns)):
        speakers[pk] = (*speakers.get(pk, ()), ParsedSpeaker(*values))
    return speakers


def load_sessions(event: Event) -> list[Session]:
    """Load all sessions with room, track and speakers, in two queries; read speakers by `get_appearances`."""
    appearances = SessionSpeaker.objects.select_related("speaker").order_by("position", "pk")
    return list(
        Session.objects.filter(event=event)
        .select_related("room", "track")
        .prefetch_related(Prefetch("appearances", queryset=appearances, to_attr="ordered_appearances"))
        .order_by("number")
    )


def get_appearances(session: Session) -> list[SessionSpeaker]:
    """Return the speakers in order, of a session loaded by `load_sessions`."""
    appearances: list[SessionSpeaker] = vars(session)["ordered_appearances"]
    return appearances


def load_header(event: Event, *, cancelled_at: datetime.datetime | None = None) -> ParsedHeader:
    """Load the header of the programme; the title of a cancelled event is marked as cancelled."""
    schedule = Schedule.load(event)
    return ParsedHeader(
        # The name and not the title in the active language: only localize_programme depends on a language.
        title=format_cancelled_title(event.name) if cancelled_at else event.name,
        acronym=schedule.acronym,
        version=schedule.version,
        base_url=schedule.base_url,
        zone_name=event.timezone,
        day_starts_at=schedule.day_starts_at,
        slot_minutes=schedule.slot_minutes,
        first_day=event.starts_at.astimezone(event.zone).date(),
        last_day=event.ends_at.astimezone(event.zone).date(),
        revision=schedule.revision,
        changed_at=schedule.changed_at,
    )


def to_parsed_session(session: Session, speakers: tuple[ParsedSpeaker, ...]) -> ParsedSession:
    """Convert a session; one without a start gets the beginning of time."""
    starts_at = session.starts_at or NO_START
    return ParsedSession(
        title=session.title,
        starts_at=starts_at.astimezone(datetime.UTC),
        ends_at=(session.ends_at or starts_at).astimezone(datetime.UTC),
        day=session.day,
        guid=session.guid,
        source_id=session.source_id,
        number=session.number,
        room=session.room.name if session.room else "",
        track=session.track.name if session.track else "",
        subtitle=session.subtitle,
        kind=session.kind,
        language=session.language,
        abstract=session.abstract,
        description=session.description,
        slug=session.slug,
        url=session.url,
        speakers=speakers,
        links=list_parsed_links(session.links),
        attachments=list_parsed_links(session.attachments),
        recording_license=session.recording_license,
        recording_optout=session.recording_optout,
        is_cancelled=session.cancelled_at is not None,
        sequence=session.sequence,
        is_for_members=session.is_for_members,
        planned_minutes=None if session.starts_at else session.planned_minutes,
        # Only these fields: `extra` also has ids that imports stored, which are not exported.
        extra=tuple((name, str(session.extra[name])) for name in EXTRA_FIELDS if session.extra.get(name)),
    )


def list_parsed_speakers(session: Session) -> tuple[ParsedSpeaker, ...]:
    speakers = [appearance.speaker for appearance in get_appearances(session)]
    return tuple(
        ParsedSpeaker(speaker.name, speaker.guid, speaker.source_id, speaker.biography, speaker.url)
        for speaker in speakers
    )


def list_parsed_links(stored_links: Iterable[object]) -> tuple[ParsedLink, ...]:
    """Convert stored links; those without an address are dropped."""
    # The column is JSON without a schema, so items may have any shape.
    links = (item for item in stored_links if isinstance(item, dict) and item.get("url"))
    return tuple(
        ParsedLink(
            *(
                clean_values.value_to_text(item.get(name)) or ""
                for name in ("url", "title", "type", "service")
            )
        )
        for item in links
    )
