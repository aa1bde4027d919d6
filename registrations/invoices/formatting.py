"""Format identifiers, amounts and rates for documents and pages, in the active language."""

import decimal
import re

from django.utils import formats
from django.utils.translation import gettext

from convention.money import (
    MAX_REFERENCE_LENGTH,
    NO_BREAK_SPACE,
    compact_reference,
    format_creditor_reference,
)
from convention.text.normalize import normalize_whitespace

from .vat_exemptions import REVERSE_CHARGE


def format_siren(number: str) -> str:
    """Group a SIREN in threes, as in `732 829 320`; the last five digits of a SIRET stay together."""
    # A SIRET is a SIREN with five more digits, which `number[9:]` adds; for a SIREN it is empty.
    parts = [number[start : start + 3] for start in (0, 3, 6)]
    return "\u00a0".join(part for part in (*parts, number[9:]) if part)


def format_iban(number: str) -> str:
    """Group an IBAN in blocks of four."""
    return "\u00a0".join(number[start : start + 4] for start in range(0, len(number), 4))


def format_transfer_reference(reference: str) -> str:
    """Return the ISO 11649 reference for a bank transfer, or `reference` itself where it is too long."""
    # ISO 11649 allows 25 characters, four of which are `RF` and the check digits.
    fits = len(compact_reference(reference)) <= MAX_REFERENCE_LENGTH
    return format_creditor_reference(reference) if fits else reference


NARROW_NO_BREAK_SPACE = "\u202f"


def format_cents(cents: int, currency: str = "EUR") -> str:
    """Format cents as `1 234,50 €`, or `€1,234.50` in English."""
    number = formats.number_format(decimal.Decimal(abs(cents)) / 100, 2, force_grouping=True)
    # The sign is added here: a real minus, and before the currency sign.
    minus = "−" if cents < 0 else ""
    if currency != "EUR":
        return f"{minus}{number}{NO_BREAK_SPACE}{currency}"
    return f"{minus}€{number}" if uses_english_numbers() else f"{minus}{number}{NO_BREAK_SPACE}€"


def format_vat_rate(vat_rate: int) -> str:
    """Format hundredths of a percent as `20 %` or `5,5 %`."""
    exact = decimal.Decimal(vat_rate) / 100
    places = len(f"{exact.normalize():f}".partition(".")[2])
    text = formats.number_format(exact, places)
    return f"{text}%" if uses_english_numbers() else f"{text}{NARROW_NO_BREAK_SPACE}%"


def describe_vat_rate(vat_rate: int, exemption: str) -> str:
    """Return `20 %`, or “reverse charge” or “exempt” where no VAT is charged."""
    if exemption == REVERSE_CHARGE:
        return gettext("reverse charge")
    return gettext("exempt") if exemption else format_vat_rate(vat_rate)


def format_unit_price(net_cents: int, quantity: int) -> str:
    """Format the net price of one unit, with two to six decimals.

    More than two appear only where two would not multiply back to `net_cents`.
    """
    price = compute_unit_price(net_cents, quantity)
    places = max(2, len(f"{price.normalize():f}".partition(".")[2]))
    return formats.number_format(price, places, force_grouping=True)


def compute_unit_price(net_cents: int, quantity: int) -> decimal.Decimal:
    """Return the net price of one unit in whole currency units, never negative."""
    price = decimal.Decimal(abs(net_cents)) / 100 / abs(quantity)
    # `normalize()` drops trailing zeros but turns 100 into 1E+2, which adding 0 undoes.
    return price.quantize(decimal.Decimal("0.000001")).normalize() + decimal.Decimal(0)


def uses_english_numbers() -> bool:
    return bool(formats.get_format("DECIMAL_SEPARATOR") == ".")


# XML 1.0 forbids these even as references; a single one in a name makes the whole invoice invalid.
INVALID_XML_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def clean_line(text: str) -> str:
    """Return the text as one line without characters that XML forbids."""
    return INVALID_XML_CHARACTERS.sub("", normalize_whitespace(text)).strip()
