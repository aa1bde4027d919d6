"""What an electronic invoice cannot do without, asked before a number is given."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from convention.countries import country_codes
from convention.errors import ConventionError
from convention.text import tidy

from .models import Issuer

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Invalid(ConventionError):
    """What was to be issued is no valid electronic invoice."""

    kind = "invalid-invoice"


def require_complete(
    issuer: Issuer, buyer: Mapping[str, str], currency: str, descriptions: Sequence[str]
) -> None:
    """Refuse a document that no program could read. Raises Invalid."""
    missing = []
    if not (issuer.legal_name.strip() and issuer.siren):
        missing.append(_("the issuer’s name and SIREN"))
    if not buyer["name"].strip():
        missing.append(_("the buyer’s name"))
    if not {issuer.country, buyer["country"]} <= country_codes():
        missing.append(_("a country by its two capital letters"))
    if not re.fullmatch("[A-Z]{3}", currency):
        missing.append(_("the currency"))
    if not all(text.strip() for text in descriptions):
        missing.append(_("what each line is about"))
    if missing:
        what = ", ".join(missing)
        raise Invalid(
            _("The invoice cannot be issued without %(what)s: correct that first.") % {"what": what}
        )


def clean(text: str) -> str:
    """One line that XML can hold."""
    return NOT_IN_XML.sub("", tidy(text)).strip()
