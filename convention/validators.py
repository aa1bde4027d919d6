"""Validate text that people type and that the club's pages and mails show to others."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .web_addresses import names_explicit_address, names_web_address


def about_name(text: str) -> str:
    """Return what is wrong with a person's name that looks like a link; empty for any other."""
    if not names_web_address(text):
        return ""
    return _(
        "This looks like a web address, an e-mail address or markup. Enter the name alone, and leave a space "
        "after the dot of an initial."
    )


def about_links(text: str) -> str:
    """Return what is wrong with a company or reference that holds a link; empty for any other."""
    if not names_explicit_address(text):
        return ""
    return _("Leave out web addresses, e-mail addresses and markup here.")


def validate_name(text: str) -> None:
    """Raise ValidationError for a person's name that looks like a link."""
    if sentence := about_name(text):
        raise ValidationError(sentence)


def validate_without_links(text: str) -> None:
    """Raise ValidationError for a company or reference that holds a link."""
    if sentence := about_links(text):
        raise ValidationError(sentence)
