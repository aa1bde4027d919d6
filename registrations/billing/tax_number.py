"""Parse SIREN and VAT numbers of buyers, and apply the reverse charge that a VAT number brings.

Only the check digits are verified; no registry is queried.
"""

from dataclasses import dataclass
from typing import Final

import stdnum.eu.vat
import stdnum.fr.siren
import stdnum.fr.siret
from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as BadNumber

from convention.errors import ConventionError
from registrations.invoices.models import MAX_VAT_NUMBER_LENGTH, Issuer
from registrations.invoices.reverse_charge import TaxedPrice, apply_reverse_charge
from registrations.models import Package

# INSEE gives companies overseas a SIREN too, but not those in the Pacific.
SIREN_COUNTRIES: Final = frozenset({"FR", "BL", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"})
SIREN_LENGTH: Final = 9
SIRET_LENGTH: Final = 14


class InvalidTaxNumber(ConventionError):
    """The text is neither a SIREN nor a VAT number."""

    kind = "bad-tax-number"


@dataclass(frozen=True)
class TaxNumber:
    """The identifiers that an invoice names; either may be empty."""

    siren: str = ""
    vat_number: str = ""


def parse_tax_number(text: str, *, country: str = "FR") -> TaxNumber:
    """Return the SIREN, or the VAT number and the SIREN in it. Raise InvalidTaxNumber.

    Of a SIRET, the SIREN is returned. Numbers from outside the EU are taken as typed.
    """
    compact = "".join(character for character in text.upper() if character.isalnum())
    if not compact:
        return TaxNumber()
    country = "FR" if not country or country in SIREN_COUNTRIES else country
    if len(compact) > MAX_VAT_NUMBER_LENGTH:
        raise InvalidTaxNumber(
            _("A SIREN or VAT number has at most %(most)d characters. Check for a typing error.")
            % {"most": MAX_VAT_NUMBER_LENGTH}
        )
    try:
        if compact.isdigit() and len(compact) == SIRET_LENGTH:
            return TaxNumber(siren=stdnum.fr.siret.validate(compact)[:SIREN_LENGTH])
        if compact.isdigit() and len(compact) == SIREN_LENGTH and country == "FR":
            return TaxNumber(siren=stdnum.fr.siren.validate(compact))
        if country.lower() not in stdnum.eu.vat.MEMBER_STATES:
            return TaxNumber(vat_number=compact)
        vat_number = stdnum.eu.vat.validate(compact)
    except BadNumber as error:
        raise InvalidTaxNumber(
            _("Not a valid SIREN or VAT number. Check for a typing error, or leave the field empty.")
        ) from error
    return TaxNumber(vat_number[-SIREN_LENGTH:] if vat_number.startswith("FR") else "", vat_number)


def read_stored_tax_number(text: str, *, country: str) -> TaxNumber:
    """Return the identifiers of an order; one stored without a check is taken as a VAT number."""
    try:
        return parse_tax_number(text, country=country)
    except InvalidTaxNumber:
        # Must not block billing: the treasurer corrects the buyer before the invoice is issued.
        return TaxNumber(vat_number=text[:MAX_VAT_NUMBER_LENGTH])


def price_package(
    package: Package, *, country: str, tax_number: str, quoted_price: int | None = None
) -> TaxedPrice:
    """Return the price for a buyer with this billing country and SIREN or VAT number.

    `quoted_price` is that of a valid quotation, in cents with VAT; the lower price counts.
    """
    cents = package.price if quoted_price is None else min(package.price, quoted_price)
    vat_number = read_stored_tax_number(tax_number, country=country).vat_number
    price = TaxedPrice(cents, package.vat_rate, package.vat_exemption)
    return apply_reverse_charge(price, issuer=Issuer.get_current(), country=country, vat_number=vat_number)
