"""Check phone numbers as people type them, and make links and search keys of them."""

import re
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .normalize import normalize_whitespace

MAX_PHONE_LENGTH: Final = 40
MIN_DIGITS: Final = 6
MAX_DIGITS: Final = 20
# Shorter runs of digits are rather postcodes and years.
MIN_SEARCH_DIGITS: Final = 4
NUMBER_PATTERN: Final = re.compile(
    r"(?P<number>\(?\+?[0-9 .()-]+?)"
    r"(?:[ ,;]*(?:ext(?:ension)?\.?|poste|x|#) ?(?P<extension>[0-9]{1,6}))?",
    re.IGNORECASE,
)
# Word processors and web pages write these instead of a hyphen.
HYPHENS: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))
# As in “+33 (0)6”: dialled within the country only.
TRUNK_PREFIX: Final = re.compile(r"\(0\)")


def normalize_phone(text: str) -> str:
    """Return the number as typed, on one line and with plain spaces and hyphens."""
    return normalize_whitespace(text).translate(HYPHENS)


def find_phone_error(phone: str) -> str:
    """Return what is wrong with a normalized phone number; "" if nothing is."""
    match = NUMBER_PATTERN.fullmatch(phone) if len(phone) <= MAX_PHONE_LENGTH else None
    digit_count = sum(character.isdigit() for character in match["number"]) if match else 0
    if MIN_DIGITS <= digit_count <= MAX_DIGITS:
        return ""
    return _(
        "Enter one phone number of 6 to 20 digits, for example 01 23 45 67 89, +33 1 23 45 67 89 or "
        "01 23 45 67 89 ext. 12."
    )


def validate_phone(text: str) -> None:
    """Raise ValidationError for a text that is no phone number."""
    if sentence := find_phone_error(normalize_phone(text)):
        raise ValidationError(sentence)


def make_phone_url(phone: str) -> str:
    """Return the `tel:` address of a valid number (RFC 3966), "" of any other text."""
    # Validated numbers may be stored as typed, by Django's admin for example.
    phone = normalize_phone(phone)
    # Longer texts are no numbers, and slow to match.
    match = NUMBER_PATTERN.fullmatch(phone) if len(phone) <= MAX_PHONE_LENGTH else None
    if match is None:
        return ""
    number = match["number"]
    is_international = "+" in number
    digits = re.sub(r"[^0-9]", "", TRUNK_PREFIX.sub("", number) if is_international else number)
    extension = f";ext={match['extension']}" if match["extension"] else ""
    return f"tel:{'+' if is_international else ''}{digits}{extension}"


def make_phone_search_key(phone: str) -> str:
    """Return the digits of the number, a French one also as dialled in France."""
    url = make_phone_url(phone).removeprefix("tel:").partition(";")[0]
    digits = re.sub(r"^(?:\+|00)33", "0", url)
    return digits.removeprefix("+")


def is_same_phone(first: str, second: str) -> bool:
    """Return whether two numbers have the same digits and extension, however they are typed."""
    one, other = (
        (make_phone_search_key(phone), make_phone_url(phone).partition(";")[2]) for phone in (first, second)
    )
    return one == other


def join_searched_digits(words: str) -> str:
    """Return a searched phone number as its search key; any other text as it is."""
    key = make_phone_search_key(words)
    return key if len(key) >= MIN_SEARCH_DIGITS else words
