"""Dated rows: something holds from one day to another, the last day included; no end means open."""

import datetime
from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class PeriodQuerySet[M: models.Model](models.QuerySet[M]):
    """Sets with time as an argument."""

    def open(self, *, at: datetime.date | None = None) -> "PeriodQuerySet[M]":
        """Rows that hold on that day (default: today)."""
        day = at or timezone.localdate()
        return self.filter(Q(starts_on__lte=day), Q(ends_on__isnull=True) | Q(ends_on__gte=day))


class Period(models.Model):
    """From and to, as dates; the last day still counts."""

    starts_on = models.DateField(_("from"), default=timezone.localdate)
    ends_on = models.DateField(_("to"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_ends_after_start",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
            )
        ]


type Span = tuple[datetime.date, datetime.date | None]
"""The first and the last day; no last day means open."""

ONE_DAY = datetime.timedelta(days=1)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a day in common."""
    return _first_in_time(one[0], other[1]) and _first_in_time(other[0], one[1])


def _first_in_time(start: datetime.date, end: datetime.date | None) -> bool:
    return end is None or start <= end


def most_at_once(spans: Iterable[Span]) -> int:
    """How many of the spans hold on the fullest day."""
    changes = []
    for start, end in spans:
        changes.append((start, 1))
        if end is not None and end < datetime.date.max:
            changes.append((end + ONE_DAY, -1))
    number = most = 0
    for _day, change in sorted(changes):
        number += change
        most = max(most, number)
    return most
