"""Amounts with their cents, rates in percent, and what stands in a mapping: `cents`, `rate` and `at`."""

from collections.abc import Mapping
from typing import Any

from django import template

from ..saying import say_amount, say_rate

register = template.Library()
register.filter("cents", say_amount)
register.filter("rate", say_rate)


@register.filter
def at(mapping: Mapping[Any, Any], key: Any) -> Any:
    """What stands in a mapping under that key; nothing where it has none."""
    return mapping.get(key)
