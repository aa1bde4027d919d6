"""Validate text that people type and that the club's pages, mails and documents show to others."""

import re
from typing import Final

import stdnum.eu.vat
from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as BadNumber

from .web_addresses import has_explicit_web_address, has_web_address

FRENCH_POSTCODE: Final = re.compile(r"[0-9]{5}")


def find_name_error(text: str) -> str:
    """Return what is wrong with a person's name that looks like a link; empty for any other."""
    if not has_web_address(text):
        return ""
    return _(
        "This looks like a web address, an e-mail address or markup. Enter only the name; "
        "after an initial, leave a space."
    )


def find_link_error(text: str) -> str:
    """Return what is wrong with a company or reference that contains a link; empty for any other."""
    if not has_explicit_web_address(text):
        return ""
    return _("Web addresses, e-mail addresses and markup are not allowed here.")


def find_length_error(text: str, max_length: int) -> str:
    """Return an error if the text is longer than `max_length` characters, else an empty string."""
    if len(text) <= max_length:
        return ""
    return _("At most %(most)s characters; this has %(length)s.") % {
        "most": number_format(max_length, force_grouping=True),
        "length": number_format(len(text), force_grouping=True),
    }


def validate_person_name(text: str) -> None:
    """Raise ValidationError for a person's name that looks like a link."""
    if sentence := find_name_error(text):
        raise ValidationError(sentence)


def validate_without_links(text: str) -> None:
    """Raise ValidationError for a company or reference that contains a link."""
    if sentence := find_link_error(text):
        raise ValidationError(sentence)


def clean_postcode(text: str, *, country: str) -> str:
    """Return the postcode, a French one without spaces. Raise ValidationError for a wrong French one."""
    if not text or country != "FR":
        return text
    # Typed with a space, as in “35 000”.
    postcode = "".join(text.split())
    if not FRENCH_POSTCODE.fullmatch(postcode):
        raise ValidationError(
            _("A French postcode has 5 digits, for example 35000. Or choose another country.")
        )
    return postcode


def clean_vat_number(text: str, *, country: str) -> str:
    """Return the VAT number without spaces, as typed outside the EU. Raise ValidationError."""
    # `stdnum` knows the formats of the EU only.
    if not text or country.lower() not in stdnum.eu.vat.MEMBER_STATES:
        return text
    try:
        return str(stdnum.eu.vat.validate(text))
    except BadNumber as error:
        raise ValidationError(_describe_vat_number(country.upper())) from error


def _describe_vat_number(country: str) -> str:
    """Return the error that names the form of the country's numbers."""
    if country == "FR":
        return _("Not a valid VAT number. In France it is FR, two characters and the SIREN.")
    # Greek numbers begin with EL instead of the ISO code.
    prefix = "EL" if country == "GR" else country
    return _(
        "Not a valid VAT number. In this country it begins with %(prefix)s. Check for a typing error."
    ) % {"prefix": prefix}
