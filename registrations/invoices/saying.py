"""Amounts and rates as people read them in the books: always with cents, in the language of the moment."""

import decimal

from django.utils import formats

from convention.money import NO_BREAK

NARROW = "\u202f"


def say_amount(cents: int, currency: str = "EUR") -> str:
    """`1 234,50 €`, or `€1,234.50` in English."""
    number = formats.number_format(decimal.Decimal(abs(cents)) / 100, 2, force_grouping=True)
    minus = "−" if cents < 0 else ""
    if currency != "EUR":
        return f"{minus}{number}{NO_BREAK}{currency}"
    return f"{minus}€{number}" if is_english() else f"{minus}{number}{NO_BREAK}€"


def say_rate(rate: int) -> str:
    """`20 %`, `5,5 %`, from hundredths of a percent."""
    exact = decimal.Decimal(rate) / 100
    places = len(f"{exact.normalize():f}".partition(".")[2])
    text = formats.number_format(exact, places)
    return f"{text}%" if is_english() else f"{text}{NARROW}%"


def say_unit_price(net: int, quantity: int) -> str:
    """The net price of one: with cents, with up to six decimals where only those give the amount."""
    price = unit_price(net, quantity)
    places = max(2, len(f"{price.normalize():f}".partition(".")[2]))
    return formats.number_format(price, places, force_grouping=True)


def unit_price(net: int, quantity: int) -> decimal.Decimal:
    """The net price of one in whole units of the currency, never negative."""
    price = decimal.Decimal(abs(net)) / 100 / abs(quantity)
    return price.quantize(decimal.Decimal("0.000001")).normalize() + decimal.Decimal(0)


def is_english() -> bool:
    """Whether numbers are written the English way now."""
    return bool(formats.get_format("DECIMAL_SEPARATOR") == ".")
