"""Filters: `cents`, `unsigned_cents` (amounts), `rate` (a VAT rate in percent), `get_item` (of a mapping)."""

from collections.abc import Mapping
from typing import Any

from django import template

from registrations.invoices.formatting import format_cents, format_vat_rate

register = template.Library()
register.filter("cents", format_cents)
register.filter("rate", format_vat_rate)


@register.filter
def unsigned_cents(cents: int, currency: str = "EUR") -> str:
    """Format an amount without its sign, beside a label that says that it was overpaid."""
    return format_cents(abs(cents), currency)


@register.filter
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return the mapping's value for `key`, or None."""
    return mapping.get(key)
