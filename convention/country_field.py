"""A country in a form: chosen from the list, as in a buyer's address."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from .countries import countries, country_codes


class WithCountry(forms.BaseModelForm):
    """A form of something with a country; what stands there already may stay, even if it is none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.instance.country
        other = [] if kept in country_codes() else [(kept, kept)]
        self.fields["country"].widget = forms.Select(choices=[*other, *countries()])

    def clean_country(self) -> str:
        """One of them, in capitals."""
        code = str(self.cleaned_data["country"]).upper()
        if code not in {*country_codes(), self.instance.country}:
            raise forms.ValidationError(_("Choose the country."))
        return code
