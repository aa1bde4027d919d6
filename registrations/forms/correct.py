"""Correcting what is written about someone, and why an organizer does it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.refusable import Refusable

from ..correct import FIELDS, Correction
from ..models import Registration


class CorrectForm(Refusable, forms.Form):
    """What is written about someone who comes."""

    first_name = forms.CharField(
        label=_("First name"), error_messages={"required": _("Write the first name.")}
    )
    last_name = forms.CharField(label=_("Last name"), error_messages={"required": _("Write the last name.")})
    email = forms.CharField(label=_("E-mail"), required=False, widget=forms.EmailInput)
    company = forms.CharField(label=_("Company"), required=False)
    no_photo = forms.BooleanField(label=_("Please do not photograph this person"), required=False)

    @classmethod
    def of(cls, registration: Registration) -> "CorrectForm":
        """The form filled with what is written now."""
        return cls(initial={name: getattr(registration, name) for name in FIELDS})

    def correction(self) -> Correction:
        """What the act needs; its errors come back with `add_errors`."""
        return Correction(**self.cleaned_data)


class ReasonForm(forms.Form):
    """Why an organizer does it; the audit trail keeps it."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=300)


class DirectoryForm(ReasonForm):
    """The same by who may correct the club's own record of a member besides."""

    directory = forms.BooleanField(
        label=_("Write the name so in the club’s directory too"),
        required=False,
        help_text=_("For the same person, better written; past registrations keep what they said."),
    )
