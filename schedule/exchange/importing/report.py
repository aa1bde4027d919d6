"""Report what an import did, for commands and pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.events.models import Event
from schedule.exchange.import_notes import ImportNote, NoteGroup, group_notes
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import Session
from schedule.versions.differences import TimetableDifferences
from schedule.versions.sentences import describe_change

from .apply_programme import ImportResult

FIELD_LABELS: Final = {
    "title": gettext_lazy("title"),
    "subtitle": gettext_lazy("subtitle"),
    "kind": gettext_lazy("kind"),
    "language": gettext_lazy("language"),
    "abstract": gettext_lazy("abstract"),
    "description": gettext_lazy("description"),
    "url": gettext_lazy("address"),
    "links": gettext_lazy("links"),
    "attachments": gettext_lazy("files"),
    "track": gettext_lazy("track"),
    "recording_license": gettext_lazy("licence of the recording"),
    "recording_optout": gettext_lazy("recording"),
    "extra": gettext_lazy("other fields of the file"),
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Titles added and changed, how many are unchanged, and all notes."""

    event: Event
    is_event_created: bool
    format: ScheduleFormat
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    missing: tuple[str, ...]
    notes: tuple[ImportNote, ...]
    # Title and sentences of each changed session that was known.
    changes: tuple[tuple[str, str], ...] = ()
    has_changes: bool = False
    has_slot_changes: bool = False

    @property
    def note_groups(self) -> list[NoteGroup]:
        return list(group_notes(self.notes))

    @property
    def summary(self) -> str:
        return _("%(format)s: sessions added: %(added)s; changed: %(changed)s; unchanged: %(unchanged)s.") % {
            "format": self.format.label,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
        }

    def describe_lines(self) -> Iterator[str]:
        """Yield the whole report line by line."""
        if self.is_event_created:
            yield _("Event created: “%(slug)s” (%(name)s, %(zone)s).") % {
                "slug": self.event.slug,
                "name": self.event.name,
                "zone": self.event.timezone,
            }
        yield self.summary
        for title, sentence in self.changes:
            yield f"  {title}: {sentence}"
        yield from map(str, self.note_groups)


def describe_changes(
    event: Event, import_result: ImportResult, differences: TimetableDifferences
) -> tuple[tuple[str, str], ...]:
    """Return title and sentences for each known session that the file changes."""
    slot_changes = {change.slot.session_id: change for change in differences.changes}
    rows = Session.objects.filter(pk__in=import_result.live_changes).order_by("starts_at", "number")
    found = []
    for pk, title in rows.values_list("pk", "title"):
        change = slot_changes.get(pk)
        sentences = [describe_change(change, event.zone)] if change else []
        if names := import_result.live_changes[pk]:
            fields = ", ".join(str(FIELD_LABELS.get(name, name)) for name in names)
            sentences.append(_("Changed at once: %(fields)s.") % {"fields": fields})
        found.append((title, " ".join(sentences)))
    return tuple(found)
