"""Countries by the two capital letters of ISO 3166."""

from functools import cache
from typing import Any

from babel import Locale
from django import forms
from django.utils import translation
from django.utils.translation import gettext as _

from .normalize import casefold_text

# Codes that ISO 3166 gives to no country: parts of one, unions, the rest of the world, samples.
NON_COUNTRY_CODES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())


@cache
def country_codes() -> frozenset[str]:
    """Return the codes of all countries."""
    all_codes = map(str, Locale("en").territories)
    return frozenset(code for code in all_codes if len(code) == 2 and code.isalpha()) - NON_COUNTRY_CODES


def list_countries() -> list[tuple[str, str]]:
    """Return (code, name) in the current language, France first."""
    names = Locale.parse(translation.get_language() or "fr").territories
    pairs = [(code, name) for code, name in names.items() if code in country_codes()]
    others = sorted((pair for pair in pairs if pair[0] != "FR"), key=lambda pair: casefold_text(pair[1]))
    return [("FR", names["FR"]), *others]


def get_foreign_country_name(code: str) -> str:
    """Return the country's name in the current language for an address; "" for France."""
    return "" if code == "FR" else dict(list_countries()).get(code, code)


class CountryFormMixin(forms.BaseModelForm):
    """A form with a country; a stored value stays valid, even if it is no country code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance.country
        stored_choice = [] if stored in country_codes() else [(stored, stored)]
        self.fields["country"].widget = forms.Select(choices=[*stored_choice, *list_countries()])

    def clean_country(self) -> str:
        code = str(self.cleaned_data["country"]).upper()
        if code not in {*country_codes(), self.instance.country}:
            raise forms.ValidationError(_("Choose the country."))
        return code
