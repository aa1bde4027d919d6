"""Numbers without gaps: given under the lock of their series, in the transaction that issues."""

import datetime
import re

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError

from .models import Series

LONGEST = 20
WRITTEN = re.compile(r"[A-Z0-9/_-]+")


class BadPattern(ConventionError):
    """No numbers can be written with it."""

    kind = "bad-pattern"


class OutOfOrder(ConventionError):
    """Numbers and dates go up together."""

    kind = "out-of-order"


def next_number(*, code: str, on: datetime.date) -> int:
    """The next number of the series in that year; whoever comes next waits until this transaction ends.

    Raises OutOfOrder for a day before that of the last one.
    """
    assert transaction.get_connection().in_atomic_block, "a number given outside a transaction leaves a gap"
    Series.objects.bulk_create([Series(code=code, year=on.year)], ignore_conflicts=True)
    series = Series.objects.select_for_update().get(code=code, year=on.year)
    if series.last_on and on < series.last_on:
        raise OutOfOrder(
            _("The last number of the series was given on %(day)s: none can be dated before.")
            % {"day": series.last_on.isoformat()}
        )
    series.last, series.last_on = series.last + 1, on
    series.save(update_fields=["last", "last_on"])
    return series.last


def day_for(code: str) -> datetime.date:
    """Today, or the day of the last number where that is later, as after a change of the clock."""
    last = Series.objects.filter(code=code).order_by("-last_on").values_list("last_on", flat=True).first()
    return max(timezone.localdate(), last or datetime.date.min)


def written(pattern: str, *, series: str, year: int, number: int) -> str:
    """The number as it stands on the document, such as `F2026-000123`. Raises BadPattern."""
    try:
        text = pattern.format(series=series, year=year, number=number)
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise BadPattern(
            _("Write the pattern with {series}, {year} and {number}, such as {series}{year}-{number:06}.")
        ) from error
    if not WRITTEN.fullmatch(text) or len(text) > LONGEST:
        raise BadPattern(
            _("A number has at most %(most)d capital letters, digits, hyphens and slashes.")
            % {"most": LONGEST}
        )
    return text


def check_pattern(pattern: str) -> None:
    """Refuse what would write two numbers alike. Raises BadPattern."""
    samples = {
        written(pattern, series=series, year=year, number=number)
        for series in ("F", "AV")
        for year in (2026, 2027)
        for number in (1, 999_999)
    }
    if len(samples) < 8:
        raise BadPattern(
            _("Write the pattern with {series}, {year} and {number}, such as {series}{year}-{number:06}.")
        )
