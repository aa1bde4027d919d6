"""The changes of a directory import, written in bulk and stored so that they can be undone."""

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _

from convention.actor import current_actor
from convention.club.models import (
    Company,
    CompanyContact,
    CompanyRole,
    DirectoryImport,
    Employment,
    Market,
    Membership,
    Person,
    Seat,
)
from convention.club.periods import ONE_DAY
from convention.club.seats import end_grace_seats, end_seat, select_grace_seats

from .employer_choices import EmployerConflict, EmployerOutcome

# Databases limit the number of parameters of a statement.
BATCH_SIZE: Final = 500
# The models of an import in the order of their foreign keys: rows are written in this order.
ROW_MODELS: Final[dict[str, Any]] = {
    "company": Company, "role": CompanyRole, "person": Person, "employment": Employment,
    "contact": CompanyContact, "membership": Membership, "seat": Seat,
}  # fmt: skip
DATED_KINDS: Final = ("role", "employment", "contact", "seat")
# Written by `write_memberships`, and by `create_seats` once they were counted.
KINDS_WRITTEN_LATER: Final = ("membership", "seat")
# The columns of new rows whose change since the import keeps the rows from being deleted by its undoing.
WATCHED_COLUMNS: Final = {
    **dict.fromkeys(DATED_KINDS, ("ends_on",)),
    "membership": (
        *("company_id", "starts_on", "ends_on", "grace_until", "confirmed_on", "left_on", "seats"),
        *("extra_seats", "extra_seat_price_cents", "dues_cents", "passes", "votes", "submitted_on"),
        *("billing_contact_id", "representative_id"),
    ),
}


@dataclass(frozen=True)
class EmployerChange:
    """A change of employer that a row asks for: the new employment, not stored yet, and the former ones."""

    row_number: int
    employment: Employment
    former_employments: list[Employment]


@dataclass(frozen=True)
class MembershipDifference:
    """A field that a list gives otherwise than a membership which it does not change."""

    membership: Membership
    field_name: str
    stored_value: Any
    listed_value: Any


@dataclass
class DirectoryChanges:
    """The changes of an import or its preview; `values_before` holds old values by kind and key."""

    created_rows: dict[str, list[Any]] = field(default_factory=lambda: {kind: [] for kind in ROW_MODELS})
    markets: list[tuple[Company, Market]] = field(default_factory=list)
    changed_rows: dict[str, dict[Any, Any]] = field(default_factory=lambda: {kind: {} for kind in ROW_MODELS})
    values_before: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    new_row_count: int = 0
    changed_row_count: int = 0
    unchanged_row_count: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    import_record: DirectoryImport | None = None
    # People whose seat is left out, with their company.
    people_without_seat: list[str] = field(default_factory=list)
    # Rows of people who work elsewhere, and the changes of employer among them.
    employer_conflicts: list[EmployerConflict] = field(default_factory=list)
    employer_changes: list[EmployerChange] = field(default_factory=list)
    # New memberships and changed drafts, with the number of their row.
    membership_rows: list[tuple[int, Membership]] = field(default_factory=list)
    membership_differences: list[MembershipDifference] = field(default_factory=list)

    def __str__(self) -> str:
        created = _("New companies: %(companies)d, people: %(people)d, seats: %(seats)d.") % {
            "companies": len(self.created_rows["company"]),
            "people": len(self.created_rows["person"]),
            "seats": len(self.created_rows["seat"]),
        }
        rows = _("Rows: %(new)d new, %(changed)d updated, %(unchanged)d unchanged.") % {
            "new": self.new_row_count,
            "changed": self.changed_row_count,
            "unchanged": self.unchanged_row_count,
        }
        employers = _("Changes of employer: %(changes)d. Rows left out: %(left_out)d.") % {
            "changes": len(self.employer_changes),
            "left_out": sum(one.outcome is EmployerOutcome.LEAVE_OUT for one in self.employer_conflicts),
        }
        sentences = [created, self._describe_memberships(), rows]
        return " ".join(filter(None, [*sentences, employers if self.employer_conflicts else ""]))

    def _describe_memberships(self) -> str:
        """Return how many memberships are new and changed; "" for a list without any."""
        new_count = len(self.created_rows["membership"])
        changed_count = len(self.membership_rows) - new_count
        confirmed_count = sum(
            membership.confirmed_on is not None for _row, membership in self.membership_rows
        )
        if not self.membership_rows:
            return ""
        sentence = _("Memberships: %(new)d new, %(changed)d drafts updated, %(confirmed)d confirmed.")
        return sentence % {"new": new_count, "changed": changed_count, "confirmed": confirmed_count}

    @property
    def endless_memberships(self) -> list[Membership]:
        """Return the new memberships without a last day, which never come up for renewal."""
        return [membership for membership in self.created_rows["membership"] if membership.ends_on is None]

    @property
    def ready_row_count(self) -> int:
        """Return how many rows are imported, without those that a choice leaves out."""
        return self.new_row_count + self.changed_row_count + self.unchanged_row_count

    @property
    def change_counts(self) -> tuple[int, int]:
        """Return how many rows are new, and how many values changed so far.

        The counts before and after a row of the file tell whether that row was new, changed or unchanged.
        """
        created = sum(len(rows) for rows in self.created_rows.values()) + len(self.markets)
        changed = sum(len(values) for rows in self.values_before.values() for values in rows.values())
        return created, changed + len(self.employer_changes)

    def set_values(self, kind: str, row: models.Model, values: Mapping[str, Any]) -> None:
        """Set the values that differ; keep the old ones of rows that are stored already."""
        for name, value in values.items():
            old_value = getattr(row, name)
            if old_value == value:
                continue
            setattr(row, name, value)
            # A new row has no old values to restore.
            if row.pk:
                self.changed_rows[kind][row.pk] = row
                # `setdefault`: if two rows of the list change the same
                # value, only the first of them saw the stored one.
                self.values_before[kind].setdefault(row.pk, {}).setdefault(name, old_value)


