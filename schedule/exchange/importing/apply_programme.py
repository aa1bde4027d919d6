"""Write a programme into an event: new sessions and changed fields, nothing else.

Texts and speakers are public as written; time, room and cancellation are changed in the current draft.
"""

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from convention.club.models import Person
from convention.events.models import Event
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import make_moves
from schedule.drafts.slot_state import SlotState
from schedule.editing.appearances import replace_appearances
from schedule.editing.draft_slots import overlay_draft
from schedule.exchange.load_programme import get_appearances, load_sessions
from schedule.exchange.parsed_programme import (
    TABLE_FORMATS,
    ParsedProgramme,
    ParsedSession,
    ScheduleFormat,
)
from schedule.exchange.parsing.validate import find_main_span
from schedule.exchange.writers.round_trip import build_round_trip
from schedule.models import Schedule, Session, Speaker

from .changes import SessionChange, describe_changes
from .differences import (
    COMPARED_FIELDS,
    ImportContext,
    choose_programme_day,
    find_daytime_dates,
    find_differences,
    list_session_speakers,
    to_stored_value,
)
from .match_sessions import (
    IdentifiedSession,
    KnownSession,
    fold_for_matching,
    generate_guid,
    list_passes_across_dates,
    list_passes_within_dates,
    match_sessions,
)
from .rooms_and_tracks import find_or_create_rooms, find_or_create_tracks
from .speakers import SpeakerMatcher

# Sessions may lie this far outside the dates of their event.
DATE_TOLERANCE = datetime.timedelta(days=1)
# The differences that go into the draft, by their names in differences.py.
SLOT_CHANGES: Final = frozenset({"room", "starts_at", "ends_at", "day", "cancelled_at"})


@dataclass(slots=True)
class ImportResult:
    """The outcome of an import.

    `changed_fields` are the names of all fields that changed, `states` the slots that change in the draft.
    """

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    missing: list[str] = field(default_factory=list)
    changed_fields: set[str] = field(default_factory=set)
    session_changes: list[SessionChange] = field(default_factory=list)
    states: dict[int, SlotState | None] = field(default_factory=dict)

    @property
    def has_changes(self) -> bool:
        return bool(self.added or self.changed_fields)


def apply_programme(
    programme: ParsedProgramme,
    identified_sessions: list[IdentifiedSession],
    *,
    event: Event,
    schedule: Schedule,
    author: Person | None,
) -> ImportResult:
    """Add and change sessions; sessions that are not in the file stay as they are."""
    # Compared with the draft. The rows are never saved as a whole, so the overlay stays in memory.
    sessions = overlay_draft(event, load_sessions(event))
    by_key = {session.pk: session for session in sessions}
    is_same_time = do_dates_overlap(programme, event)
    list_passes = list_passes_within_dates if is_same_time else list_passes_across_dates
    known_sessions = map(to_known_session, sessions)
    matched = match_sessions(identified_sessions, known_sessions, list_passes(event.zone))
    import_result = ImportResult()
    import_context = build_import_context(programme, event, schedule, import_result)
    new = [
        identified_session
        for position, identified_session in enumerate(identified_sessions)
        if position not in matched
    ]
    changes = [
        (by_key[matched[position]], identified_session)
        for position, identified_session in enumerate(identified_sessions)
        if position in matched
    ]
    add_sessions(new, sessions, import_context, import_result)
    change_sessions(changes, import_context, import_result)
    matched_ids = set(matched.values())
    import_result.missing = [
        session.title
        for session in sessions
        if session.pk not in matched_ids and is_exported(session, programme.format)
    ]
    update_schedule(programme, schedule, import_context, import_result)
    draft = get_current_draft(event, author=author)
    make_moves(draft=draft, states=import_result.states, author=author)
    return import_result


def do_dates_overlap(programme: ParsedProgramme, event: Event) -> bool:
    """Return whether the dates of the file and of the event overlap; false for another year."""
    if not programme.timed_sessions:
        return True
    first, last = find_main_span(programme.timed_sessions)
    return first <= event.ends_at + DATE_TOLERANCE and last >= event.starts_at - DATE_TOLERANCE


def is_exported(session: Session, file_format: ScheduleFormat) -> bool:
    """Return whether a file of the whole programme would contain the session.

    Other sessions are not reported as missing.
    """
    is_hidden = session.is_for_members and file_format not in TABLE_FORMATS
    return session.starts_at is not None and session.cancelled_at is None and not is_hidden


