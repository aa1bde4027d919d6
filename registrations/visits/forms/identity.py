"""What a visitor tells of themselves: exactly the fields that this host asks."""

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.countries import countries
from convention.refusable import Refusable
from convention.text import tidy

from ..identity_fields import DOCUMENTS, asked_by
from ..models import IdentityField, Visit

OLDEST = datetime.date(1900, 1, 1)
CHOOSE = ("", gettext_lazy("Choose…"))


def _day(label: str, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "short"}),
        error_messages={"invalid": gettext_lazy("Write a day, such as 1980-12-31.")},
        **more,
    )


def _text(label: str, most: int, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=most, **more)


class IdentityForm(Refusable, forms.Form):
    """Fields for what is asked, in order; never filled in advance, so that an open page tells nobody."""

    def __init__(self, *args: Any, visit: Visit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.visit, makers = visit, field_makers()
        for name in asked_by(visit):
            field = makers[name]
            field.widget.attrs["autocomplete"] = "off"
            if field.required:
                field.error_messages["required"] = gettext_lazy("Write this too: the host asks for it.")
            self.fields[name] = field

    def clean_birth_date(self) -> str:
        """A day in somebody's life so far."""
        day: datetime.date = self.cleaned_data["birth_date"]
        if not OLDEST <= day < timezone.localdate():
            raise forms.ValidationError(_("This is no date of birth of somebody who can come."))
        return day.isoformat()

    def clean_document_expiry(self) -> str:
        """Still good on the day of the visit: the gate would turn the visitor away."""
        day: datetime.date = self.cleaned_data["document_expiry"]
        if day < self.visit.day:
            raise forms.ValidationError(_("This document ends before the visit: take another one."))
        return day.isoformat()

    def clean_birth_place(self) -> str:
        """One line."""
        return tidy(self.cleaned_data["birth_place"])

    def clean_document_number(self) -> str:
        """Letters and digits, without the spaces in which they are printed."""
        number = "".join(tidy(self.cleaned_data["document_number"]).split()).upper()
        if not number.replace("-", "").replace("/", "").isalnum() or len(number) < 4:
            raise forms.ValidationError(
                _("Write the number as it stands on the document: letters and digits.")
            )
        return number

    def clean_vehicle_plate(self) -> str:
        """Capitals; empty for whoever comes without a vehicle."""
        return tidy(self.cleaned_data["vehicle_plate"]).upper()

    @property
    def answers(self) -> dict[str, str]:
        """What the act takes."""
        return {name: str(self.cleaned_data[name]) for name in self.fields}


def field_makers() -> dict[str, forms.Field]:
    """The control of each field that a host may ask."""
    names = IdentityField
    document = gettext_lazy("The one that you will show at the gate.")
    return {
        names.BIRTH_DATE: _day(names.BIRTH_DATE.label.capitalize()),
        names.BIRTH_PLACE: _text(
            names.BIRTH_PLACE.label.capitalize(), 100, help_text=gettext_lazy("Town and country.")
        ),
        names.NATIONALITY: forms.ChoiceField(
            label=names.NATIONALITY.label.capitalize(), choices=lambda: [CHOOSE, *countries()]
        ),
        names.DOCUMENT_KIND: forms.ChoiceField(
            label=names.DOCUMENT_KIND.label.capitalize(), choices=[CHOOSE, *DOCUMENTS], help_text=document
        ),
        names.DOCUMENT_NUMBER: _text(names.DOCUMENT_NUMBER.label.capitalize(), 40),
        names.DOCUMENT_EXPIRY: _day(names.DOCUMENT_EXPIRY.label.capitalize()),
        names.VEHICLE_PLATE: _text(
            names.VEHICLE_PLATE.label.capitalize(),
            20,
            required=False,
            help_text=gettext_lazy("Leave it empty if you come without a car."),
        ),
    }
