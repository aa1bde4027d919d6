"""Reverse charge: a business in another EU state pays the price without VAT, and declares the VAT itself.

It applies to services whose place of supply is the customer's country (Directive 2006/112/EC, article 44),
such as packages and dues. Admission to events is taxed where the event takes place (article 53).
"""

from dataclasses import dataclass, replace
from typing import Final

import stdnum.eu.vat

from .models import Issuer
from .tax_amounts import compute_included_vat
from .vat_exemptions import REVERSE_CHARGE

# Greek numbers begin with EL instead of the ISO code; those that begin with XI are for goods only.
ISO_CODE_BY_PREFIX: Final = {"EL": "GR", "XI": ""}


@dataclass(frozen=True)
class TaxedPrice:
    """A price in cents, with the rate of the VAT in it in hundredths of a percent, or why there is none."""

    cents: int
    vat_rate: int
    exemption: str = ""

    @property
    def is_reverse_charged(self) -> bool:
        return self.exemption == REVERSE_CHARGE


def apply_reverse_charge(
    price: TaxedPrice, *, issuer: Issuer | None, country: str, vat_number: str
) -> TaxedPrice:
    """Return what a buyer with this country and VAT number pays.

    It is the price without VAT where the reverse charge applies. An exempt price stays exempt.
    """
    if not price.vat_rate or not is_reverse_charged(issuer=issuer, country=country, vat_number=vat_number):
        return price
    net_cents = price.cents - compute_included_vat(price.cents, price.vat_rate)
    return replace(price, cents=net_cents, vat_rate=0, exemption=REVERSE_CHARGE)


def is_reverse_charged(*, issuer: Issuer | None, country: str, vat_number: str) -> bool:
    """Return whether the buyer has a valid VAT number of their country, an EU state other than the issuer's.

    The issuer needs a VAT number too: both are mandatory on the invoice.
    """
    if issuer is None or country in ("", issuer.country):
        return False
    return can_reverse_charge(issuer) and find_vat_country(vat_number) == country


def can_reverse_charge(issuer: Issuer | None) -> bool:
    """Return whether the issuer has a valid VAT number of its country, an EU state."""
    return issuer is not None and find_vat_country(issuer.vat_number) == issuer.country


def find_vat_country(vat_number: str) -> str:
    """Return the code of the EU state that a valid VAT number belongs to, or ""."""
    if not stdnum.eu.vat.is_valid(vat_number):
        return ""
    prefix = stdnum.eu.vat.compact(vat_number)[:2].upper()
    return ISO_CODE_BY_PREFIX.get(prefix, prefix)