def to_known_session(session: Session) -> KnownSession:
    aliases = session.extra.get("aliases", [])
    return KnownSession(
        session.pk,
        session.guid,
        bool(session.extra.get("guid_made")),
        frozenset(filter(None, [session.source_id, *aliases])),
        session.title,
        frozenset(fold_for_matching(appearance.speaker.name) for appearance in get_appearances(session)),
        session.starts_at,
        session.room.name if session.room else "",
    )


def build_import_context(
    programme: ParsedProgramme, event: Event, schedule: Schedule, import_result: ImportResult
) -> ImportContext:
    """Find or create all rooms, tracks and speakers of the file."""
    parsed_sessions = programme.sessions
    round_trip = build_round_trip(programme.format, event)
    rooms, rooms_changed = find_or_create_rooms(
        event, programme.rooms, (parsed_session.room or "" for parsed_session in parsed_sessions)
    )
    tracks, tracks_changed = find_or_create_tracks(
        event, programme.tracks, (parsed_session.track or "" for parsed_session in parsed_sessions)
    )
    speaker_matcher = SpeakerMatcher(
        event, (person for parsed_session in parsed_sessions for person in parsed_session.speakers or ())
    )
    speakers, speakers_changed = speaker_matcher.find_or_create_speakers()
    changes = {"rooms": rooms_changed, "tracks": tracks_changed, "speakers": speakers_changed}
    import_result.changed_fields |= {name for name, changed in changes.items() if changed}
    days = find_daytime_dates(programme.timed_sessions, event, schedule)
    return ImportContext(event, schedule, rooms, tracks, speakers, round_trip, days)


def add_sessions(
    identified_sessions: list[IdentifiedSession],
    sessions: list[Session],
    import_context: ImportContext,
    import_result: ImportResult,
) -> None:
    """Create the sessions that the event does not have yet."""
    numbers = assign_numbers(identified_sessions, {session.number for session in sessions})
    used_guids = {session.guid for session in sessions}
    new = [
        build_session(identified_session, number, import_context)
        for identified_session, number in zip(identified_sessions, numbers, strict=True)
    ]
    import_starts = {
        session.number: identified_session.parsed_session.starts_at
        for session, identified_session in zip(new, identified_sessions, strict=True)
    }
    for session in new:
        # A session of the event that another entry of the file matched may have this guid.
        if session.guid in used_guids:
            starts_at = import_starts[session.number]
            session.guid = generate_guid(session.guid, starts_at, session.number)
    Session.objects.bulk_create(new, batch_size=200)
    replace_appearances(
        [
            (session, list_session_speakers(identified_session.parsed_session, import_context))
            for session, identified_session in zip(new, identified_sessions, strict=True)
        ]
    )
    import_result.added += [session.title for session in new]
    import_result.states |= {
        session.pk: build_new_state(identified_session.parsed_session, import_context)
        for session, identified_session in zip(new, identified_sessions, strict=True)
        if identified_session.parsed_session.has_start
    }


def assign_numbers(identified_sessions: list[IdentifiedSession], used_numbers: set[int]) -> list[int]:
    """Return a number for each session: that of the file if it is unused, else the next unused one.

    Numbers are unique in an event, and are the ids of the frab formats: known sessions never lose theirs.
    """
    used_numbers = set(used_numbers)
    wanted: list[int | None] = []
    for identified_session in identified_sessions:
        number = identified_session.parsed_session.number
        wanted.append(number if number and number not in used_numbers else None)
        used_numbers.add(number or 0)
    unused_numbers = (number for number in itertools.count(1) if number not in used_numbers)
    return [number or next(unused_numbers) for number in wanted]


def build_session(
    identified_session: IdentifiedSession, number: int, import_context: ImportContext
) -> Session:
    """Return an unsaved session without a time."""
    parsed_session = identified_session.parsed_session
    extra = dict(parsed_session.extra or ()) | (
        {"guid_made": True} if identified_session.is_guid_generated else {}
    )
    session = Session(
        event=import_context.event,
        guid=identified_session.guid,
        number=number,
        source_id=parsed_session.source_id,
        track=import_context.tracks.get(parsed_session.track or ""),
        role=parsed_session.role or Session.Role.TALK,
        planned_minutes=parsed_session.planned_minutes,
        extra=extra,
    )
    for name in COMPARED_FIELDS:
        value = getattr(parsed_session, name)
        if value is not None:
            setattr(session, name, to_stored_value(value))
    return session


