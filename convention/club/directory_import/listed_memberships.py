"""Memberships of companies in a list: new ones and drafts are imported, agreed ones only compared.

A list never changes a membership that is confirmed or was left: what it says otherwise is reported.
"""

import copy
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.memberships import (
    build_membership,
    check_given_seats,
    check_membership_overlap,
    confirm_membership,
    describe_overlap,
    find_overlapping_membership,
    find_usual_last_day,
    store_draft,
    update_membership,
)
from convention.club.models import Company, Membership, Plan, select_open_membership
from convention.club.periods import add_years, spans_overlap
from convention.club.seats import lock_membership
from convention.errors import InvalidFields

from .changes import DirectoryChanges, MembershipDifference
from .membership_cells import MembershipCells
from .rows import DirectoryRow

# In the payload of a job.
LAST_DAY_OPTION: Final = "memberships-end-on:"
CONFIRMATION_FIELDS: Final = ("confirmed_on", "submitted_on")


class NewMemberships(Enum):
    """Whether the memberships of a list without a day of confirmation stay drafts, or are confirmed."""

    DRAFT = "draft-memberships"
    CONFIRM = "confirm-memberships"


def encode_last_day(day: datetime.date | None) -> list[str]:
    """Return the last day of new memberships as an option of a job; nothing without a day."""
    return [f"{LAST_DAY_OPTION}{day.isoformat()}"] if day else []


def decode_last_day(options: Iterable[str]) -> datetime.date | None:
    """Return the day among the options, or None."""
    texts = (option.removeprefix(LAST_DAY_OPTION) for option in options if option.startswith(LAST_DAY_OPTION))
    return next(map(datetime.date.fromisoformat, texts), None)


def propose_last_day(memberships: Iterable[Membership]) -> datetime.date | None:
    """Return the day on which most of the club's memberships end; None without any.

    It is moved by years if one of these memberships, which have no last day, begins later.
    """
    usual_day = find_usual_last_day(at=timezone.localdate())
    latest_start = max((membership.starts_on for membership in memberships), default=None)
    if usual_day is None or latest_start is None:
        return None
    years = max(0, latest_start.year - usual_day.year)
    day = add_years(usual_day, years)
    return day if day >= latest_start else add_years(usual_day, years + 1)


@dataclass
class MembershipIndex:
    """The stored memberships by company, and those of the list as they are read.

    `listed_rows` are the first row of each new membership and draft, by the `id` of the object, and
    `compared_cells` what the list says about memberships that it does not change. `default_ends_on` is the
    last day of new memberships for which the list has none.
    """

    today: datetime.date = field(default_factory=timezone.localdate)
    new_memberships: NewMemberships = NewMemberships.DRAFT
    default_ends_on: datetime.date | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    stored: dict[int, list[Membership]] = field(default_factory=lambda: defaultdict(list))
    added: dict[int, list[Membership]] = field(default_factory=lambda: defaultdict(list))
    listed_rows: dict[int, DirectoryRow] = field(default_factory=dict)
    compared_cells: set[tuple[int, MembershipCells]] = field(default_factory=set)

    @classmethod
    def load_current(
        cls, new_memberships: NewMemberships, default_ends_on: datetime.date | None
    ) -> "MembershipIndex":
        """Load all memberships and plans, with two queries."""
        index = cls(new_memberships=new_memberships, default_ends_on=default_ends_on)
        index.plans = {plan.slug: plan for plan in Plan.objects.all()}
        plans_by_key = {plan.pk: plan for plan in index.plans.values()}
        for membership in Membership.objects.order_by("starts_on", "pk"):
            membership.plan = plans_by_key[membership.plan_id]
            index.stored[membership.company_id].append(membership)
        return index

    def list_memberships(self, company: Company) -> list[Membership]:
        stored = self.stored.get(company.pk, []) if company.pk else []
        return [*stored, *self.added[id(company)]]

    def find_membership(self, cells: MembershipCells, company: Company) -> Membership | None:
        """Return the company's membership that the cells are about, or None for a new one.

        It is the one with the same first day, or an agreed one of these days; without a first day it is the
        current or latest one.
        """
        memberships = self.list_memberships(company)
        if cells.starts_on is None:
            latest = max(memberships, key=lambda row: row.starts_on, default=None)
            return select_open_membership(memberships, at=self.today) or latest
        span = (cells.starts_on, self.find_last_day(cells))
        same_day = (row for row in memberships if row.starts_on == cells.starts_on)
        agreed = (row for row in memberships if _is_agreed(row) and _shares_a_day(row, span))
        return next(same_day, None) or max(agreed, key=lambda row: row.starts_on, default=None)

    def find_last_day(self, cells: MembershipCells) -> datetime.date | None:
        """Return the last day of a new membership; one that begins after the default day has none."""
        default, first_day = self.default_ends_on, cells.starts_on
        return cells.ends_on or (default if default and first_day and default >= first_day else None)

    def find_confirmation_day(self, cells: MembershipCells) -> datetime.date | None:
        is_confirmed = self.new_memberships is NewMemberships.CONFIRM
        return cells.confirmed_on or (self.today if is_confirmed else None)


