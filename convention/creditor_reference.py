"""Creditor references (ISO 11649): what a bank transfer names; check digits catch typing errors."""

import re

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

LONGEST = 21


def creditor_reference(reference: str) -> str:
    """A reference of at most 21 letters and digits as a creditor reference, in blocks of four.

    `7KQ2M9XD` becomes `RF03 7KQ2 M9XD`.
    """
    plain = squeezed(reference)[:LONGEST]
    return iso11649.format(f"RF{mod_97_10.calc_check_digits(f'{plain}RF')}{plain}")


def squeezed(text: str) -> str:
    """Letters and digits alone, in capitals: how banks cut and space a text does not matter."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def references_in(text: str) -> list[str]:
    """What the valid creditor references in a text refer to; each is read to where its check digits agree."""
    packed = squeezed(text)
    found = []
    for match in re.finditer(r"RF(?=\d\d)", packed):
        candidate = packed[match.start() : match.start() + 4 + LONGEST]
        ends = (end for end in range(len(candidate), 5, -1) if iso11649.is_valid(candidate[:end]))
        found += [candidate[4:end] for end in ends]
    return found
