"""Import a schedule file into an event."""

import datetime
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import ConflictKind
from schedule.conflicts.load import load_published_sessions
from schedule.editing.revision import raise_revision
from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedProgramme
from schedule.exchange.parsing.validate import find_main_span
from schedule.exchange.read_schedule import read_schedule
from schedule.models import Schedule

from .apply_programme import ImportResult, apply_programme
from .match_sessions import identify_sessions
from .report import ImportReport

OUTSIDE_MARGIN = ONE_DAY = datetime.timedelta(days=1)
# Headers of real files are sometimes those of another year (EMF 2018's says 2020).
MAX_HEADER_GAP = datetime.timedelta(days=7)
END_OF_DAY = datetime.time(23, 59)
# The characters of <slug:event> in urls.py, and the length of the column.
SLUG_PATTERN = re.compile(r"[-a-zA-Z0-9_]{1,80}")


def import_schedule(*, slug: str, data: bytes) -> ImportReport:
    """Import a file into the event with that slug, which is created if it is missing.

    Known sessions are updated in the fields that the format carries; sessions missing from the file stay
    and are reported. Importing the same file again changes nothing. Raise UnreadableFile, before anything is
    changed, for a file without any usable content.

    The file is parsed in this process, which suits commands; pages call `read_schedule_apart` and
    `import_programme`.
    """
    return import_programme(slug=slug, programme=read_schedule(data, event_zone=get_event_zone(slug)))


def preview_schedule(*, slug: str, data: bytes) -> ImportReport:
    """Return what `import_schedule` would do, without saving anything."""
    return preview_programme(slug=slug, programme=read_schedule(data, event_zone=get_event_zone(slug)))


def get_event_zone(slug: str) -> zoneinfo.ZoneInfo | None:
    """Return the event's time zone, None if there is no event. Raise ConventionError for an invalid slug."""
    if not SLUG_PATTERN.fullmatch(slug):
        raise ConventionError(
            _("“%(slug)s” cannot be an event's address: use letters without accents, digits and hyphens.")
            % {"slug": slug[:100]}
        )
    event = Event.objects.filter(slug=slug).first()
    return event.zone if event else None


@transaction.atomic
def import_programme(*, slug: str, programme: ParsedProgramme) -> ImportReport:
    """Import a parsed programme into the event with that slug, as `import_schedule` does."""
    # Two imports at once would create the same sessions twice; add_session locks the event for its numbers.
    event = Event.objects.select_for_update().filter(slug=slug).first()
    if event:
        return import_into_event(programme, event=event)
    return replace(import_into_event(programme, event=create_event(slug, programme)), is_event_created=True)


@transaction.atomic
def preview_programme(*, slug: str, programme: ParsedProgramme) -> ImportReport:
    """Return what `import_programme` would do, without saving anything."""
    report = import_programme(slug=slug, programme=programme)
    # The real import runs and is rolled back, so a preview cannot differ from it.
    transaction.set_rollback(True)
    return report


def create_event(slug: str, programme: ParsedProgramme) -> Event:
    """Create a public convention for the file. Raise UnreadableFile if it contains no session."""
    if not programme.sessions:
        raise UnreadableFile(_("This file holds no session with a title and a start: no event was made."))
    starts_at, ends_at = choose_event_dates(programme)
    return Event.objects.create(
        slug=slug,
        name=programme.header.title or slug,
        visibility=Event.Visibility.PUBLIC,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=programme.header.zone_name,
    )


def choose_event_dates(programme: ParsedProgramme) -> tuple[datetime.datetime, datetime.datetime]:
    """Return start and end of an event created for the file: its sessions', extended to the header's days."""
    header, zone = programme.header, zoneinfo.ZoneInfo(programme.header.zone_name)
    first, last = find_main_span(programme.sessions)
    ends = [
        parsed_session.ends_at or parsed_session.starts_at
        for parsed_session in programme.sessions
        if first <= parsed_session.starts_at <= last
    ]
    # An event must end after it starts, but its sessions may all have length zero.
    final = max(*ends, first + datetime.timedelta(minutes=1))
    if header.first_day and ONE_DAY <= first.astimezone(zone).date() - header.first_day <= MAX_HEADER_GAP:
        first = datetime.datetime.combine(header.first_day, datetime.time(), zone)
    if header.last_day and ONE_DAY <= header.last_day - final.astimezone(zone).date() <= MAX_HEADER_GAP:
        final = datetime.datetime.combine(header.last_day, END_OF_DAY, zone)
    return first, final


def import_into_event(programme: ParsedProgramme, *, event: Event) -> ImportReport:
    """Write a parsed programme into its event and return the report."""
    notes = ImportNotes()
    schedule, _created = Schedule.objects.get_or_create(event=event, defaults=get_initial_settings(programme))
    identified_sessions = identify_sessions(programme.sessions, slug=event.slug, notes=notes)
    import_result = apply_programme(programme, identified_sessions, event=event, schedule=schedule)
    # Without a change no revision is raised, or importing the same file again would empty all caches.
    if import_result.has_changes:
        raise_revision(event=event)
        reason = f"{programme.format}: +{len(import_result.added)} ~{len(import_result.changed)}"
        record_action(
            "schedule.import", event, event=event, fields=sorted(import_result.changed_fields), reason=reason
        )
    add_event_notes(programme, event, import_result, notes)
    return ImportReport(
        event=event,
        is_event_created=False,
        format=programme.format,
        added=tuple(import_result.added),
        changed=tuple(import_result.changed),
        unchanged=import_result.unchanged,
        missing=tuple(import_result.missing),
        notes=(*programme.notes, *notes.collected),
    )


def get_initial_settings(programme: ParsedProgramme) -> dict[str, object]:
    """Return the settings that a new schedule takes from the file."""
    header = programme.header
    values = {"day_starts_at": header.day_starts_at, "slot_minutes": header.slot_minutes}
    return {name: value for name, value in values.items() if value}


def add_event_notes(
    programme: ParsedProgramme, event: Event, import_result: ImportResult, notes: ImportNotes
) -> None:
    """Add notes about the event as it is after the import."""
    for title in import_result.missing:
        notes.add(NoteReason.MISSING_SESSION, title)
    if programme.header.zone_name != event.timezone:
        notes.add(NoteReason.FOREIGN_ZONE, f"{programme.header.zone_name} – {event.timezone}")
    if programme.sessions:
        early, late = event.starts_at - OUTSIDE_MARGIN, event.ends_at + OUTSIDE_MARGIN
        first, last = find_main_span(programme.sessions)
        for parsed_session in programme.sessions:
            if first <= parsed_session.starts_at <= last and not early <= parsed_session.starts_at <= late:
                notes.add(
                    NoteReason.OUTSIDE_EVENT, f"{parsed_session.title}, {parsed_session.starts_at:%Y-%m-%d}"
                )
    for first_title, second_title, room in find_room_conflicts(event):
        notes.add(NoteReason.ROOM_CONFLICT, f"{room}: {first_title} / {second_title}")


def find_room_conflicts(event: Event) -> Iterator[tuple[str, str, str]]:
    """Yield the titles of sessions that need one room at the same time, with the room's name."""
    timetable = load_published_sessions([event])[event.pk]
    room_names = dict(event.rooms.values_list("pk", "name"))
    for conflict in find_conflicts(timetable):
        if conflict.kind == ConflictKind.ROOM and conflict.room is not None:
            # Cut, since a note shows 80 characters: the second title must be among them.
            first, second = (timetable.sessions[key].title[:40] for key in conflict.sessions)
            yield first, second, room_names[conflict.room]
