"""Check the data that an electronic invoice requires, before a number is assigned."""

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.text.countries import country_codes
from registrations.invoices.models import Issuer, Receivable
from registrations.invoices.reverse_charge import is_reverse_charged


class InvalidInvoice(ConventionError):
    """The data do not make a valid electronic invoice."""

    kind = "invalid-invoice"


def has_legal_identity(issuer: Issuer) -> bool:
    """Return whether the issuer has the name and the number that every invoice must bear."""
    return bool(issuer.legal_name.strip() and issuer.siren)


def is_complete_issuer(issuer: Issuer) -> bool:
    """Return whether the issuer's data suffice for an invoice."""
    return has_legal_identity(issuer) and issuer.country in country_codes()


def require_complete_invoice(
    issuer: Issuer, buyer: Mapping[str, str], currency: str, descriptions: Sequence[str]
) -> None:
    """Raise InvalidInvoice naming everything that is missing or malformed."""
    missing = []
    if not has_legal_identity(issuer):
        missing.append(_("the issuer’s name and SIREN"))
    if not buyer["name"].strip():
        missing.append(_("the buyer’s name"))
    if not {issuer.country, buyer["country"]} <= country_codes():
        missing.append(_("a two-letter country code"))
    if not re.fullmatch("[A-Z]{3}", currency):
        missing.append(_("the currency"))
    if not all(text.strip() for text in descriptions):
        missing.append(_("a description of each line"))
    if missing:
        missing_texts = ", ".join(missing)
        raise InvalidInvoice(
            _("The invoice cannot be issued without %(what)s. Correct this first.") % {"what": missing_texts}
        )


def require_reverse_charge_buyer(issuer: Issuer, buyer: Mapping[str, str]) -> None:
    """Raise InvalidInvoice if the buyer of a service without VAT has to pay VAT here."""
    if not is_reverse_charged(issuer=issuer, country=buyer["country"], vat_number=buyer["vat_number"]):
        raise InvalidInvoice(
            _(
                "An invoice with reverse charge needs the issuer’s VAT number, and a buyer in another EU "
                "country with a valid VAT number of that country. Correct the buyer’s details, or charge VAT."
            )
        )


def has_address(receivable: Receivable) -> bool:
    return bool(receivable.street.strip() and receivable.city.strip())


def require_buyer_address(receivable: Receivable) -> None:
    """Raise InvalidInvoice if the buyer's street or town is missing; postcodes do not exist everywhere."""
    # An invoice must name its buyer with the address (Code de commerce, art. L441-9).
    if not has_address(receivable):
        raise InvalidInvoice(
            _(
                "The invoice cannot be issued without the buyer’s address. "
                "Add street and city to their details."
            )
        )
