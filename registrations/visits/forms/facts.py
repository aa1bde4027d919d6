"""What is filled in of a visit by who runs it: its facts, and why something is done."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.forms import WallClock, set_zone
from convention.refusable import Refusable

from ...models import Ticket
from ..models import IdentityField, Visit


class VisitForm(Refusable, forms.ModelForm[Visit]):
    """The facts of a visit, with the places of its ticket."""

    capacity = forms.IntegerField(
        label=_("Places"), min_value=1, max_value=500, help_text=_("How many the host receives.")
    )
    company_cap = forms.IntegerField(
        label=_("Places per company"),
        min_value=1,
        max_value=500,
        required=False,
        help_text=_("How many people one company sends at most. Empty: no limit."),
    )
    identity_fields = forms.MultipleChoiceField(
        label=_("What the host needs to know about visitors"),
        choices=IdentityField.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("Asked late, sealed, read by few, and removed seven days after. Ask for nothing more."),
    )
    embargo_until = WallClock(
        label=_("Embargo until"),
        required=False,
        help_text=_("Until then what was seen is only for those who were there. Empty: no embargo."),
    )

    class Meta:
        model = Visit
        fields = [
            "security_name", "security_email", "list_days", "identity_fields", "identity_days",
            "briefing", "briefing_en", "embargo_until",
        ]  # fmt: skip
        labels = {
            "security_name": _("Security contact at the host’s"),
            "security_email": _("Their address"),
            "list_days": _("Working days before the visit when the list is locked"),
            "identity_days": _("Days before the visit from which it is asked"),
            "briefing": _("Safety briefing"),
            "briefing_en": _("Safety briefing in English"),
        }
        help_texts = {
            "security_email": _("The list of visitors goes there, by a link that expires."),
            "list_days": _("Mondays to Fridays, without French holidays; locked at nine in the morning."),
            "briefing": _("What visitors read before they come: shoes, badges, photographs, exits."),
        }
        widgets = {
            "briefing": forms.Textarea(attrs={"rows": 5}),
            "briefing_en": forms.Textarea(attrs={"rows": 5}),
        }

    def __init__(self, *args: Any, ticket: Ticket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ticket = ticket
        self.initial.update(capacity=ticket.capacity, company_cap=ticket.company_cap)
        if moment := self.instance.embargo_until:
            self.initial["embargo_until"] = moment.astimezone(self.instance.event.zone).replace(tzinfo=None)

    def keep_list(self) -> None:
        """Leave as it is who gets the list and what it asks: not for those who see no identities."""
        for name in ("security_name", "security_email", "identity_fields", "identity_days"):
            self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        """An embargo by the event’s clocks, after the visit; no company gets more places than there are."""
        data = super().clean() or self.cleaned_data
        set_zone(self, "embargo_until", self.instance.event.zone)
        if (until := data.get("embargo_until")) and until < self.instance.event.ends_at:
            self.add_error("embargo_until", _("An embargo ends after the visit."))
        cap, places = data.get("company_cap"), data.get("capacity")
        if cap and places and cap > places:
            self.add_error("company_cap", _("This is more than there are places."))
        return data

    def places(self) -> Ticket:
        """The ticket with the places as filled in, not kept yet."""
        self.ticket.capacity = self.cleaned_data["capacity"]
        self.ticket.company_cap = self.cleaned_data["company_cap"]
        return self.ticket


class ReasonForm(Refusable, forms.Form):
    """Why something is done."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, error_messages={"required": _("Say why: the e-mails tell it.")}
    )
