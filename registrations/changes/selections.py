"""Registrations that an organizer selected in the list, and the outcome of an action on all of them."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.errors import ConventionError
from convention.events.models import Event
from registrations.models import Registration, RegistrationQuerySet

# Forms contain all references, and queries all ids.
MAX_SELECTED = 5_000
# More than this take too long for a request, and are changed by a job.
MAX_IMMEDIATE_CHANGES = 20
MAX_SKIPPED_LISTED = 200
MAX_NAMES_SHOWN = 10

# Called with how many are done and how many there are.
type ProgressReport = Callable[[int, int], None]


class InvalidSelection(ConventionError):
    """Nothing is selected, or too much."""

    kind = "bad-selection"


@dataclass(frozen=True)
class NamedRegistration:
    """A registration, and what tells its attendee from others of the same name; "" if nobody else has it."""

    registration: Registration
    distinction: str


def name_registrations(registrations: Iterable[Registration]) -> list[NamedRegistration]:
    """Return the registrations, each with what tells it from others of the same name."""
    by_name = defaultdict[str, list[Registration]](list)
    for registration in (registrations := list(registrations)):
        by_name[registration.name].append(registration)
    return [NamedRegistration(row, _distinguish(row, by_name[row.name])) for row in registrations]


def _distinguish(registration: Registration, namesakes: Sequence[Registration]) -> str:
    """Return the company, else the address, else the reference: the first that differs among namesakes."""
    if len(namesakes) == 1 or not registration.has_name:
        return ""
    for field_name in ("company", "email"):
        values = {getattr(row, field_name) for row in namesakes} - {""}
        if len(values) == len(namesakes):
            return str(getattr(registration, field_name))
    return registration.reference


@dataclass(frozen=True)
class RegistrationSelection:
    """Ids and references of registrations of an event, ordered by name; `missing_count` more do not exist.

    `list_query` is the query string of the list in which they were selected, to return to it.
    """

    event: Event
    ids: tuple[int, ...]
    references: tuple[str, ...]
    missing_count: int = 0
    list_query: str = ""

    @property
    def joined_references(self) -> str:
        """Return the references as one text, as forms carry them."""
        return " ".join(self.references)

    @property
    def first_people(self) -> list[NamedRegistration]:
        """Return the first few with their names, to list them on a page."""
        return name_registrations(self.find_registrations()[:MAX_NAMES_SHOWN])

    @property
    def more_count(self) -> int:
        """Return how many more there are than the first few."""
        return max(0, len(self.ids) - MAX_NAMES_SHOWN)

    def find_registrations(self) -> RegistrationQuerySet:
        """Return the registrations, by name."""
        rows: RegistrationQuerySet = Registration.objects.filter(event=self.event, pk__in=self.ids)
        return rows.order_by("sort_name", "pk")


def select_references(event: Event, references: Collection[str]) -> RegistrationSelection:
    """Return the registrations of the event with these references. Raise InvalidSelection."""
    unique_references = {*references}
    # Before the query, which would have as many parameters.
    _check_count(len(unique_references))
    rows = Registration.objects.filter(event=event, reference__in=unique_references)
    return _make_selection(event, rows, wanted_count=len(unique_references))


def select_matching(event: Event, rows: RegistrationQuerySet) -> RegistrationSelection:
    """Return these registrations of the event, as they are now. Raise InvalidSelection."""
    return _make_selection(event, rows, wanted_count=0)


def _make_selection(event: Event, rows: RegistrationQuerySet, *, wanted_count: int) -> RegistrationSelection:
    selected_rows = list(rows.order_by("sort_name", "pk").values_list("pk", "reference")[: MAX_SELECTED + 1])
    _check_count(len(selected_rows))
    return RegistrationSelection(
        event,
        tuple(pk for pk, _reference in selected_rows),
        tuple(reference for _pk, reference in selected_rows),
        max(0, wanted_count - len(selected_rows)),
    )


def _check_count(count: int) -> None:
    if not count:
        raise InvalidSelection(_("Select at least one registration."))
    if count > MAX_SELECTED:
        raise InvalidSelection(
            ngettext(
                "At most %(most)d registration can be selected at once. Narrow the search.",
                "At most %(most)d registrations can be selected at once. Narrow the search.",
                MAX_SELECTED,
            )
            % {"most": MAX_SELECTED}
        )


@dataclass(frozen=True)
class SkippedRegistration:
    """A selected registration on which the action is not possible, and why."""

    name: str
    reference: str
    reason: str

    @classmethod
    def of(cls, registration: Registration, reason: object) -> "SkippedRegistration":
        """Return the registration with the reason, which may be an error."""
        return cls(registration.name, registration.reference, str(reason))

    def __str__(self) -> str:
        return _("%(name)s (%(reference)s): %(reason)s") % {
            "name": self.name,
            "reference": self.reference,
            "reason": self.reason,
        }


@dataclass
class SkippedRegistrations:
    """The selected registrations on which an action is not possible, each with the reason."""

    rows: list[SkippedRegistration] = field(default_factory=list)

    def add(self, registrations: Iterable[Registration], reason: object) -> None:
        """Add these registrations; the reason may be an error."""
        self.rows += [SkippedRegistration.of(row, reason) for row in registrations]

    def list_lines(self) -> list[str]:
        """Return a sentence for each registration; of very many, the first ones."""
        lines = [str(row) for row in self.rows[:MAX_SKIPPED_LISTED]]
        if more := len(self.rows) - len(lines):
            lines.append(ngettext("And %(count)d more.", "And %(count)d more.", more) % {"count": more})
        return lines


@dataclass
class SelectionOutcome:
    """How many registrations were changed, the cents of their fees by currency, and those that were not."""

    done_count: int = 0
    fees: Counter[str] = field(default_factory=Counter)
    skipped: SkippedRegistrations = field(default_factory=SkippedRegistrations)


def make_fingerprint(preview_data: Any) -> str:
    """Return a hash of the content of a preview, to detect changes before the confirmation.

    `preview_data` has to be serializable as JSON.
    """
    return hashlib.sha256(json.dumps(preview_data, sort_keys=True).encode()).hexdigest()[:16]