def _is_agreed(membership: Membership) -> bool:
    return membership.pk is not None and bool(membership.confirmed_on or membership.left_on)


def _shares_a_day(membership: Membership, span: tuple[datetime.date, datetime.date | None]) -> bool:
    first_day, last_day = membership.span
    return (last_day is None or last_day >= first_day) and spans_overlap((first_day, last_day), span)


def compare_membership(
    changes: DirectoryChanges, row: DirectoryRow, company: Company, index: MembershipIndex
) -> Iterator[str]:
    """Add what the row says about the company's membership to the changes; yield its errors."""
    cells = row.membership
    if cells.is_empty:
        return
    membership = index.find_membership(cells, company)
    if membership is None:
        yield from _add_membership(changes, row, company, index)
    elif first_row := index.listed_rows.get(id(membership)):
        yield from _find_contradictions(cells, first_row)
    elif _is_agreed(membership) or cells.plan not in (None, membership.plan.slug):
        membership.company = company
        # The rows of a company’s people repeat what the first one says.
        if (membership.pk, cells) not in index.compared_cells:
            index.compared_cells.add((membership.pk, cells))
            changes.membership_differences += _list_differences(membership, cells, index)
    else:
        membership.company = company
        index.listed_rows[id(membership)] = row
        yield from _update_draft(changes, row, membership, index)


def _find_contradictions(cells: MembershipCells, first_row: DirectoryRow) -> Iterator[str]:
    """Yield an error if a further row of a membership says something else than the first one."""
    first_cells = first_row.membership
    given = {"plan": cells.plan, **cells.values}
    if any(value not in (None, getattr(first_cells, name)) for name, value in given.items()):
        sentence = _("Row %(first)d says something else about this membership of the company.")
        yield sentence % {"first": first_row.number}


def _add_membership(
    changes: DirectoryChanges, row: DirectoryRow, company: Company, index: MembershipIndex
) -> Iterator[str]:
    cells = row.membership
    plan = index.plans.get(cells.plan or "")
    if company.is_merged:
        yield _("“%(company)s” has merged into another company and gets no new membership.") % {
            "company": company
        }
        return
    if plan is None:
        yield _("Enter the plan of the new membership.")
        return
    if not plan.is_offered:
        yield _("The plan “%(plan)s” is closed to new memberships.") % {"plan": plan}
        return
    if cells.starts_on is None:
        yield _("Enter the first day of the new membership.")
        return
    membership = build_membership(company=company, plan=plan, starts_on=cells.starts_on)
    for name, value in cells.values.items():
        setattr(membership, name, value)
    membership.ends_on = index.find_last_day(cells)
    membership.confirmed_on = membership.submitted_on = index.find_confirmation_day(cells)
    if other := find_overlapping_membership(membership, index.list_memberships(company)):
        yield describe_overlap(other)
        return
    index.added[id(company)].append(membership)
    index.listed_rows[id(membership)] = row
    changes.created_rows["membership"].append(membership)
    changes.membership_rows.append((row.number, membership))


