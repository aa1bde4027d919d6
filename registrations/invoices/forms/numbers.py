"""Numbers of companies and accounts, checked by their own rules however they are spaced."""

from typing import Any

import stdnum.bic
import stdnum.eu.vat
import stdnum.fr.siren
import stdnum.fr.siret
import stdnum.iban
from django import forms
from django.core.validators import MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from stdnum.exceptions import ValidationError as BadNumber

from convention.countries import countries, country_codes

NUMBERS: dict[str, tuple[Any, Any]] = {
    "siren": (stdnum.fr.siren, _("A SIREN has nine digits, the last of which checks the others.")),
    "siret": (stdnum.fr.siret, _("A SIRET has fourteen digits: the SIREN and five more.")),
    "vat_number": (stdnum.eu.vat, _("This is no VAT number; in France it is FR, two digits and the SIREN.")),
    "iban": (stdnum.iban, _("This is no IBAN: check its letters and digits.")),
    "bic": (stdnum.bic, _("A BIC has eight or eleven letters and digits.")),
}


class NumbersForm[M: models.Model](forms.ModelForm[M]):
    """A form some of whose fields are such numbers; one of them may be a country."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if country := self.fields.get("country"):
            country.widget = forms.Select(choices=countries())
        for name in NUMBERS:
            if field := self.fields.get(name):
                field.validators = [
                    one for one in field.validators if not isinstance(one, MaxLengthValidator)
                ]
                field.widget.attrs.pop("maxlength", None)

    def clean(self) -> dict[str, Any]:
        """Each number without spaces, if it obeys its rules; outside the union VAT numbers have others."""
        data = super().clean() or self.cleaned_data
        is_abroad = data.get("country", "").lower() not in stdnum.eu.vat.MEMBER_STATES
        for name in NUMBERS:
            if data.get(name) and not (name == "vat_number" and is_abroad):
                self._check(name)
        if data.get("country") and data["country"] not in country_codes():
            self.add_error("country", _("Write the country by its two capital letters, such as FR."))
        return data

    def _check(self, name: str) -> None:
        rules, sentence = NUMBERS[name]
        try:
            self.cleaned_data[name] = rules.validate(self.cleaned_data[name])
        except BadNumber:
            self.add_error(name, sentence)
