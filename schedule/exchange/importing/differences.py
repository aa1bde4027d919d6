"""Compare a session of the event with the file."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from convention.events.models import Event, Room
from schedule.exchange.load_programme import get_appearances, list_parsed_speakers, to_parsed_session
from schedule.exchange.parsed_programme import ParsedSession, ParsedSpeaker
from schedule.exchange.writers.own_pages import get_stored_url
from schedule.exchange.writers.round_trip import RoundTrip
from schedule.models import Schedule, Session, Speaker, Track
from schedule.programme.days import get_programme_day

COMPARED_FIELDS = (
    *("title", "subtitle", "kind", "language", "abstract", "description", "slug", "url"),
    *("recording_license", "recording_optout", "links", "attachments", "is_for_members"),
)


@dataclass(frozen=True, slots=True)
class ImportContext:
    """The rows that sessions refer to, found or created for the whole file."""

    event: Event
    schedule: Schedule
    rooms: dict[str, Room]
    tracks: dict[str, Track]
    speakers: dict[ParsedSpeaker, Speaker]
    round_trip: RoundTrip
    daytime_dates: frozenset[datetime.date]


def find_differences(
    session: Session, parsed_session: ParsedSession, import_context: ImportContext
) -> Iterator[tuple[str, object]]:
    """Yield the names and new values of fields that differ; `speakers` means the appearances."""
    # A value equal to either is no change: our export, which cannot carry every value, may be the file.
    own = to_parsed_session(session, list_parsed_speakers(session))
    round_trip_session = import_context.round_trip(session)
    for name in COMPARED_FIELDS:
        value = (
            getattr(parsed_session, name)
            if name != "url"
            else get_stored_url(parsed_session, import_context.event)
        )
        if value is not None and value not in (getattr(own, name), getattr(round_trip_session, name)):
            yield name, to_stored_value(import_context.round_trip.strip_known_text(name, value, own))
    yield from find_slot_differences(session, parsed_session, round_trip_session, import_context)
    track = import_context.tracks.get(parsed_session.track or "")
    is_track_edited = parsed_session.track not in (None, round_trip_session.track)
    if is_track_edited and (track and track.pk) != session.track_id:
        yield "track", track
    extra = {**session.extra, **dict(parsed_session.extra or ())}
    if extra != session.extra and parsed_session.extra != round_trip_session.extra:
        yield "extra", extra
    if parsed_session.speakers is not None:
        speakers = [speaker.pk for speaker in list_session_speakers(parsed_session, import_context)]
        if speakers != [appearance.speaker_id for appearance in get_appearances(session)]:
            yield "speakers", speakers


def find_slot_differences(
    session: Session,
    parsed_session: ParsedSession,
    round_trip_session: ParsedSession,
    import_context: ImportContext,
) -> Iterator[tuple[str, object]]:
    """Yield time, room and cancellation where they differ; of a session without a time, its length."""
    # A list without starts says nothing about sessions that were placed since.
    has_new_start = parsed_session.has_start and parsed_session.starts_at != round_trip_session.starts_at
    if session.starts_at is None and not has_new_start:
        if parsed_session.planned_minutes not in (None, session.planned_minutes):
            yield "planned_minutes", parsed_session.planned_minutes
        return
    if parsed_session.has_start:
        yield from find_time_differences(session, parsed_session, round_trip_session, import_context)
    room = import_context.rooms.get(parsed_session.room or "")
    # Our export has the published room, which must not undo a move that waits in the draft.
    is_room_edited = parsed_session.room not in (None, round_trip_session.room)
    if is_room_edited and (room and room.pk) != session.room_id:
        yield "room", room
    is_cancelled = session.cancelled_at is not None
    # Our calendar of a cancelled event marks every session, which must not cancel them one by one.
    if parsed_session.is_cancelled not in (None, is_cancelled, round_trip_session.is_cancelled):
        yield "cancelled_at", timezone.now() if parsed_session.is_cancelled else None


def find_time_differences(
    session: Session,
    parsed_session: ParsedSession,
    round_trip_session: ParsedSession,
    import_context: ImportContext,
) -> Iterator[tuple[str, object]]:
    """Yield start, end and programme day where they differ."""
    other_start = parsed_session.starts_at not in (session.starts_at, round_trip_session.starts_at)
    if other_start:
        yield "starts_at", parsed_session.starts_at
    ends_at = choose_end(session, parsed_session, round_trip_session)
    same_end = ends_at in (session.ends_at or session.starts_at, round_trip_session.ends_at)
    if other_start or not same_end:
        yield "ends_at", ends_at
    day = parsed_session.day
    # People who move a session in a table change its start and forget its day.
    is_stale = import_context.round_trip.is_table and other_start and day == round_trip_session.day
    if day is None or is_stale:
        day = choose_programme_day(parsed_session, import_context) if other_start else session.day
    # A session without a stored day is exported with a computed one, which is no change.
    if day not in (session.day, round_trip_session.day if session.day is None else session.day):
        yield "day", day


def choose_end(
    session: Session, parsed_session: ParsedSession, round_trip_session: ParsedSession
) -> datetime.datetime:
    """Return the end of a session: that of the file, unless only its duration or start was edited."""
    # Without an end in the file, a moved session keeps its length, and a new one has that planned for it.
    if parsed_session.ends_at is None:
        planned = datetime.timedelta(minutes=session.planned_minutes or 0)
        return parsed_session.starts_at + (session.duration if session.starts_at else planned)
    is_end_edited = parsed_session.ends_at != round_trip_session.ends_at
    if parsed_session.stated_duration is None or is_end_edited:
        return parsed_session.ends_at
    return parsed_session.starts_at + parsed_session.stated_duration


def to_stored_value(value: object) -> object:
    """Return links in the shape of the database, anything else unchanged."""
    return [link.to_stored_value() for link in value] if isinstance(value, tuple) else value


def choose_programme_day(parsed_session: ParsedSession, import_context: ImportContext) -> datetime.date:
    """Return the programme day of a session, for formats without days.

    Sessions before the day starts belong to the day before, if anything takes place in its daytime:
    otherwise an early session would add a day without any other session.
    """
    date = parsed_session.starts_at.astimezone(import_context.event.zone).date()
    day = get_programme_day(
        parsed_session.starts_at, import_context.event.zone, import_context.schedule.day_starts_at
    )
    return day if day in import_context.daytime_dates else date


def find_daytime_dates(
    parsed_sessions: Iterable[ParsedSession], event: Event, schedule: Schedule
) -> frozenset[datetime.date]:
    """Return the dates on which a session begins after the start of the day."""
    local = (parsed_session.starts_at.astimezone(event.zone) for parsed_session in parsed_sessions)
    return frozenset(start.date() for start in local if start.time() >= schedule.day_starts_at)


def list_session_speakers(parsed_session: ParsedSession, import_context: ImportContext) -> list[Speaker]:
    """Return the distinct speakers in order."""
    speakers = [import_context.speakers[person] for person in parsed_session.speakers or ()]
    return list(dict.fromkeys(speakers))
