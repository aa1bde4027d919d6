"""Decide whether a corrected name and address still belong to the same person, without the database.

A badge is issued to a name and an address. Spelling, an initial, a second first name, a new last name under
the same address or a new address under the same name are corrections. Any other name is another person's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from convention.text.edit_distance import count_edits
from convention.text.email_addresses import normalize_email
from convention.text.normalize import name_search_key

# Parts that many names have in common: one alone identifies nobody.
NAME_PARTICLES = frozenset(
    "al ben bin d da das de degli dei del della den der des di do dos du e el ibn la las le les los mac mc o "
    "of ould saint san st ste ter ten und van vom von y zu zum zur".split()
)
# Six parts have 720 orders; each part more multiplies them.
MAX_PERMUTED_PARTS = 6
# Shorter words resemble each other by chance: “Tom” and “Tim” are two people.
MIN_DISTINCTIVE_LENGTH = 5
NON_WORD_PATTERN = re.compile(r"[^\w]+")


@dataclass(frozen=True, kw_only=True)
class AttendeeIdentity:
    """The name and address of an attendee, as typed."""

    first_name: str = ""
    last_name: str = ""
    email: str = ""

    @classmethod
    def from_row(cls, row: Any) -> "AttendeeIdentity":
        """Return the identity on a registration, a person or a waiting entry."""
        return cls(first_name=row.first_name, last_name=row.last_name, email=row.email or "")

    @property
    def name_parts(self) -> list[str]:
        """Return the normalized words of the name, without particles if anything else is left."""
        words = NON_WORD_PATTERN.sub(" ", name_search_key(f"{self.first_name} {self.last_name}")).split()
        return [word for word in words if word not in NAME_PARTICLES] or words

    @property
    def has_name(self) -> bool:
        return bool(self.first_name.strip() or self.last_name.strip())


def is_other_person(before: AttendeeIdentity, after: AttendeeIdentity) -> bool:
    """Return whether the place would go to another person than the one to whom the badge was issued.

    Under the same address, only a name with nothing in common is another person's. Under another address the
    name must be the same but for its spelling; a place without a name belongs to its address.
    """
    if normalize_email(before.email) == normalize_email(after.email):
        return before.has_name and after.has_name and not has_name_in_common(before, after)
    if not before.has_name:
        return after.has_name
    return not is_same_name(before, after)


def choose_member_name(typed: AttendeeIdentity, member: AttendeeIdentity) -> tuple[str, str]:
    """Return the first and last name for the badge of a member's place.

    It is the typed name, or the directory's if another person's name was typed with the member's address.
    """
    chosen = typed if has_name_in_common(typed, member) or not member.has_name else member
    return chosen.first_name, chosen.last_name


def is_same_name(one: AttendeeIdentity, other: AttendeeIdentity) -> bool:
    """Return whether names differ at most by accents, order, hyphens, initials, second names or a typo."""
    shorter, longer = sorted((one.name_parts, other.name_parts), key=len)
    if "".join(shorter) == "".join(longer) or sorted(shorter) == sorted(longer):
        return True
    return any(
        all(map(_is_match, shorter, candidate)) and _has_shared_word(shorter, candidate)
        for candidate in _iterate_matchings(shorter, longer)
    )


def has_name_in_common(one: AttendeeIdentity, other: AttendeeIdentity) -> bool:
    """Return whether a part of the name, or all of its initials, are the same."""
    pairs = [
        (a, b) for a in one.name_parts for b in other.name_parts if a == b or len(a) >= MIN_DISTINCTIVE_LENGTH
    ]
    if is_same_name(one, other) or any(_is_close(a, b) for a, b in pairs):
        return True
    shorter, longer = sorted((one.name_parts, other.name_parts), key=len)
    return any(all(map(_is_match, shorter, chosen)) for chosen in _iterate_matchings(shorter, longer))


def _iterate_matchings(shorter: list[str], longer: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield each way to match the shorter name's parts to the longer's; a lone part only to a lone one."""
    if shorter and len(longer) <= MAX_PERMUTED_PARTS and (len(shorter) > 1 or len(longer) == 1):
        yield from permutations(longer, len(shorter))


def _has_shared_word(one: list[str], other: tuple[str, ...]) -> bool:
    return any(a == b and len(a) > 1 for a, b in zip(one, other, strict=True))


def _is_match(one: str, other: str) -> bool:
    return _is_close(one, other) or _is_initial(one, other)


def _is_initial(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) == 1 and longer.startswith(shorter)


def _is_close(one: str, other: str) -> bool:
    """Return whether two words differ by at most one typing error, or two in a long word."""
    length = max(len(one), len(other))
    allowed = 0 if length < 3 else 1 if length < 7 else 2
    # Lengths are compared first, because counting edits is quadratic.
    is_possible = 0 < allowed >= abs(len(one) - len(other))
    return one == other or (is_possible and count_edits(one, other) <= allowed)
