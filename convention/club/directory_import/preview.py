"""Name what an import would add and change, for its preview. No database access."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse

from convention.club.models import Membership
from convention.money import Money
from convention.text.address_suggestions import suggest_address
from convention.text.dates import format_date

from .changes import DirectoryChanges, MembershipDifference
from .columns import COLUMN_LABELS
from .membership_cells import MEMBERSHIP_FIELDS

MAX_NAMES_SHOWN: Final = 100
MAX_VALUES_SHOWN: Final = 100
CHANGED_KINDS: Final = ("company", "person", "employment", "membership")
# By field of the model: the labels of the columns, as the list has them.
MEMBERSHIP_LABELS: Final = {name: COLUMN_LABELS[column] for column, name in MEMBERSHIP_FIELDS.items()}


@dataclass(frozen=True)
class ValueChange:
    """One value of a known company, person, job or membership that the import changes, or leaves."""

    subject: str
    label: str
    before: str
    after: str
    # The page that shows it, "" for none.
    url: str = ""


@dataclass(frozen=True)
class NameList:
    """The first names of a list, and how many there are."""

    names: list[str]
    count: int

    @property
    def is_shortened(self) -> bool:
        return self.count > len(self.names)


@dataclass(frozen=True)
class DoubtfulAddress:
    """A new address that looks mistyped, and the one that was probably meant."""

    person: str
    address: str
    suggestion: str


@dataclass(frozen=True)
class ImportPreview:
    doubtful_addresses: list[DoubtfulAddress]
    new_companies: NameList
    new_people: NameList
    value_changes: list[ValueChange]
    value_change_count: int
    new_memberships: list[Membership]
    new_membership_count: int
    membership_differences: list[ValueChange]
    membership_difference_count: int

    @property
    def is_shortened(self) -> bool:
        return self.value_change_count > len(self.value_changes)


def build_import_preview(changes: DirectoryChanges) -> ImportPreview:
    """Return the new companies and people by name, and each changed value, up to a limit of each."""
    value_changes = [change for kind in CHANGED_KINDS for change in _list_value_changes(changes, kind)]
    return ImportPreview(
        _list_doubtful_addresses(changes),
        _shorten_names(company.name for company in changes.created_rows["company"]),
        _shorten_names(
            f"{job.person}, {job.company}"
            for job in changes.created_rows["employment"]
            # A new job of a known person is not a new person.
            if job.person.pk is None
        ),
        value_changes[:MAX_VALUES_SHOWN],
        len(value_changes),
        changes.created_rows["membership"][:MAX_NAMES_SHOWN],
        len(changes.created_rows["membership"]),
        list(map(_describe_difference, changes.membership_differences[:MAX_VALUES_SHOWN])),
        len(changes.membership_differences),
    )


def _list_doubtful_addresses(changes: DirectoryChanges) -> list[DoubtfulAddress]:
    """Return the first addresses that the import adds and that look mistyped."""
    before = changes.values_before["person"]
    changed = [row for key, row in changes.changed_rows["person"].items() if "email" in before[key]]
    rows = [row for row in (*changes.created_rows["person"], *changed) if row.email]
    # Once for each domain: the people of a long list share few.
    domains = {row.email.rpartition("@")[2] for row in rows}
    doubtful = {domain for domain in domains if suggest_address(f"name@{domain}")}
    return [
        DoubtfulAddress(row.name, row.email, suggest_address(row.email))
        for row in rows
        if row.email.rpartition("@")[2] in doubtful
    ][:MAX_NAMES_SHOWN]


def _shorten_names(names: Iterable[str]) -> NameList:
    all_names = list(names)
    return NameList(all_names[:MAX_NAMES_SHOWN], len(all_names))


def _list_value_changes(changes: DirectoryChanges, kind: str) -> list[ValueChange]:
    return [
        ValueChange(
            _describe_subject(kind, row),
            _get_label(kind, row, name),
            _format_value(row, name, before),
            _format_value(row, name, getattr(row, name)),
        )
        for key, row in changes.changed_rows[kind].items()
        for name, before in changes.values_before[kind][key].items()
        # The day of the request is set with that of the confirmation, and is in no list.
        if name != "submitted_on"
    ]


def _describe_difference(difference: MembershipDifference) -> ValueChange:
    membership, name = difference.membership, difference.field_name
    return ValueChange(
        str(membership),
        _get_label("membership", membership, name),
        _format_value(membership, name, difference.stored_value),
        _format_value(membership, name, difference.listed_value),
        url=reverse("club-membership", args=[membership.company.slug, membership.pk]),
    )


def _describe_subject(kind: str, row: Any) -> str:
    return f"{row.person}, {row.company}" if kind == "employment" else str(row)


def _get_label(kind: str, row: Any, name: str) -> str:
    labels = MEMBERSHIP_LABELS if kind == "membership" else COLUMN_LABELS
    return str(labels.get(name) or row._meta.get_field(name).verbose_name)


def _format_value(row: Any, name: str, value: Any) -> str:
    """Return the value as people read it: dates in words, amounts with their currency, labels of choices."""
    if isinstance(value, datetime.date):
        return format_date(value)
    if name == "dues_cents":
        return str(Money(value, row.currency))
    labels = dict(row._meta.get_field(name).flatchoices)
    return str(labels.get(value, "" if value is None else value))
