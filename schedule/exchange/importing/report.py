"""Report what an import did, for commands and pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.events.models import Event
from schedule.exchange.import_notes import ImportNote, NoteGroup, group_notes
from schedule.exchange.parsed_programme import ScheduleFormat

from .changes import SessionChange


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Titles added and changed, how many are unchanged, all notes, and the changes field by field."""

    event: Event
    is_event_created: bool
    format: ScheduleFormat
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    missing: tuple[str, ...]
    notes: tuple[ImportNote, ...]
    changes: tuple[SessionChange, ...] = ()
    has_changes: bool = False
    has_slot_changes: bool = False

    @property
    def note_groups(self) -> list[NoteGroup]:
        return list(group_notes(self.notes))

    @property
    def summary(self) -> str:
        return _(
            "Sessions added: %(added)s; changed: %(changed)s; unchanged: %(unchanged)s. Format: %(format)s."
        ) % {
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
            if self.event.visibility == Event.Visibility.DRAFT:
                yield _("Only organizers can see it. Publish it on its overview: %(address)s.") % {
                    "address": f"/organize/{self.event.slug}/"
                }
        yield self.summary
        yield from map(str, self.note_groups)

    def describe_changes(self) -> Iterator[str]:
        """Yield for each changed session its title, then a line for each field."""
        for change in self.changes:
            yield _("Changed: “%(title)s”") % {"title": change.title}
            yield from (f"    {field}" for field in change.fields)