def _update_draft(
    changes: DirectoryChanges, row: DirectoryRow, membership: Membership, index: MembershipIndex
) -> Iterator[str]:
    values = row.membership.values
    if day := index.find_confirmation_day(row.membership):
        values |= {"confirmed_on": day, "submitted_on": membership.submitted_on or day}
    changed = copy.copy(membership)
    for name, value in values.items():
        setattr(changed, name, value)
    if objection := _find_draft_objection(changed, index):
        yield objection
        return
    changes.set_values("membership", membership, values)
    if membership.pk in changes.changed_rows["membership"]:
        changes.membership_rows.append((row.number, membership))


def _find_draft_objection(changed: Membership, index: MembershipIndex) -> str:
    """Return why a draft cannot get these values, or ""."""
    if changed.ends_on and changed.ends_on < changed.starts_on:
        return _("The membership must not end before it begins.")
    # The database has the same rule (`membership_grace_after_end`).
    if changed.grace_until and changed.ends_on and changed.grace_until < changed.ends_on:
        return _("The grace period must end after the last day of the membership.")
    others = [row for row in index.stored[changed.company_id] if row.pk != changed.pk]
    if other := find_overlapping_membership(changed, others):
        return describe_overlap(other)
    try:
        check_given_seats(changed)
    except InvalidFields as error:
        return " ".join(text for texts in error.field_errors.values() for text in texts)
    return ""


def _list_differences(
    membership: Membership, cells: MembershipCells, index: MembershipIndex
) -> Iterator[MembershipDifference]:
    """Yield what the cells say otherwise than a membership that a list does not change."""
    if cells.plan not in (None, membership.plan.slug):
        listed_plan = index.plans[str(cells.plan)].title
        yield MembershipDifference(membership, "plan", membership.title, listed_plan)
    for name, value in cells.values.items():
        stored = getattr(membership, name)
        if stored != value:
            yield MembershipDifference(membership, name, stored, value)


def write_memberships(changes: DirectoryChanges) -> list[tuple[int, str]]:
    """Store the new memberships, change and confirm the drafts; return the errors by row."""
    errors: list[tuple[int, str]] = []
    # By company: all code that locks several of them does so in this order.
    for number, membership in sorted(changes.membership_rows, key=lambda pair: pair[1].company.pk):
        try:
            if membership.pk is None:
                _create_membership(membership)
            else:
                _change_draft(membership, changes.values_before["membership"][membership.pk])
        except InvalidFields as error:
            errors += [(number, text) for texts in error.field_errors.values() for text in texts]
    return errors


def _create_membership(membership: Membership) -> None:
    # A company of the list has its key only since it was written.
    membership.company_id = membership.company.pk
    confirmed_on = membership.confirmed_on
    membership.confirmed_on = membership.submitted_on = None
    store_draft(membership=membership)
    _confirm(membership, confirmed_on)


def _change_draft(membership: Membership, values_before: dict[str, Any]) -> None:
    """Store the planned values. Raise InvalidFields if the draft was agreed since it was compared."""
    # First: it locks the company, which comes before its memberships.
    check_membership_overlap(membership)
    stored = lock_membership(membership)
    if stored.confirmed_on or stored.left_on:
        sentence = _("This membership has just been changed. Check the list again.")
        raise InvalidFields(_("Some fields need to be corrected."), {"starts_on": [sentence]})
    names = [name for name in values_before if name not in CONFIRMATION_FIELDS]
    if names:
        update_membership(membership=membership, changed_fields=names)
    _confirm(membership, membership.confirmed_on)


def _confirm(membership: Membership, day: datetime.date | None) -> None:
    if day:
        confirmed = confirm_membership(membership=membership, on=day)
        membership.confirmed_on, membership.submitted_on = confirmed.confirmed_on, confirmed.submitted_on
