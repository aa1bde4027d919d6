"""Declare the personal data in programmes: speakers, who are known by name alone."""

import html
import quopri
import re
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.errors import UnreadableFile
from convention.personal_data import DataSubject, PersonalDataSource, RetentionRule
from convention.privacy.redaction.redactor import Redactor, build_full_name_phrases
from convention.text.normalize import name_search_key

from .editing.revision import raise_revision
from .exchange.import_notes import ImportNotes
from .exchange.parsing.decode_file import decode_file
from .models import (
    AgendaPrint,
    Move,
    PlanRun,
    ScheduleDraft,
    ScheduleUpload,
    ScheduleVersion,
    SessionFile,
    Speaker,
    SpeakerMailing,
    SpeakerPhoto,
    VersionSlot,
)
from .proposals.privacy import PROPOSAL_DATA, PROPOSAL_RETENTION, PROPOSAL_TEXTS
from .speakers.photos import delete_old_photos, list_photo_agreements
from .speakers.slide_formats import SUFFIXES

CALENDAR_PATTERN = re.compile(r"\s*BEGIN\s*:\s*VCALENDAR\b", re.I)
FOLD_PATTERN = re.compile(r"[\r\n]+[ \t]")
JSON_ESCAPE_PATTERN = re.compile(r"\\u([0-9a-fA-F]{4})")
REDACTED_FIELDS = ("title", "subtitle", "slug", "abstract", "description", "links", "attachments", "extra")


def _find_speakers(subject: DataSubject) -> "QuerySet[Any]":
    """Return the speakers of past events whose full name is one of the subject's.

    They are known by name alone, and a namesake may be meant: an automatic erasure, which nobody reviews,
    leaves them. So does any erasure before the event has ended.
    """
    wanted = {phrase for name in subject.names for phrase in build_full_name_phrases(name)}
    if subject.is_automatic or not wanted:
        return Speaker.objects.none()
    known = Speaker.objects.filter(event__ends_at__lt=timezone.now()).values_list("pk", "name")
    return Speaker.objects.filter(pk__in=[pk for pk, name in known if name_search_key(name) in wanted])


def _find_uploads(subject: DataSubject) -> "QuerySet[Any]":
    """Return uploaded files that mention the subject; they are deleted after a day in any case."""
    redactor = Redactor(subject)
    rows = ScheduleUpload.objects.values_list("pk", "content") if subject.names or subject.addresses else []
    return ScheduleUpload.objects.filter(
        pk__in=[pk for pk, content in rows if redactor.has_match(_decode_content(content))]
    )


def _decode_content(content: Any) -> str:
    """Return the text of a file as the import reads it, with escaped letters decoded."""
    data = bytes(content)
    try:
        text = decode_file(data, ImportNotes())
    except UnreadableFile:
        text = data.decode("utf-8", "replace")
    if CALENDAR_PATTERN.match(text):
        # Lines are folded anywhere, also within a name.
        text = FOLD_PATTERN.sub("", text)
    if "QUOTED-PRINTABLE" in text.upper():
        text += quopri.decodestring(text.encode()).decode("utf-8", "replace")
    # JSON writes letters as \u00e9, XML as entities.
    text = JSON_ESCAPE_PATTERN.sub(lambda match: chr(int(match[1], 16)), text)
    return html.unescape(text)


def _redact_sessions(rows: "QuerySet[Any]", subject: DataSubject) -> None:
    """Redact the name in the sessions of the subject; the caller deletes the speaker."""
    redactor = Redactor(subject)
    for speaker in rows.select_related("event"):
        for session in speaker.sessions.all():
            for column in REDACTED_FIELDS:
                setattr(session, column, redactor.redact_value(getattr(session, column)))
            session.save(update_fields=REDACTED_FIELDS)
        # Caches and feeds would show the name until the revision rises.
        raise_revision(event=speaker.event)


def _export_availability(row: Any) -> dict[str, Any]:
    """Return when the speaker would rather not, or cannot, and the consent to the photograph."""
    availabilities = row.availabilities.values("starts_at", "ends_at", "level")
    consents = SpeakerPhoto.objects.filter(speaker=row)
    return {
        "availability": list(availabilities),
        "photo": list(consents.values("uploaded_at", "consented_at", "consent_version", "withdrawn_at")),
    }


def _export_files(row: Any) -> Iterable[tuple[str, bytes]]:
    """Yield the speaker's photograph and slides."""
    for photo in SpeakerPhoto.objects.filter(speaker=row):
        yield f"speaker-{row.pk}.jpg", bytes(photo.content)
    for file in SessionFile.objects.filter(speaker=row):
        yield f"slides-{file.pk}{SUFFIXES[file.content_type]}", bytes(file.content)


PLANNING_REASON = _("the programme’s history remains traceable, without names")

PERSONAL_DATA = [
    PersonalDataSource(
        model=Speaker,
        purpose=_("your role as a speaker: your biography, photograph and availability"),
        person_columns=("person",),
        address_columns=("email",),
        find_more_rows=_find_speakers,
        exported_columns=("id", "event", "name", "biography", "url", "email", "company", "language"),
        export_extra=_export_availability,
        export_files=_export_files,
        erase_rows=_redact_sessions,
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ScheduleDraft,
        purpose=_("drafts of a programme you created"),
        actor_columns=("created_by",),
        exported_columns=("id", "event", "name", "created_at"),
        retention_reason=PLANNING_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Move,
        name=_("changes of a draft"),
        purpose=_("sessions you moved in a draft"),
        actor_columns=("author",),
        exported_columns=("id", "draft", "number", "session", "made_at"),
        retention_reason=PLANNING_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=PlanRun,
        purpose=_("planner runs you started"),
        actor_columns=("created_by",),
        exported_columns=("id", "event", "created_at"),
        retention_reason=PLANNING_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=AgendaPrint,
        purpose=_("printed programmes you requested"),
        actor_columns=("requested_by",),
        exported_columns=("id", "event", "kind", "created_at"),
        retention_reason=PLANNING_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ScheduleVersion,
        purpose=_("versions of a programme you published"),
        actor_columns=("published_by",),
        exported_columns=("id", "event", "number", "name", "published_at"),
        retention_reason=PLANNING_REASON,
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=SpeakerMailing,
        purpose=_("e-mails you sent to speakers"),
        actor_columns=("sent_by",),
        exported_columns=("id", "event", "kind", "created_at"),
        retention_reason=_("the e-mails sent to others are kept, without names"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=ScheduleUpload,
        name=_("programme files"),
        purpose=_("programme files waiting to be imported, for one day"),
        find_more_rows=_find_uploads,
        exported_columns=("id", "event", "created_at"),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
    *PROPOSAL_DATA,
]
AGREEMENTS = [list_photo_agreements]
RETENTION = [
    RetentionRule(
        slug="speaker-photos",
        name=_("Photographs of speakers"),
        counted_from=_("after the end of the event"),
        days=365,
        min_days=30,
        delete_older_than=delete_old_photos,
    ),
    PROPOSAL_RETENTION,
]
FREE_TEXT = {
    AgendaPrint: ("options", "error"),
    PlanRun: ("reasons",),
    ScheduleDraft: ("name",),
    ScheduleVersion: ("name", "note"),
    SpeakerMailing: ("subject_fr", "text_fr", "subject_en", "text_en"),
    VersionSlot: ("title",),
    **PROPOSAL_TEXTS,
}
