"""Put names and items together with the punctuation of the active language."""

from collections.abc import Iterable

from django.utils.translation import pgettext


def format_last_name_first(first_name: str, last_name: str) -> str:
    """Return “Bonnet Fatoumata”, in English “Bonnet, Fatoumata”."""
    if not (first_name and last_name):
        return first_name or last_name
    pattern = pgettext("last name first", "%(last)s, %(first)s")
    return pattern % {"last": last_name, "first": first_name}


def get_item_separator() -> str:
    """Return the semicolon between items, with the spaces that the language puts around it."""
    return pgettext("between items", "; ")


def join_items(items: Iterable[str]) -> str:
    """Return items that may contain commas, separated by semicolons."""
    return get_item_separator().join(items)
