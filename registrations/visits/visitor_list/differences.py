"""Compare two lists of visitors. No database access."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# `key` (the application id) identifies a visitor across versions; the other keys are shown to the host.
type VisitorRow = Mapping[str, Any]


@dataclass(frozen=True)
class ListDifferences:
    """Rows added and removed, and rows changed with the names of their changed fields."""

    added: list[VisitorRow] = field(default_factory=list)
    removed: list[VisitorRow] = field(default_factory=list)
    changed: list[tuple[VisitorRow, list[str]]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def compare_rows(before: Sequence[VisitorRow], after: Sequence[VisitorRow]) -> ListDifferences:
    """Return how the rows differ, matched by `key`; their order does not matter."""
    old = {row["key"]: row for row in before}
    new = {row["key"]: row for row in after}
    changed = [(row, find_changed_fields(old[key], row)) for key, row in new.items() if key in old]
    return ListDifferences(
        added=[row for key, row in new.items() if key not in old],
        removed=[row for key, row in old.items() if key not in new],
        changed=[(row, names) for row, names in changed if names],
    )


def find_changed_fields(old: VisitorRow, new: VisitorRow) -> list[str]:
    """Return the names of the columns and identity fields that differ."""
    columns = [name for name in ("last_name", "first_name", "company") if old[name] != new[name]]
    old_identity, new_identity = old["identity"], new["identity"]
    return columns + [
        name for name in {**old_identity, **new_identity} if old_identity.get(name) != new_identity.get(name)
    ]


def describe_differences(*, added: int, removed: int, changed: int) -> str:
    """Return a phrase such as “2 added, 1 removed, 1 changed”."""
    parts = (
        (added, ngettext("%(count)d added", "%(count)d added", added)),
        (removed, ngettext("%(count)d removed", "%(count)d removed", removed)),
        (changed, ngettext("%(count)d changed", "%(count)d changed", changed)),
    )
    phrases = [words % {"count": count} for count, words in parts if count]
    return ", ".join(phrases) or _("no changes")
