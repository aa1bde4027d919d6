"""Match: what a line of the bank's statement most likely pays, and what is to be done. Pure."""

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from convention.creditor_reference import references_in, squeezed
from convention.text import fold

SHORTEST_CUT = 6
"""A reference of which the bank cut the end is recognized by so many characters, if only one begins so."""
NEAR_DAYS = 7
COMMON = frozenset("sas sarl sa sasu eurl club association groupe france societe the and des les".split())


class Kind(StrEnum):
    """What a line is; all but EXACT, RETURNED and PAYOUT ask for a person's decision."""

    EXACT = "exact"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    TWICE = "twice"
    LATE = "late"
    PROPOSAL = "proposal"
    SEVERAL = "several"
    RETURNED = "returned"
    PAYOUT = "payout"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Item:
    """Something that may be paid: `due` in cents, zero or less where nothing is waited for."""

    reference: str
    name: str
    due: int
    currency: str = "EUR"
    invoices: tuple[str, ...] = ()
    was_paid: bool = False
    returnable: int = 0
    """Cents that came by transfer and were not given back."""


@dataclass(frozen=True)
class Lump:
    """A payout on its way: cents and the day it should arrive."""

    payout_id: str
    amount: int
    arrives_on: datetime.date


@dataclass(frozen=True)
class Seen:
    """A line as it is looked at."""

    amount: int
    words: str
    party: str
    booked_on: datetime.date
    currency: str = "EUR"


@dataclass(frozen=True)
class Match:
    """What a line is, and the reference of what it pays, where one is known.

    `parts` are all references that it names with what is due of each.
    """

    kind: Kind
    reference: str = ""
    parts: tuple[tuple[str, int], ...] = ()


@dataclass
class Index:
    """What may be paid, findable by all that a payer might write."""

    items: dict[str, Item] = field(default_factory=dict)
    by_invoice: dict[str, str] = field(default_factory=dict)
    sums: list[Lump] = field(default_factory=list)

    @classmethod
    def of(cls, items: Iterable[Item], sums: Iterable[Lump] = ()) -> "Index":
        """Out of everything that is owed, or was."""
        found = cls(sums=list(sums))
        for item in items:
            found.items[squeezed(item.reference)] = item
            for number in item.invoices:
                found.by_invoice[squeezed(number)] = squeezed(item.reference)
        return found

    def settle(self, found: Match) -> None:
        """Nothing more is due of what was just matched."""
        self.sums = [one for one in self.sums if one.payout_id != found.reference]
        for reference, _cents in found.parts:
            item = self.items[squeezed(reference)]
            self.items[squeezed(reference)] = replace(item, due=0, was_paid=True)


def match(seen: Seen, index: Index) -> Match:
    """By reference, else by an invoice's number, else by amount and name as a proposal."""
    if payout := _payout(seen, index):
        return Match(Kind.PAYOUT, payout.payout_id)
    if seen.amount <= 0:
        return returned(seen, index)
    if named := by_reference(seen.words, index) or by_invoice(seen.words, index):
        return judged(seen, named)
    likely = by_amount_and_name(seen, index)
    return Match(Kind.PROPOSAL, likely.reference) if likely else Match(Kind.UNKNOWN)


def returned(seen: Seen, index: Index) -> Match:
    """Money that left: given back where it names our reference, or an invoice of whom it went to.

    A supplier's invoice may have the number of one of ours.
    """
    words = name_words(seen.party)
    theirs = [item for item in by_invoice(seen.words, index) if words & name_words(item.name)]
    named = by_reference(seen.words, index) or theirs
    is_ours = (
        len(named) == 1 and named[0].currency == seen.currency and 0 < -seen.amount <= named[0].returnable
    )
    return Match(Kind.RETURNED, named[0].reference) if is_ours else Match(Kind.UNKNOWN)


def judged(seen: Seen, named: Sequence[Item]) -> Match:
    """How the amount compares with what is due of all that is named."""
    waiting = [item for item in named if item.due > 0]
    due = sum(item.due for item in waiting)
    first = (waiting or named)[0]
    parts = tuple((item.reference, item.due) for item in waiting)
    is_alike = {item.currency for item in waiting} == {seen.currency}
    if is_alike and seen.amount == due:
        return Match(Kind.EXACT, first.reference, parts)
    if len(named) > 1:
        return Match(Kind.SEVERAL, first.reference, parts)
    if not waiting:
        return Match(Kind.TWICE if first.was_paid else Kind.LATE, first.reference)
    if not is_alike:
        return Match(Kind.PROPOSAL, first.reference)
    return Match(Kind.TOO_LITTLE if seen.amount < due else Kind.TOO_MUCH, first.reference)


def by_reference(words: str, index: Index) -> list[Item]:
    """By creditor references, or the references themselves, spaced or cut however the bank liked."""
    packed = squeezed(words)
    valid = [index.items[one] for one in references_in(words) if one in index.items]
    plain = [item for reference, item in index.items.items() if len(reference) > 5 and reference in packed]
    named = {item.reference: item for item in [*valid, *plain]}
    return list(named.values()) or _cut(packed, index)


def _cut(packed: str, index: Index) -> list[Item]:
    """One whose beginning stands at the end of the text, behind `RF` and two digits."""
    found = re.search(r"RF\d\d([0-9A-Z]+)$", packed)
    if not found or len(found[1]) < SHORTEST_CUT:
        return []
    begun = [item for reference, item in index.items.items() if reference.startswith(found[1])]
    return begun if len(begun) == 1 else []


def by_invoice(words: str, index: Index) -> list[Item]:
    """By numbers of invoices; F20271 is not named where F202712 is."""
    packed = squeezed(words)
    found = [number for number in index.by_invoice if number in packed]
    whole = [one for one in found if not any(one != other and one in other for other in found)]
    return [index.items[reference] for reference in dict.fromkeys(index.by_invoice[one] for one in whole)]


def by_amount_and_name(seen: Seen, index: Index) -> Item | None:
    """The only one due with just that amount whose name shares a word with the payer's."""
    words = name_words(seen.party)
    alike = [
        item
        for item in index.items.values()
        if item.due == seen.amount and item.currency == seen.currency and words & name_words(item.name)
    ]
    return alike[0] if len(alike) == 1 else None


def name_words(name: str) -> set[str]:
    """Words of a name that tell something."""
    return {word for word in re.split(r"\W+", fold(name)) if len(word) > 2 and word not in COMMON}


def _payout(seen: Seen, index: Index) -> Lump | None:
    """A payout of just that sum that should arrive about that day, where the bank names Stripe."""
    if "STRIPE" not in squeezed(f"{seen.party} {seen.words}"):
        return None
    near = [
        one
        for one in index.sums
        if one.amount == seen.amount and abs((seen.booked_on - one.arrives_on).days) <= NEAR_DAYS
    ]
    return min(near, key=lambda one: abs((seen.booked_on - one.arrives_on).days)) if near else None
