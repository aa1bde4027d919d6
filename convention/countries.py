"""Countries by the two capital letters of ISO 3166."""

from functools import cache

from babel import Locale
from django.utils import translation

from .text import fold

NO_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ".split())
"""Codes that ISO 3166 gives to no country: parts of one, unions, the rest of the world, samples."""


@cache
def country_codes() -> frozenset[str]:
    """Every country's code."""
    named = map(str, Locale("en").territories)
    return frozenset(code for code in named if len(code) == 2 and code.isalpha()) - NO_COUNTRIES


def countries() -> list[tuple[str, str]]:
    """Countries in the language of the moment, France first."""
    names = Locale.parse(translation.get_language() or "fr").territories
    known = [(code, name) for code, name in names.items() if code in country_codes()]
    others = sorted((pair for pair in known if pair[0] != "FR"), key=lambda pair: fold(pair[1]))
    return [("FR", names["FR"]), *others]
