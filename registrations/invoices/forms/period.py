"""From which day to which."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .acts import Day

YEARS = range(2000, 2200)


class PeriodForm(forms.Form):
    """Two days, both of them in it; without any, the month that ended last."""

    first = Day(label=_("From"))
    last = Day(label=_("To"))

    def clean(self) -> dict[str, Any]:
        """In order, and in our time."""
        data = super().clean() or self.cleaned_data
        first, last = data.get("first"), data.get("last")
        if first and last and first > last:
            self.add_error("last", _("The period ends before it begins."))
        if any(day and day.year not in YEARS for day in (first, last)):
            self.add_error("first", _("Check the year."))
        return data

    @classmethod
    def usual(cls) -> dict[str, datetime.date]:
        """The month that ended last."""
        last = timezone.localdate().replace(day=1) - datetime.timedelta(days=1)
        return {"first": last.replace(day=1), "last": last}
