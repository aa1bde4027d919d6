"""The form that sends the link to a visitor list."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.text.dates import format_deadline
from convention.text.languages import LANGUAGE_CHOICES
from registrations.visits.identity.purge import compute_purge_time
from registrations.visits.models import VisitorList


class ListLinkForm(forms.Form):
    """The language of the e-mail and the last day of the link."""

    language = forms.ChoiceField(label=_("Language of the e-mail"), choices=LANGUAGE_CHOICES, initial="fr")
    valid_until = forms.DateField(
        label=_("Link valid until"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"}),
    )

    def __init__(self, *args: Any, visitor_list: VisitorList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone = visitor_list.visit.event.zone
        purge_time = compute_purge_time(visitor_list.visit)
        last_day = purge_time.astimezone(zone).date()
        open_until = visitor_list.open_link_expires_at
        field = self.fields["valid_until"]
        field.initial = open_until.astimezone(zone).date() if open_until else last_day
        field.widget.attrs |= {
            "min": timezone.localdate(timezone=zone).isoformat(),
            "max": last_day.isoformat(),
        }
        # With its hour, since on the last day the link ends before midnight.
        field.help_text = _(
            "The link works until the end of this day, at most until %(day)s: the visitors’ details are "
            "deleted seven days after the visit."
        ) % {"day": format_deadline(purge_time, zone)}

    def get_first_error(self) -> str:
        return next(str(error) for errors in self.errors.values() for error in errors)
