"""The visitor's form with exactly the fields that the host requests."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.text.countries import list_countries
from convention.text.normalize import normalize_whitespace
from convention.web.forms import ActionErrorsMixin
from registrations.visits.models import IdentityField, Visit

from .fields import DOCUMENT_KINDS, list_requested_fields

MIN_BIRTH_DATE = datetime.date(1900, 1, 1)
EMPTY_CHOICE = ("", gettext_lazy("Choose…"))


def _make_date_field(label: str, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        # A `date` input accepts only ISO dates, whatever the language of the page.
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"}),
        error_messages={"invalid": gettext_lazy("Enter a date, for example 1980-12-31.")},
        **options,
    )


def _make_text_field(label: str, max_length: int, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=max_length, **options)


class IdentityForm(ActionErrorsMixin, forms.Form):
    """The requested fields, always empty: an open page must not show what was given."""

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit, fields_by_name = visit, make_identity_fields()
        for name in list_requested_fields(visit):
            field = fields_by_name[name]
            # Browsers must not store numbers of identity documents, least of all on a shared computer.
            field.widget.attrs["autocomplete"] = "off"
            if field.required:
                field.error_messages["required"] = gettext_lazy("Complete this field: the host requires it.")
            self.fields[name] = field

    def clean_birth_date(self) -> str:
        day: datetime.date = self.cleaned_data["birth_date"]
        if not MIN_BIRTH_DATE <= day < timezone.localdate():
            raise forms.ValidationError(_("This date of birth cannot be right. Check it."))
        return day.isoformat()

    def clean_document_expiry(self) -> str:
        """Require a document that is valid on the day of the visit."""
        day: datetime.date = self.cleaned_data["document_expiry"]
        if day < self.visit.day:
            raise forms.ValidationError(_("This document expires before the visit. Use another one."))
        return day.isoformat()

    def clean_birth_place(self) -> str:
        return normalize_whitespace(self.cleaned_data["birth_place"])

    def clean_document_number(self) -> str:
        """Return letters and digits in capitals, without the spaces in which they are printed."""
        # The spaces are for legibility only; the gate compares the characters.
        number = "".join(normalize_whitespace(self.cleaned_data["document_number"]).split()).upper()
        # Hyphens and slashes occur in numbers of some countries; the format differs by country, so nothing
        # else is checked.
        if not number.replace("-", "").replace("/", "").isalnum() or len(number) < 4:
            raise forms.ValidationError(
                _("Enter the number exactly as it appears on the document: letters and digits only.")
            )
        return number

    def clean_vehicle_plate(self) -> str:
        """Return the plate in capitals, "" without a vehicle."""
        return normalize_whitespace(self.cleaned_data["vehicle_plate"]).upper()

    @property
    def answers(self) -> dict[str, str]:
        """Return the answers as strings by field name."""
        return {name: str(self.cleaned_data[name]) for name in self.fields}


# New instances for each form: a form adds attributes and errors to its fields.
def make_identity_fields() -> dict[str, forms.Field]:
    """Return a form field for each identity field."""
    names = IdentityField
    document = gettext_lazy("The document you will show at the gate.")
    return {
        names.BIRTH_DATE: _make_date_field(names.BIRTH_DATE.label.capitalize()),
        names.BIRTH_PLACE: _make_text_field(
            names.BIRTH_PLACE.label.capitalize(), 100, help_text=gettext_lazy("Town and country")
        ),
        names.NATIONALITY: forms.ChoiceField(
            label=names.NATIONALITY.label.capitalize(), choices=lambda: [EMPTY_CHOICE, *list_countries()]
        ),
        names.DOCUMENT_KIND: forms.ChoiceField(
            label=names.DOCUMENT_KIND.label.capitalize(),
            choices=[EMPTY_CHOICE, *DOCUMENT_KINDS],
            help_text=document,
        ),
        names.DOCUMENT_NUMBER: _make_text_field(names.DOCUMENT_NUMBER.label.capitalize(), 40),
        names.DOCUMENT_EXPIRY: _make_date_field(names.DOCUMENT_EXPIRY.label.capitalize()),
        names.VEHICLE_PLATE: _make_text_field(
            names.VEHICLE_PLATE.label.capitalize(),
            20,
            required=False,
            help_text=gettext_lazy("Leave it empty if you come without a car."),
        ),
    }