def write_changes(changes: DirectoryChanges) -> None:
    """Write everything but memberships and seats.

    Seats are counted after the employments of the list are written and the old ones have ended.
    """
    for kind, model in ROW_MODELS.items():
        if kind not in KINDS_WRITTEN_LATER:
            _bulk_create(model, changes.created_rows[kind])
            changed = changes.changed_rows[kind]
            names = sorted({name for values in changes.values_before[kind].values() for name in values})
            if changed:
                model.objects.bulk_update(changed.values(), names, BATCH_SIZE)
    through = Company.markets.through
    through.objects.bulk_create(
        [through(company=company, market=market) for company, market in changes.markets], BATCH_SIZE
    )


def find_employment_ends(changes: DirectoryChanges) -> dict[tuple[int, int], Any]:
    """Return the last days of employments that the list ends, by person and company."""
    ends = {
        (former.person_id, former.company_id): change.employment.starts_on - ONE_DAY
        for change in changes.employer_changes
        for former in change.former_employments
    }
    return ends | {
        (employment.person_id, employment.company_id): employment.ends_on
        for pk, employment in changes.changed_rows["employment"].items()
        if "ends_on" in changes.values_before["employment"][pk]
    }


def end_seats_with_employments(changes: DirectoryChanges) -> None:
    """End the seats of employments that the list ends."""
    employment_ends = find_employment_ends(changes)
    # In the order in which all code locks memberships: by key.
    seats = Seat.objects.filter(person__in={person for person, _company in employment_ends})
    for seat in seats.select_related("membership").order_by("membership", "pk"):
        last_day = employment_ends.get((seat.person_id, seat.membership.company_id))
        if last_day and (seat.ends_on is None or seat.ends_on > last_day):
            end_seat(seat=seat, last_day=last_day)


def create_seats(changes: DirectoryChanges) -> None:
    """Store the new seats, and end those in earlier memberships that they replace, as `give_seat` does."""
    new_seats = changes.created_rows["seat"]
    _bulk_create(Seat, new_seats)
    if not new_seats:
        return
    # With one query: most people of a list have no other seat.
    other_seats = Seat.objects.open(at=min(seat.starts_on for seat in new_seats))
    other_seats = other_seats.exclude(pk__in=[seat.pk for seat in new_seats])
    people_with_seat = set(other_seats.values_list("person", flat=True))
    holders_by_day = defaultdict[tuple[Membership, datetime.date], list[int]](list)
    for seat in new_seats:
        if seat.person_id in people_with_seat:
            holders_by_day[seat.membership, seat.starts_on].append(seat.person_id)
    for (membership, first_day), holders in holders_by_day.items():
        _end_replaced_seats(changes, membership=membership, holders=holders, first_day=first_day)


def _end_replaced_seats(
    changes: DirectoryChanges, *, membership: Membership, holders: list[int], first_day: datetime.date
) -> None:
    """End the seats of these people in earlier memberships, so that an undo can restore them."""
    replaced = select_grace_seats(membership=membership, holders=holders, first_day=first_day)
    for seat in replaced.exclude(starts_on=first_day):
        changes.set_values("seat", seat, {"ends_on": first_day - ONE_DAY})
    end_grace_seats(membership=membership, holders=holders, first_day=first_day)


def _bulk_create(model: Any, rows: list[Any]) -> None:
    """Create rows in bulk, after setting the keys of rows that were created before them."""
    # bulk_create does not look at the keys that related objects got since they were assigned.
    for row in rows:
        for name in ("company", "person", "membership"):
            if hasattr(row, f"{name}_id"):
                setattr(row, name, getattr(row, name))
    model.objects.bulk_create(rows, BATCH_SIZE)


def save_import(changes: DirectoryChanges, *, mapping: Mapping[str, str], file_name: str) -> DirectoryImport:
    """Store the import with the keys of new rows and the values before and after."""
    created: dict[str, Any] = {
        kind: [row.pk for row in rows] for kind, rows in changes.created_rows.items() if rows
    }
    if changes.markets:
        created["market"] = [[company.pk, market.pk] for company, market in changes.markets]
    changes.import_record = DirectoryImport.objects.create(
        imported_by_id=current_actor.get().person_id,
        # Names of similar files usually differ at the end.
        file_name=file_name[-200:],
        mapping=dict(mapping),
        created_count=changes.new_row_count,
        changed_count=changes.changed_row_count,
        unchanged_count=changes.unchanged_row_count,
        created_keys=created,
        values_before={
            kind: {str(pk): serialize_values(old) for pk, old in rows.items()}
            for kind, rows in changes.values_before.items()
        },
        values_after=_collect_values_after(changes),
    )
    return changes.import_record


def _collect_values_after(changes: DirectoryChanges) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the new values of changed rows, and the watched ones of new rows, by kind and key."""
    values_after: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, rows in changes.values_before.items():
        changed_rows = changes.changed_rows[kind]
        values_after[kind] = {
            str(pk): serialize_values({name: getattr(changed_rows[pk], name) for name in old})
            for pk, old in rows.items()
        }
    for kind, names in WATCHED_COLUMNS.items():
        # Lets an undo notice that somebody has given the new row another end since.
        watched = {
            str(row.pk): serialize_values({name: getattr(row, name) for name in names})
            for row in changes.created_rows[kind]
        }
        values_after[kind] = {**values_after.get(kind, {}), **watched}
    return values_after


def serialize_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with dates as text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }
