"""How much of what visitors may store is used: files answered to questions, registrations begun."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from convention.events.models import Event

from .models import AnswerFile, RegistrationDraft

BYTES_PER_MB: Final = 1024 * 1024
FILES, DRAFTS = "ANSWER_FILES", "DRAFTS"


@dataclass(frozen=True)
class Use:
    """So many rows of so many bytes, or so many that there may be."""

    count: int
    size: int

    @classmethod
    def of(cls, rows: "QuerySet[Any]") -> "Use":
        """Return what these rows use."""
        found = rows.order_by().aggregate(count=Count("pk"), size=Sum("size"))
        return cls(found["count"], found["size"] or 0)

    @classmethod
    def ceiling(cls, kind: str) -> "Use":
        """Return the ceiling that the settings of that kind name, such as `DRAFTS_EVENT`."""
        return cls(settings.CEILINGS[f"{kind}_COUNT"], settings.CEILINGS[f"{kind}_MB"] * BYTES_PER_MB)

    def has_room(self, size: int, within: "Use") -> bool:
        """Return whether one more of that size fits within a ceiling."""
        return self.count < within.count and self.size + size <= within.size

    def half(self) -> "Use":
        """Return half of it."""
        return Use(self.count // 2, self.size // 2)


@dataclass(frozen=True)
class EventUse:
    """What is stored of an event: its files, those that belong to no registration yet, and drafts."""

    files: Use
    unbooked: Use
    drafts: Use
    most_files: Use
    most_drafts: Use

    @property
    def is_full(self) -> bool:
        """Return whether not one more file can be stored."""
        return not self.files.has_room(1, self.most_files)


def use_of(event: Event) -> EventUse:
    """Return what is stored of an event, and how much there may be."""
    files = AnswerFile.objects.filter(event=event)
    return EventUse(
        files=Use.of(files),
        unbooked=Use.of(files.filter(registration=None)),
        drafts=Use.of(RegistrationDraft.objects.filter(event=event)),
        most_files=Use.ceiling(f"{FILES}_EVENT"),
        most_drafts=Use.ceiling(f"{DRAFTS}_EVENT"),
    )


def figures() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield what is stored in all, for /metrics: name, help and values by kind."""
    used = {
        "answer_files": Use.of(AnswerFile.objects.all()),
        "drafts": Use.of(RegistrationDraft.objects.all()),
    }
    most = {"answer_files": Use.ceiling(FILES), "drafts": Use.ceiling(DRAFTS)}
    for name, uses, what in (("", used, "stored by visitors"), ("_ceiling", most, "that visitors may store")):
        counts = {kind: use.count for kind, use in uses.items()}
        sizes = {kind: use.size for kind, use in uses.items()}
        yield f"convention_stored{name}", f"Rows {what}, by kind.", {**counts}
        yield f"convention_stored_bytes{name}", f"Bytes {what}, by kind.", {**sizes}
