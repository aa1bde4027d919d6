"""Dated rows: something holds from one day to another, the last day included; no end means open."""

import datetime

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
