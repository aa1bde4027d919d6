"""Assign document numbers without gaps.

The law requires consecutive numbers in order of date. A number is therefore taken under a row lock of its
series, in the transaction that creates the document: if that is rolled back, so is the number.
"""

import datetime
import re

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.invoices.models import NumberSeries

MAX_NUMBER_LENGTH = 20
NUMBER_CHARACTERS = re.compile(r"[A-Z0-9/_-]+")


class InvalidNumberPattern(ConventionError):
    """The pattern does not produce valid, distinct numbers."""

    kind = "bad-pattern"


class NumberOutOfOrder(ConventionError):
    """The date is before that of the last number of the series."""

    kind = "out-of-order"


def assign_next_number(*, series_code: str, issued_on: datetime.date) -> int:
    """Return the next number of a series in the year of `issued_on`.

    The series stays locked until the caller's transaction ends. Raise NumberOutOfOrder if `issued_on` is
    before the day of the last number.
    """
    assert transaction.get_connection().in_atomic_block, "a number given outside a transaction leaves a gap"
    # The row must exist before it can be locked; without one, two transactions would both start at 1.
    NumberSeries.objects.bulk_create(
        [NumberSeries(code=series_code, year=issued_on.year)], ignore_conflicts=True
    )
    series = NumberSeries.objects.select_for_update().get(code=series_code, year=issued_on.year)
    if series.last_issued_on and issued_on < series.last_issued_on:
        raise NumberOutOfOrder(
            _("The last number of this series was issued on %(day)s, so no earlier date is possible.")
            % {"day": series.last_issued_on.isoformat()}
        )
    series.last_number, series.last_issued_on = series.last_number + 1, issued_on
    series.save(update_fields=["last_number", "last_issued_on"])
    return series.last_number


def get_issue_day(series_code: str) -> datetime.date:
    """Return today, or the day of the last number if the clock was set back since."""
    last = (
        NumberSeries.objects.filter(code=series_code)
        .order_by("-last_issued_on")
        .values_list("last_issued_on", flat=True)
        .first()
    )
    return max(timezone.localdate(), last or datetime.date.min)


def format_invoice_number(pattern: str, *, series: str, year: int, number: int) -> str:
    """Format a number by the issuer's pattern, such as `F2026-000123`.

    Raise InvalidNumberPattern.
    """
    try:
        text = pattern.format(series=series, year=year, number=number)
    # All that `str.format` raises for a pattern typed by hand.
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise InvalidNumberPattern(
            _("Enter a pattern with {series}, {year} and {number}, for example {series}{year}-{number:06}.")
        ) from error
    if not NUMBER_CHARACTERS.fullmatch(text) or len(text) > MAX_NUMBER_LENGTH:
        raise InvalidNumberPattern(
            _("A number can have at most %(most)d characters: capital letters, digits, hyphens and slashes.")
            % {"most": MAX_NUMBER_LENGTH}
        )
    return text


def check_number_pattern(pattern: str) -> None:
    """Raise InvalidNumberPattern if two different documents could get the same number."""
    # Two series, two years and two numbers have to give eight different texts.
    samples = {
        format_invoice_number(pattern, series=series, year=year, number=number)
        for series in ("F", "AV")
        for year in (2026, 2027)
        for number in (1, 999_999)
    }
    if len(samples) < 8:
        raise InvalidNumberPattern(
            _("Enter a pattern with {series}, {year} and {number}, for example {series}{year}-{number:06}.")
        )
