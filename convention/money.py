"""Money in integer cents with an ISO 4217 currency, and creditor references (ISO 11649)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from django.utils import formats, translation
from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

NO_BREAK_SPACE = "\u00a0"
MINUS_SIGN = "\u2212"


@dataclass(frozen=True)
class Money:
    """An amount in minor units of a currency with two decimals."""

    amount: int
    currency: str = "EUR"

    def __str__(self) -> str:
        number = formats.number_format(abs(self.amount) / 100, 0 if self.amount % 100 == 0 else 2)
        minus = MINUS_SIGN if self.amount < 0 else ""
        sign = "€" if self.currency == "EUR" else self.currency
        if translation.get_language() == "en" and sign == "€":
            return f"{minus}€{number}"
        return f"{minus}{number}{NO_BREAK_SPACE}{sign}"


NUMBER_PATTERN = re.compile(
    r"""(?P<sign>[+-]?)
        (?P<units> \d* | [1-9]\d{0,2} (?P<group>[\ ',.]) \d{3} (?: (?P=group) \d{3} )* )
        (?: (?P<separator>(?!(?P=group))[,.]) (?P<decimals>\d{0,2}) | (?<=\d) )""",
    re.ASCII | re.VERBOSE,
)
# One comma or dot before three digits: a group of thousands in one language, decimals in another.
UNCLEAR_NUMBER_PATTERN = re.compile(r"[+-]?\d+[,.]\d{3}", re.ASCII)


def parse_number(text: str) -> Decimal:
    """Return the number of a text with at most two decimals, by the same rules in every language.

    A comma or dot before the last one or two digits is the decimal separator. Spaces, apostrophes, commas or
    dots may group thousands, in whole groups of three. Raise ValueError for any other text.
    """
    normalized = re.sub(r"\s", " ", text.strip()).replace(MINUS_SIGN, "-").replace("’", "'")
    match = NUMBER_PATTERN.fullmatch(normalized)
    if not match or not re.search(r"\d", normalized):
        raise ValueError(text)
    units = re.sub(r"\D", "", match["units"])
    return Decimal(f"{match['sign']}{units or 0}.{match['decimals'] or 0}")


def is_unclear_number(text: str) -> bool:
    """Return whether a typed number may mean thousands or decimals, such as `1,234`."""
    return bool(UNCLEAR_NUMBER_PATTERN.fullmatch(text.strip()))


def format_number_input(number: Decimal | float) -> str:
    """Return a number as form fields show it: two decimals, or none for a whole number; no groups."""
    digits = f"{number:.2f}".removesuffix(".00")
    return digits.replace(".", str(formats.get_format("DECIMAL_SEPARATOR")))


MAX_REFERENCE_LENGTH = 21


def format_creditor_reference(reference: str) -> str:
    """Return a reference of at most 21 letters and digits as a creditor reference.

    `7KQ2M9XD` becomes `RF03 7KQ2 M9XD`.
    """
    compact = compact_reference(reference)[:MAX_REFERENCE_LENGTH]
    return iso11649.format(f"RF{mod_97_10.calc_check_digits(f'{compact}RF')}{compact}")


def compact_reference(text: str) -> str:
    """Return letters and digits alone, in capitals: banks change spaces and punctuation."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def find_creditor_references(text: str) -> list[str]:
    """Return the references inside all valid creditor references in a text."""
    compact = compact_reference(text)
    found = []
    for match in re.finditer(r"RF(?=\d\d)", compact):
        candidate = compact[match.start() : match.start() + 4 + MAX_REFERENCE_LENGTH]
        # A bank may append other text without a space, so every length with valid check digits counts.
        ends = (end for end in range(len(candidate), 5, -1) if iso11649.is_valid(candidate[:end]))
        found += [candidate[4:end] for end in ends]
    return found
