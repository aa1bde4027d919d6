"""Decide whether a corrected name and address are still the same person's. Pure.

A badge is issued to a name and an address. Spelling, an initial, a second first name, a new last name under
the same address or a new address under the same name are corrections. Another name is another person's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from convention.addresses import folded
from convention.text import filed

PARTICLES = frozenset(
    "al ben bin d da das de degli dei del della den der des di do dos du e el ibn la las le les los mac mc o "
    "of ould saint san st ste ter ten und van vom von y zu zum zur".split()
)
"""Parts that many names have in common, which therefore say nothing about the person."""
MAX_PERMUTED_PARTS = 6
MIN_TELLING_LETTERS = 5
"""Shorter words resemble each other by chance: “Tom” and “Tim” are two people."""
NOT_IN_NAMES = re.compile(r"[^\w]+")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The name and address of an attendee, as typed."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @classmethod
    def of(cls, row: Any) -> "Identity":
        """Read it from a registration, a person or a waiting entry."""
        return cls(first_name=row.first_name, last_name=row.last_name, email=row.email or "")

    @property
    def parts(self) -> list[str]:
        """The words of the name without accents and capitals, particles aside where anything else is left."""
        words = NOT_IN_NAMES.sub(" ", filed(f"{self.first_name} {self.last_name}")).split()
        return [word for word in words if word not in PARTICLES] or words

    @property
    def has_name(self) -> bool:
        """Whether a name is known."""
        return bool(self.first_name.strip() or self.last_name.strip())


def is_other_person(before: Identity, after: Identity) -> bool:
    """Whether the place would go to somebody else than whom the badge was issued to.

    Under the same address only a name of which nothing is left is another person's. Under another address the
    name must be the same but for its spelling; a place without a name is its address's.
    """
    if folded(before.email) == folded(after.email):
        return before.has_name and after.has_name and not has_name_in_common(before, after)
    if not before.has_name:
        return after.has_name
    return not is_same_name(before, after)


def name_for_member(typed: Identity, member: Identity) -> tuple[str, str]:
    """Return the first and last name for the badge of a member's place.

    That is the name as typed, or as the club writes it where somebody else's was typed with their address.
    """
    named = typed if has_name_in_common(typed, member) or not member.has_name else member
    return named.first_name, named.last_name


def is_same_name(one: Identity, other: Identity) -> bool:
    """Whether two names differ at most in accents, order, hyphens, initials, second names or a slip."""
    shorter, longer = sorted((one.parts, other.parts), key=len)
    if "".join(shorter) == "".join(longer) or sorted(shorter) == sorted(longer):
        return True
    return any(
        all(map(_agrees, shorter, chosen)) and _share_word(shorter, chosen)
        for chosen in _counterparts(shorter, longer)
    )


def has_name_in_common(one: Identity, other: Identity) -> bool:
    """Whether a part of the name stayed, or all of its initials did."""
    pairs = [(a, b) for a in one.parts for b in other.parts if a == b or len(a) >= MIN_TELLING_LETTERS]
    if is_same_name(one, other) or any(_is_close(a, b) for a, b in pairs):
        return True
    shorter, longer = sorted((one.parts, other.parts), key=len)
    return any(all(map(_agrees, shorter, chosen)) for chosen in _counterparts(shorter, longer))


def _counterparts(shorter: list[str], longer: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each way to match the shorter name's parts to the longer's; a lone part only to a lone one."""
    if shorter and len(longer) <= MAX_PERMUTED_PARTS and (len(shorter) > 1 or len(longer) == 1):
        yield from permutations(longer, len(shorter))


def _share_word(one: list[str], other: tuple[str, ...]) -> bool:
    return any(a == b and len(a) > 1 for a, b in zip(one, other, strict=True))


def _agrees(one: str, other: str) -> bool:
    return _is_close(one, other) or _is_initial(one, other)


def _is_initial(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) == 1 and longer.startswith(shorter)


def _is_close(one: str, other: str) -> bool:
    """Whether two words are the same but for a slip of the keys: one, or two in a long word."""
    length = max(len(one), len(other))
    allowed = 0 if length < 3 else 1 if length < 7 else 2
    may_be = 0 < allowed >= abs(len(one) - len(other))
    return one == other or (may_be and edits_between(one, other) <= allowed)


def edits_between(one: str, other: str) -> int:
    """Count the letters to add, remove, replace or swap with a neighbour between one word and the other."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
