"""What an import did, for a command and for a page alike."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.events.models import Event

from .notes import Group, Note, grouped
from .programme import Format


@dataclass(frozen=True, slots=True)
class Report:
    """Titles of what was added and changed, how many stayed, and everything that was noted."""

    event: Event
    created: bool
    format: Format
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    gone: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def groups(self) -> list[Group]:
        """The notes, those of one reason as one."""
        return list(grouped(self.notes))

    @property
    def summary(self) -> str:
        """One sentence with the counts."""
        return _("%(format)s: sessions added: %(added)s; changed: %(changed)s; unchanged: %(unchanged)s.") % {
            "format": self.format.label,
            "added": len(self.added),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
        }

    def lines(self) -> Iterator[str]:
        """Everything, line by line."""
        if self.created:
            yield _("Event created: “%(slug)s” (%(name)s, %(zone)s).") % {
                "slug": self.event.slug,
                "name": self.event.name,
                "zone": self.event.timezone,
            }
        yield self.summary
        yield from map(str, self.groups)
