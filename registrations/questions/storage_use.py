"""The storage used by visitors: answer files and drafts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, QuerySet, Sum

from convention.events.models import Event
from registrations.models import AnswerFile, RegistrationDraft

BYTES_PER_MB: Final = 1024 * 1024
FILES_SETTING, DRAFTS_SETTING = "ANSWER_FILES", "DRAFTS"


@dataclass(frozen=True)
class StorageUse:
    """A number of rows and their bytes, used or allowed."""

    count: int
    size: int

    @classmethod
    def measure_rows(cls, rows: "QuerySet[Any]") -> "StorageUse":
        totals = rows.order_by().aggregate(count=Count("pk"), size=Sum("size"))
        return cls(totals["count"], totals["size"] or 0)

    @classmethod
    def load_ceiling(cls, kind: str) -> "StorageUse":
        """Return the ceiling that the settings of that kind name, such as `DRAFTS_EVENT`."""
        return cls(
            settings.STORAGE_CEILINGS[f"{kind}_COUNT"], settings.STORAGE_CEILINGS[f"{kind}_MB"] * BYTES_PER_MB
        )

    def has_space(self, size: int, ceiling: "StorageUse") -> bool:
        """Return whether one more row of `size` bytes fits below the ceiling."""
        return self.count < ceiling.count and self.size + size <= ceiling.size

    def halve(self) -> "StorageUse":
        return StorageUse(self.count // 2, self.size // 2)


@dataclass(frozen=True)
class EventStorageUse:
    """The storage of one event: files, unclaimed files, drafts, and their ceilings."""

    file_use: StorageUse
    unbooked_file_use: StorageUse
    draft_use: StorageUse
    file_ceiling: StorageUse
    draft_ceiling: StorageUse

    @property
    def is_full(self) -> bool:
        """Return whether no file fits any more."""
        return not self.file_use.has_space(1, self.file_ceiling)


def measure_event_storage(event: Event) -> EventStorageUse:
    files = AnswerFile.objects.filter(event=event)
    return EventStorageUse(
        file_use=StorageUse.measure_rows(files),
        unbooked_file_use=StorageUse.measure_rows(files.filter(registration=None)),
        draft_use=StorageUse.measure_rows(RegistrationDraft.objects.filter(event=event)),
        file_ceiling=StorageUse.load_ceiling(f"{FILES_SETTING}_EVENT"),
        draft_ceiling=StorageUse.load_ceiling(f"{DRAFTS_SETTING}_EVENT"),
    )


def list_storage_metrics() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Yield name, help and values by kind, for /metrics."""
    used = {
        "answer_files": StorageUse.measure_rows(AnswerFile.objects.all()),
        "drafts": StorageUse.measure_rows(RegistrationDraft.objects.all()),
    }
    ceilings = {
        "answer_files": StorageUse.load_ceiling(FILES_SETTING),
        "drafts": StorageUse.load_ceiling(DRAFTS_SETTING),
    }
    for name, uses, description in (
        ("", used, "stored by visitors"),
        ("_ceiling", ceilings, "that visitors may store"),
    ):
        counts = {kind: use.count for kind, use in uses.items()}
        sizes = {kind: use.size for kind, use in uses.items()}
        yield f"convention_stored{name}", f"Rows {description}, by kind.", {**counts}
        yield f"convention_stored_bytes{name}", f"Bytes {description}, by kind.", {**sizes}
