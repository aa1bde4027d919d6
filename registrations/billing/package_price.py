"""Price of a sponsor's package for its buyer."""

from registrations.invoices.models import Issuer
from registrations.invoices.reverse_charge import TaxedPrice, apply_reverse_charge
from registrations.models import Package

from .tax_number import read_stored_tax_number


def price_package(package: Package, *, country: str, tax_number: str) -> TaxedPrice:
    """Return the price for a buyer with this billing country and SIREN or VAT number."""
    vat_number = read_stored_tax_number(tax_number, country=country).vat_number
    price = TaxedPrice(package.price, package.vat_rate, package.vat_exemption)
    return apply_reverse_charge(price, issuer=Issuer.get_current(), country=country, vat_number=vat_number)
