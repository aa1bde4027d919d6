"""Dated rows: from one day to another, the last day included; without a last day the period is open-ended."""

import datetime
from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.errors import InvalidFields
from convention.text.dates import format_date


class PeriodQuerySet[M: models.Model](models.QuerySet[M]):
    def open(self, *, at: datetime.date | None = None) -> "PeriodQuerySet[M]":
        """Return the rows that include that day (default: today)."""
        day = at or timezone.localdate()
        return self.filter(Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day))


class Period(models.Model):
    """A first day and an optional last day, which still counts."""

    starts_on = models.DateField(gettext_lazy("from"), default=timezone.localdate)
    ends_on = models.DateField(gettext_lazy("to"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ends_after_start",
                # Because of this constraint, code that ends a period deletes rows that have not begun yet.
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            )
        ]

    @property
    def is_upcoming(self) -> bool:
        """Return whether the first day is still to come."""
        return self.starts_on > timezone.localdate()


# First and last day, both included; None for an open-ended period.
type DateSpan = tuple[datetime.date, datetime.date | None]

ONE_DAY = datetime.timedelta(days=1)


def end_period(row: Period) -> None:
    """End the row yesterday; delete it if it began today or later. A row that ended earlier stays."""
    # The last day counts, so only yesterday ends it at once.
    yesterday = timezone.localdate() - ONE_DAY
    # An end before the start would break the check constraint of periods.
    if row.starts_on > yesterday:
        row.delete()
    elif row.ends_on is None or row.ends_on > yesterday:
        row.ends_on = yesterday
        row.save(update_fields=["ends_on"])


def refuse_overlap(rows: Iterable[Period], days: DateSpan, *, name: str, field: str) -> None:
    """Raise InvalidFields at `field` if one of the person’s roles in these rows includes one of the days."""
    for row in rows:
        if spans_overlap((row.starts_on, row.ends_on), days):
            sentence = _("%(name)s already has this role from %(day)s. End it first.")
            values = {"name": name, "day": format_date(row.starts_on)}
            raise InvalidFields(_("Some fields need to be corrected."), {field: [sentence % values]})


def spans_overlap(span: DateSpan, other: DateSpan) -> bool:
    """Return whether two spans have a day in common."""
    return _starts_before_end(span[0], other[1]) and _starts_before_end(other[0], span[1])


def join_touching_rows[P: Period](rows: Iterable[P], days: DateSpan) -> tuple[list[P], DateSpan]:
    """Return the rows that overlap or touch the days, and the span that covers all of them."""
    joined = []
    start, end = days
    for row in sorted(rows, key=lambda row: row.starts_on):
        # A row that ends the day before touches.
        if _starts_before_end(row.starts_on, _add_day(end)) and _starts_before_end(
            start, _add_day(row.ends_on)
        ):
            joined.append(row)
            start = min(start, row.starts_on)
            end = None if end is None or row.ends_on is None else max(end, row.ends_on)
    return joined, (start, end)


def join_given_days[P: Period](rows: Iterable[P], days: DateSpan) -> tuple[list[P], DateSpan]:
    """Return the rows to merge when a role is given on these days, and the span of the merged role.

    The span covers all of them, except that days including today also set the end of a role held today.
    """
    joined, (start, end) = join_touching_rows(rows, days)
    today = timezone.localdate()
    includes_today = days[0] <= today and _starts_before_end(today, days[1])
    if includes_today and len(joined) == 1 and joined[0].starts_on <= today:
        end = days[1]
    return joined, (start, end)


def _add_day(day: datetime.date | None) -> datetime.date | None:
    return None if day in (None, datetime.date.max) else day + ONE_DAY


def _starts_before_end(start: datetime.date, end: datetime.date | None) -> bool:
    return end is None or start <= end


def find_first_gap(rows: Iterable[Period], *, at: datetime.date) -> datetime.date | None:
    """Return the first day from `at` on that none of the rows includes; None if they cover all days."""
    day = at
    for row in sorted(rows, key=lambda row: row.starts_on):
        next_day = _add_day(row.ends_on)
        if row.starts_on > day:
            break
        if next_day is None:
            return None
        day = max(day, next_day)
    return day


def add_years(day: datetime.date, years: int) -> datetime.date:
    """Return the same day of a later year; 1 March for 29 February, unless that year has one."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 3, 1)


def count_max_concurrent(spans: Iterable[DateSpan]) -> int:
    """Return the highest number of spans that include the same day."""
    changes = []
    for start, end in spans:
        changes.append((start, 1))
        # The day after the last possible one overflows.
        if end is not None and end < datetime.date.max:
            changes.append((end + ONE_DAY, -1))
    count = maximum = 0
    # On one day -1 sorts before +1: a seat that ended the day before is free for the next holder.
    for _day, change in sorted(changes):
        count += change
        maximum = max(maximum, count)
    return maximum