def build_new_state(parsed_session: ParsedSession, import_context: ImportContext) -> SlotState:
    """Return the slot of a new session."""
    room = import_context.rooms.get(parsed_session.room or "")
    return SlotState(
        room_id=room.pk if room else None,
        starts_at=parsed_session.starts_at.astimezone(datetime.UTC),
        ends_at=(parsed_session.ends_at or parsed_session.starts_at).astimezone(datetime.UTC),
        day=parsed_session.day or choose_programme_day(parsed_session, import_context),
        is_cancelled=bool(parsed_session.is_cancelled),
    )


def build_changed_state(session: Session, changes: Mapping[str, Any]) -> SlotState | None:
    """Return the slot of a known session, overlaid with the draft, after the changes of a file."""
    starts_at = changes.get("starts_at", session.starts_at)
    if starts_at is None:
        return None
    ends_at = changes.get("ends_at", session.ends_at) or starts_at
    room = changes.get("room", session.room)
    return SlotState(
        room_id=room.pk if room else None,
        starts_at=starts_at.astimezone(datetime.UTC),
        ends_at=ends_at.astimezone(datetime.UTC),
        day=changes.get("day", session.day),
        is_cancelled=changes.get("cancelled_at", session.cancelled_at) is not None,
    )


def change_sessions(
    matched_sessions: list[tuple[Session, IdentifiedSession]],
    import_context: ImportContext,
    import_result: ImportResult,
) -> None:
    """Change the fields of known sessions that differ from the file."""
    sessions_to_save: list[Session] = []
    sessions_with_new_speakers: list[tuple[Session, list[Speaker]]] = []
    fields: set[str] = set()
    for session, identified_session in matched_sessions:
        has_new_aliases = remember_aliases(session, identified_session)
        changes = dict(find_differences(session, identified_session.parsed_session, import_context))
        import_result.session_changes += describe_changes(
            session, changes, identified_session.parsed_session, import_context
        )
        # An empty list, if the file removes the last speaker, is a change too.
        if changes.pop("speakers", None) is not None:
            sessions_with_new_speakers.append(
                (session, list_session_speakers(identified_session.parsed_session, import_context))
            )
            import_result.changed_fields.add("appearances")
            # bulk_update needs at least one column: for changed speakers alone, that is the same title.
            changes.setdefault("title", session.title)
        slot_changes = {name: changes.pop(name) for name in SLOT_CHANGES & changes.keys()}
        if slot_changes:
            import_result.states[session.pk] = build_changed_state(session, slot_changes)
        for name, value in changes.items():
            setattr(session, name, value)
        # Aliases are not shown anywhere: they are saved, but are not reported and raise no revision.
        if changes or has_new_aliases:
            sessions_to_save.append(session)
            fields |= changes.keys() | ({"extra"} if has_new_aliases else set())
        changed_names = changes.keys() | slot_changes.keys()
        import_result.changed_fields |= changed_names
        import_result.unchanged += not changed_names
        if changed_names:
            import_result.changed.append(session.title)
    replace_appearances(sessions_with_new_speakers)
    if sessions_to_save:
        Session.objects.bulk_update(sessions_to_save, sorted(fields), batch_size=50)


def remember_aliases(session: Session, identified_session: IdentifiedSession) -> bool:
    """Store the other ids that a file has for a session, so that the next import finds it by them.

    Return whether any was new. A generated guid is not stored, since it follows from the title or id.
    """
    aliases = list(session.extra.get("aliases", []))
    known = {str(session.guid), session.source_id, *aliases}
    if identified_session.guid == session.guid:
        return False
    names = [
        identified_session.parsed_session.source_id,
        "" if identified_session.is_guid_generated else str(identified_session.guid),
    ]
    added = [name for name in names if name and name not in known]
    if added:
        session.extra = {**session.extra, "aliases": [*aliases, *added]}
    return bool(added)


def update_schedule(
    programme: ParsedProgramme, schedule: Schedule, import_context: ImportContext, import_result: ImportResult
) -> None:
    """Update the schedule's own fields from the file, but for the version: publishing sets it."""
    changes = {
        name: value
        for name in ("acronym", "base_url", "slot_minutes")
        if (value := getattr(programme.header, name)) is not None
        # A value that equals our own export's is no change, though the export may differ from the column.
        and value not in (getattr(schedule, name), getattr(import_context.round_trip.header, name))
    }
    if changes:
        Schedule.objects.filter(pk=schedule.pk).update(**changes)
        import_result.changed_fields |= changes.keys()
