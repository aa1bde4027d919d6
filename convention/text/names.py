"""Format names of people."""

from django.utils.translation import pgettext


def format_last_name_first(first_name: str, last_name: str) -> str:
    """Return “Bonnet Fatoumata”, in English “Bonnet, Fatoumata”."""
    if not (first_name and last_name):
        return first_name or last_name
    pattern = pgettext("last name first", "%(last)s, %(first)s")
    return pattern % {"last": last_name, "first": first_name}
