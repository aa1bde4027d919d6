"""Import a schedule file into an event."""

import datetime
import enum
import re
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.kinds import ConflictKind
from schedule.conflicts.load import load_working_sessions
from schedule.drafts.current_draft import get_current_draft
from schedule.editing.draft_slots import lock_current_draft
from schedule.editing.revision import raise_revision
from schedule.exchange.import_notes import ImportNotes, NoteReason
from schedule.exchange.parsed_programme import ParsedProgramme
from schedule.exchange.parsing.validate import find_main_span
from schedule.exchange.read_schedule import read_schedule
from schedule.models import Schedule
from schedule.versions.differences import compare_timetables
from schedule.versions.publish import NothingToPublish, Notify, publish_draft
from schedule.versions.timetables import list_unpublished_changes, load_draft_timetable

from .apply_programme import ImportResult, apply_programme
from .match_sessions import identify_sessions
from .report import ImportReport

OUTSIDE_MARGIN = ONE_DAY = datetime.timedelta(days=1)
# Headers of real files are sometimes those of another year (EMF 2018's says 2020).
MAX_HEADER_GAP = datetime.timedelta(days=7)
END_OF_DAY = datetime.time(23, 59)
# The characters of <slug:event> in urls.py, and the length of the column.
SLUG_PATTERN = re.compile(r"[-a-zA-Z0-9_]{1,80}")


class ImportTarget(enum.Enum):
    """Where the times, rooms and cancellations of a file go."""

    PUBLICATION = "publication"
    DRAFT = "draft"


class UnpublishedChanges(ConventionError):
    """Publishing an import would also publish what organizers changed in the draft."""

    kind = "unpublished-changes"
    status = 409


def import_schedule(
    *,
    slug: str,
    data: bytes,
    target: ImportTarget = ImportTarget.PUBLICATION,
    visibility: Event.Visibility = Event.Visibility.DRAFT,
) -> ImportReport:
    """Import a file into the event with that slug, which is created with `visibility` if it is missing.

    Publish it as one version, notifying nobody; or leave its times, rooms and cancellations in the draft.
    Raise UnpublishedChanges if publishing would include other changes of the draft.

    Known sessions are updated in the fields that the format carries; sessions missing from the file stay
    and are reported. Importing the same file again changes nothing. Raise UnreadableFile, before anything is
    changed, for a file without any usable content.

    The file is parsed in this process, which suits commands; pages call `read_schedule_in_child` and
    `import_programme`.
    """
    programme = read_schedule(data, event_zone=get_event_zone(slug))
    return import_programme(slug=slug, programme=programme, target=target, visibility=visibility)


def preview_schedule(
    *,
    slug: str,
    data: bytes,
    target: ImportTarget = ImportTarget.PUBLICATION,
    visibility: Event.Visibility = Event.Visibility.DRAFT,
) -> ImportReport:
    """Return what `import_schedule` would do, without saving anything."""
    programme = read_schedule(data, event_zone=get_event_zone(slug))
    return preview_programme(slug=slug, programme=programme, target=target, visibility=visibility)


def get_event_zone(slug: str) -> zoneinfo.ZoneInfo | None:
    """Return the event's time zone, None if there is no event. Raise ConventionError for an invalid slug."""
    if not SLUG_PATTERN.fullmatch(slug):
        raise ConventionError(
            _(
                "“%(slug)s” cannot be used as an event’s web address: use letters without accents, "
                "digits and hyphens."
            )
            % {"slug": slug[:100]}
        )
    event = Event.objects.filter(slug=slug).first()
    return event.zone if event else None


@transaction.atomic
def import_programme(
    *,
    slug: str,
    programme: ParsedProgramme,
    author: Person | None = None,
    target: ImportTarget = ImportTarget.PUBLICATION,
    visibility: Event.Visibility = Event.Visibility.DRAFT,
) -> ImportReport:
    """Import a parsed programme into the event with that slug, as `import_schedule` does."""
    if known := Event.objects.filter(slug=slug).first():
        lock_current_draft(known, author=author)
    # Two imports at once would create the same sessions twice; add_session locks the event for its numbers.
    event = Event.objects.select_for_update().filter(slug=slug).first()
    is_created = event is None
    event = event or create_event(slug, programme, visibility)
    if target is ImportTarget.PUBLICATION and list_unpublished_changes(event):
        raise UnpublishedChanges(
            _(
                "The draft has changes that are not published, and the import would publish them. Publish "
                "them first, or import into the draft."
            )
        )
    report = import_into_event(programme, event=event, author=author)
    is_published = (
        target is ImportTarget.PUBLICATION
        and report.has_slot_changes
        and publish_import(event, author, programme)
    )
    # Publishing raises the revision. Without a change it stays: importing the same file again must not empty
    # all caches.
    if report.has_changes and not is_published:
        raise_revision(event=event)
    return replace(report, is_event_created=is_created)


