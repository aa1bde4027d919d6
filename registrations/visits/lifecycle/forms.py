"""Forms of the organizer: the facts of a visit, and the reason for an action."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from convention.events.forms import LocalDateTimeField, add_time_zone
from convention.rich_text.sanitize import MAX_MARKDOWN_CHARS
from convention.web.forms import ActionErrorsMixin
from registrations.models import Ticket
from registrations.ticketing.forms import check_company_cap
from registrations.visits.dates import compute_lock_time
from registrations.visits.models import IdentityField, Visit


class VisitForm(ActionErrorsMixin, forms.ModelForm[Visit]):
    """The facts of a visit, together with the capacity and company limit of its ticket."""

    capacity = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=500, help_text=_("Number of visitors the host can receive.")
    )
    company_cap = forms.IntegerField(
        label=_("Places per company"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=_("Maximum number of people per company. Leave empty for no limit."),
    )
    identity_fields = forms.MultipleChoiceField(
        label=_("What the host needs to know about visitors"),
        choices=IdentityField.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "Requested shortly before the visit, encrypted, readable by very few people and "
            "deleted seven days afterwards. Only ask for what the host requires."
        ),
    )
    embargo_until = LocalDateTimeField(
        label=_("Embargo until"),
        required=False,
        help_text=_(
            "Until this date, what was seen stays between those who attended. Leave empty for no embargo."
        ),
    )

    class Meta:
        model = Visit
        fields = [
            "security_name", "security_email", "lock_working_days", "identity_fields", "identity_days_before",
            "briefing", "briefing_en", "embargo_until",
        ]  # fmt: skip
        labels = {
            "security_name": _("The host’s security contact"),
            "security_email": _("Security contact’s e-mail address"),
            "lock_working_days": _("Lock the list this many working days before the visit"),
            "identity_days_before": _("Ask visitors for these details this many days before the visit"),
            "briefing": _("Safety briefing"),
            "briefing_en": _("Safety briefing in English"),
        }
        help_texts = {
            "security_email": _("We send the visitor list there as a link that expires."),
            "lock_working_days": _(
                "Monday to Friday, except French public holidays. The list is locked at 9:00."
            ),
            "briefing": _("What visitors should read beforehand: shoes, badges, photographs, exits."),
        }
        widgets = {
            "briefing": forms.Textarea(attrs={"rows": 5}),
            "briefing_en": forms.Textarea(attrs={"rows": 5}),
        }

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        self.initial.update(capacity=ticket.capacity, company_cap=ticket.company_cap)
        for name in ("briefing", "briefing_en"):
            self.fields[name].validators.append(MaxLengthValidator(MAX_MARKDOWN_CHARS))
        if moment := self.instance.embargo_until:
            # `datetime-local` inputs have no time zone: the form shows and reads the local time of the event.
            self.initial["embargo_until"] = moment.astimezone(self.instance.event.zone).replace(tzinfo=None)

    def disable_list_fields(self) -> None:
        """Disable the fields about the list, for those who may not read identities."""
        for name in ("security_name", "security_email", "identity_fields", "identity_days_before"):
            # Disabled in Django too, not only in the browser: posted values of these fields are ignored.
            self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        """Read the embargo in the event's time zone, and check it and the company limit."""
        data = super().clean() or self.cleaned_data
        add_time_zone(self, "embargo_until", self.instance.event.zone)
        if (until := data.get("embargo_until")) and until < self.instance.event.ends_at:
            self.add_error("embargo_until", _("The embargo must end after the visit."))
        check_company_cap(self, data)
        self._check_identity_period(data)
        return data

    def _check_identity_period(self, data: dict[str, Any]) -> None:
        """Add an error if visitors would be asked for their details only once the list is locked."""
        names = ("identity_fields", "identity_days_before", "lock_working_days")
        fields, days_before, working_days = (data.get(name) for name in names)
        # Stored values that nobody changed never block other changes.
        if not fields or days_before is None or working_days is None or not {*names} & {*self.changed_data}:
            return
        event, visit_day = self.instance.event, self.instance.day
        locks_on = compute_lock_time(event.starts_at, event.zone, working_days).date()
        min_days = (visit_day - locks_on).days + 1
        if days_before >= min_days:
            return
        if self.fields["identity_days_before"].disabled:
            sentence = _(
                "Visitors are asked for their details only %(days)d days before the visit, after this date. "
                "Choose fewer days, or ask the club’s secretary to ask for the details earlier."
            )
            self.add_error("lock_working_days", sentence % {"days": days_before})
        else:
            sentence = _("The list is locked before that. Enter at least %(days)d days.")
            self.add_error("identity_days_before", sentence % {"days": min_days})

    def build_ticket(self) -> Ticket:
        """Return the unsaved ticket with the places filled in."""
        self.ticket.capacity = self.cleaned_data["capacity"]
        self.ticket.company_cap = self.cleaned_data["company_cap"]
        return self.ticket


class VisitReasonForm(ActionErrorsMixin, forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": _("Enter the reason.")},
    )
