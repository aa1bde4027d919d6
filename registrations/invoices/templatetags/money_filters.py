"""Filters: `cents` (an amount), `rate` (a VAT rate in percent), `get_item` (a value of a mapping)."""

from collections.abc import Mapping
from typing import Any

from django import template

from registrations.invoices.formatting import format_cents, format_vat_rate

register = template.Library()
register.filter("cents", format_cents)
register.filter("rate", format_vat_rate)


@register.filter
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return the mapping's value for `key`, or None."""
    return mapping.get(key)
