"""Format names of people."""

from django.utils.translation import pgettext


def format_list_name(first_name: str, last_name: str) -> str:
    """Return a name as a list sorted by last name shows it: “Bonnet Fatoumata”, in English with a comma."""
    if not (first_name and last_name):
        return first_name or last_name
    pattern = pgettext("name in a sorted list", "%(last)s, %(first)s")
    return pattern % {"last": last_name, "first": first_name}
