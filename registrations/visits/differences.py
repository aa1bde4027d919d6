"""What changed from one list of visitors to the next: pure, in numbers and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

type Row = Mapping[str, Any]
"""`key` tells who it is across versions; `name`, `company` and `identity` are what the host reads."""


@dataclass(frozen=True)
class Differences:
    """Rows added and removed, and rows changed with the names of what changed in them."""

    added: list[Row] = field(default_factory=list)
    removed: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, list[str]]] = field(default_factory=list)

    @property
    def is_none(self) -> bool:
        """Whether both lists say the same."""
        return not (self.added or self.removed or self.changed)


def differences(before: Sequence[Row], after: Sequence[Row]) -> Differences:
    """What to do to the first list to have the second; the order of rows does not matter."""
    old = {row["key"]: row for row in before}
    new = {row["key"]: row for row in after}
    changed = [(row, changed_in(old[key], row)) for key, row in new.items() if key in old]
    return Differences(
        added=[row for key, row in new.items() if key not in old],
        removed=[row for key, row in old.items() if key not in new],
        changed=[(row, names) for row, names in changed if names],
    )


def changed_in(old: Row, new: Row) -> list[str]:
    """The names of what differs: `name`, `company`, or one of the identity's fields."""
    plain = [name for name in ("last_name", "first_name", "company") if old[name] != new[name]]
    before, after = old["identity"], new["identity"]
    return plain + [name for name in {**before, **after} if before.get(name) != after.get(name)]


def in_words(*, added: int, removed: int, changed: int) -> str:
    """“2 added, 1 removed, 1 changed”; a sentence where there is none."""
    parts = (
        (added, ngettext("%(count)d added", "%(count)d added", added)),
        (removed, ngettext("%(count)d removed", "%(count)d removed", removed)),
        (changed, ngettext("%(count)d changed", "%(count)d changed", changed)),
    )
    said = [words % {"count": count} for count, words in parts if count]
    return ", ".join(said) or _("no difference")
