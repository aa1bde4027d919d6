"""Combine dated rows of two records of one person where both have the same on the same days.

These are `merge_rows` of `PersonalDataSource`: what they leave to the duplicate is moved to the survivor.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db.models import QuerySet

from convention.club.models import Membership, Person, Seat
from convention.club.periods import join_touching_rows, spans_overlap
from convention.club.seats import end_grace_seats, lock_membership


def join_rows(
    rows: "QuerySet[Any]", survivor: Person, *, columns: tuple[str, ...], filled: tuple[str, ...] = ()
) -> None:
    """Extend the survivor's row to the days of the duplicate's, and delete the latter, if they overlap.

    Rows are the same if they have the same values in `columns`. The survivor's row takes over the values in
    `filled` that it does not have.
    """
    for row in list(rows.order_by("starts_on", "pk")):
        same = {column: getattr(row, column) for column in columns}
        own = list(rows.model._base_manager.filter(person=survivor, **same).order_by("starts_on", "pk"))
        # Rows that only touch stay: a renewal is a row of its own.
        overlapping = [other for other in own if spans_overlap(_get_days(other), _get_days(row))]
        if overlapping:
            _extend_row(overlapping, row, filled)


def _get_days(row: Any) -> Any:
    return row.starts_on, row.ends_on


def _extend_row(overlapping: list[Any], row: Any, filled: tuple[str, ...]) -> None:
    first, *others = overlapping
    _joined, (first.starts_on, first.ends_on) = join_touching_rows(overlapping, _get_days(row))
    for column in filled:
        values = [getattr(other, column) for other in (*overlapping, row)]
        setattr(first, column, next(filter(None, values), ""))
    for other in (*others, row):
        other.delete()
    first.save(update_fields=["starts_on", "ends_on", *filled])


def join_columns(*columns: str, filled: tuple[str, ...] = ()) -> Callable[["QuerySet[Any]", Person], None]:
    """Return `join_rows` for rows that are the same if they have the same values in these columns."""
    return partial(join_rows, columns=columns, filled=filled)


def join_seats(rows: "QuerySet[Any]", survivor: Person) -> None:
    """Make two seats in one membership on the same days one, and end one in a grace period before it.

    A person who works for two companies may have a seat of each.
    """
    memberships = Membership.objects.filter(given_seats__in=rows).order_by("pk").distinct()
    for membership in list(memberships):
        lock_membership(membership)
    join_rows(rows, survivor, columns=("membership_id",))
    seats = list(rows.select_related("membership"))
    rows.update(person=survivor)
    companies = {seat.membership.company_id for seat in seats}
    own = Seat.objects.filter(person=survivor, membership__company__in=companies).select_related("membership")
    for seat in own.order_by("membership__starts_on", "starts_on"):
        end_grace_seats(membership=seat.membership, holders=[survivor.pk], first_day=seat.starts_on)
