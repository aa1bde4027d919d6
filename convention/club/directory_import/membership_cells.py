"""Parse and check the cells of a directory list about a company's membership, without the database."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from convention.club.models import MAX_SEATS
from convention.money import Money, is_unclear_number, parse_number
from convention.tables.cells import parse_date_cell
from convention.text.normalize import casefold_text
from convention.web.forms import DAY_YEARS, MAX_EUROS

from .columns import COLUMN_LABELS

# The columns and the fields of `Membership` that they fill.
MEMBERSHIP_FIELDS: Final = {
    "plan": "plan", "member_from": "starts_on", "member_until": "ends_on", "included_seats": "seats",
    "extra_seats": "extra_seats", "dues": "dues_cents", "confirmed_on": "confirmed_on",
}  # fmt: skip
DATE_COLUMNS: Final = ("member_from", "member_until", "confirmed_on")
COUNT_COLUMNS: Final = ("included_seats", "extra_seats")
# The highest value of a PositiveIntegerField.
MAX_INTEGER: Final = 2_147_483_647


@dataclass(frozen=True)
class MembershipCells:
    """The cells of a row about the membership of its company; `plan` is a slug, None an empty cell."""

    plan: str | None = None
    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None
    seats: int | None = None
    extra_seats: int | None = None
    dues_cents: int | None = None
    confirmed_on: datetime.date | None = None

    @property
    def values(self) -> dict[str, Any]:
        """Return the filled cells by field of `Membership`, without the plan."""
        names = [name for name in MEMBERSHIP_FIELDS.values() if name != "plan"]
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def is_empty(self) -> bool:
        return self.plan is None and not self.values


def parse_membership_cells(values: Mapping[str, str], plans: Mapping[str, str]) -> MembershipCells:
    """Return the cells that can be read; `plans` are the slugs of plans by normalized name."""
    dates = {MEMBERSHIP_FIELDS[name]: _parse_day(values.get(name, "")) for name in DATE_COLUMNS}
    return MembershipCells(
        plan=plans.get(casefold_text(values.get("plan", ""))),
        seats=_parse_count(values.get("included_seats", "")),
        extra_seats=_parse_count(values.get("extra_seats", "")),
        dues_cents=_parse_cents(values.get("dues", "")),
        **dates,
    )


def _parse_day(text: str) -> datetime.date | None:
    """Return the day; None for text that is no date, or for a year that forms refuse as well."""
    day = parse_date_cell(text)
    return day if day and day.year in DAY_YEARS else None


def _parse_count(text: str) -> int | None:
    try:
        number = parse_number(text)
    except ValueError:
        return None
    is_count = number == int(number) and 0 <= number <= MAX_INTEGER
    return int(number) if is_count else None


def _parse_cents(text: str) -> int | None:
    """Return the amount in cents; None for text that is no amount, or may be read in two ways."""
    plain = text.replace("€", "").removesuffix("EUR").removeprefix("EUR").strip()
    if is_unclear_number(plain):
        return None
    try:
        cents = parse_number(plain) * 100
    except ValueError:
        return None
    return int(cents) if 0 <= cents <= MAX_INTEGER else None


def find_membership_errors(values: Mapping[str, str], cells: MembershipCells) -> Iterator[str]:
    """Yield the errors of these cells but for unknown plans, without looking at the directory."""
    for name in DATE_COLUMNS:
        if values.get(name) and getattr(cells, MEMBERSHIP_FIELDS[name]) is None:
            yield _describe_refused_day(values[name])
    for name in COUNT_COLUMNS:
        if values.get(name) and getattr(cells, MEMBERSHIP_FIELDS[name]) is None:
            sentence = _("%(field)s: “%(text)s” is not a number of seats. Example: 5.")
            yield sentence % {"field": COLUMN_LABELS[name], "text": values[name][:40]}
    if values.get("dues") and cells.dues_cents is None:
        sentence = _("%(field)s: “%(text)s” is not a clear amount in euros. Example: 1500.00.")
        yield sentence % {"field": COLUMN_LABELS["dues"], "text": values["dues"][:40]}
    yield from _find_excessive_numbers(cells)
    if cells.starts_on and cells.ends_on and cells.ends_on < cells.starts_on:
        yield _("The membership must not end before it begins.")
    if cells.confirmed_on and cells.confirmed_on > timezone.localdate():
        yield _("The membership cannot have been confirmed on a future day. Leave the cell empty.")


def _find_excessive_numbers(cells: MembershipCells) -> Iterator[str]:
    """Yield an error for each number that the forms refuse as well."""
    sentence = _("%(field)s: at most %(most)s.")
    for name in COUNT_COLUMNS:
        if (getattr(cells, MEMBERSHIP_FIELDS[name]) or 0) > MAX_SEATS:
            most = number_format(MAX_SEATS, force_grouping=True)
            yield sentence % {"field": COLUMN_LABELS[name], "most": most}
    if (cells.dues_cents or 0) > MAX_EUROS * 100:
        yield sentence % {"field": COLUMN_LABELS["dues"], "most": Money(MAX_EUROS * 100)}


def _describe_refused_day(text: str) -> str:
    if parse_date_cell(text) is None:
        return describe_invalid_date(text)
    sentence = _("The year of “%(text)s” is unlikely. Leave the cell empty if there is no end date.")
    return sentence % {"text": text[:40]}


def describe_invalid_date(text: str) -> str:
    """Return the sentence that refuses a cell which is not a date."""
    return _("“%(text)s” is not a date. Enter it as 2027-01-31 or 31/01/2027.") % {"text": text[:40]}