def publish_import(event: Event, author: Person | None, programme: ParsedProgramme) -> bool:
    """Publish the draft under the name that the file gives its version, if any.

    Return False if there was nothing to publish.
    """
    name = programme.header.version or ""
    try:
        publish_draft(draft=get_current_draft(event), name=name, author=author, notify=Notify.NOBODY)
    except NothingToPublish:
        return False
    return True


@transaction.atomic
def preview_programme(
    *,
    slug: str,
    programme: ParsedProgramme,
    target: ImportTarget = ImportTarget.PUBLICATION,
    visibility: Event.Visibility = Event.Visibility.DRAFT,
) -> ImportReport:
    """Return what `import_programme` would do, without saving anything."""
    report = import_programme(slug=slug, programme=programme, target=target, visibility=visibility)
    # The real import runs and is rolled back, so a preview cannot differ from it.
    transaction.set_rollback(True)
    return report


def create_event(slug: str, programme: ParsedProgramme, visibility: Event.Visibility) -> Event:
    """Create a convention for the file. Raise UnreadableFile if it contains no session."""
    if not programme.timed_sessions:
        raise UnreadableFile(
            _("This file has no session with a title and a start time, so no event was created.")
        )
    starts_at, ends_at = choose_event_dates(programme)
    return Event.objects.create(
        slug=slug,
        name=programme.header.title or slug,
        visibility=visibility,
        starts_at=starts_at,
        ends_at=ends_at,
        timezone=programme.header.zone_name,
    )


def choose_event_dates(programme: ParsedProgramme) -> tuple[datetime.datetime, datetime.datetime]:
    """Return start and end of an event created for the file: its sessions', extended to the header's days."""
    header, zone = programme.header, zoneinfo.ZoneInfo(programme.header.zone_name)
    first, last = find_main_span(programme.timed_sessions)
    ends = [
        parsed_session.ends_at or parsed_session.starts_at
        for parsed_session in programme.timed_sessions
        if first <= parsed_session.starts_at <= last
    ]
    # An event must end after it starts, but its sessions may all have length zero.
    final = max(*ends, first + datetime.timedelta(minutes=1))
    if header.first_day and ONE_DAY <= first.astimezone(zone).date() - header.first_day <= MAX_HEADER_GAP:
        first = datetime.datetime.combine(header.first_day, datetime.time(), zone)
    if header.last_day and ONE_DAY <= header.last_day - final.astimezone(zone).date() <= MAX_HEADER_GAP:
        final = datetime.datetime.combine(header.last_day, END_OF_DAY, zone)
    return first, final


def import_into_event(
    programme: ParsedProgramme, *, event: Event, author: Person | None = None
) -> ImportReport:
    """Write a parsed programme into its event and return the report."""
    notes = ImportNotes()
    schedule, _created = Schedule.objects.get_or_create(event=event, defaults=get_initial_settings(programme))
    identified_sessions = identify_sessions(programme.sessions, slug=event.slug, notes=notes)
    draft = get_current_draft(event, author=author)
    timetable_before = load_draft_timetable(draft)
    import_result = apply_programme(
        programme, identified_sessions, event=event, schedule=schedule, author=author
    )
    differences = compare_timetables(timetable_before, load_draft_timetable(draft))
    if import_result.has_changes:
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
        changes=tuple(import_result.session_changes),
        has_changes=import_result.has_changes,
        has_slot_changes=bool(differences.changes),
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
    if programme.timed_sessions:
        early, late = event.starts_at - OUTSIDE_MARGIN, event.ends_at + OUTSIDE_MARGIN
        first, last = find_main_span(programme.timed_sessions)
        for parsed_session in programme.timed_sessions:
            if first <= parsed_session.starts_at <= last and not early <= parsed_session.starts_at <= late:
                notes.add(
                    NoteReason.OUTSIDE_EVENT, f"{parsed_session.title}, {parsed_session.starts_at:%Y-%m-%d}"
                )
    for first_title, second_title, room in find_room_conflicts(event):
        names = {"room": room, "first": first_title, "second": second_title}
        notes.add(NoteReason.ROOM_CONFLICT, str(_("%(room)s: %(first)s / %(second)s") % names))


def find_room_conflicts(event: Event) -> Iterator[tuple[str, str, str]]:
    """Yield the titles of sessions that need one room at the same time, with the room's name."""
    timetable = load_working_sessions([event])[event.pk]
    room_names = dict(event.rooms.values_list("pk", "name"))
    for conflict in find_conflicts(timetable):
        if conflict.kind == ConflictKind.ROOM and conflict.room is not None:
            # Cut, since a note shows 80 characters: the second title must be among them.
            first, second = (timetable.sessions[key].title[:40] for key in conflict.sessions)
            yield first, second, room_names[conflict.room]
