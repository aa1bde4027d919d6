"""Match: what a line of the bank's statement most likely pays, and what is to be done. Pure."""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from convention.creditor_reference import references_in, squeezed
from convention.text import fold

SHORTEST_CUT = 6
"""A reference of which the bank cut the end is recognized by so many characters, if only one begins so."""
NEAR_DAYS = 7
COMMON = frozenset("sas sarl sa sasu eurl club association groupe france societe the and des les".split())


class Kind(StrEnum):
    """What a line is; all but EXACT and PAYOUT ask for a person's decision."""

    EXACT = "exact"
    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    TWICE = "twice"
    LATE = "late"
    PROPOSAL = "proposal"
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


@dataclass(frozen=True)
class Sum:
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
    """What a line is, and the reference of what it pays, where one is known."""

    kind: Kind
    reference: str = ""


@dataclass
class Index:
    """What may be paid, findable by all that a payer might write."""

    items: dict[str, Item] = field(default_factory=dict)
    by_invoice: dict[str, str] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)

    @classmethod
    def of(cls, items: Iterable[Item], sums: Iterable[Sum] = ()) -> "Index":
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
        if item := self.items.get(squeezed(found.reference)):
            self.items[squeezed(found.reference)] = replace(item, due=0, was_paid=True)


def match(seen: Seen, index: Index) -> Match:
    """By reference, else by an invoice's number, else by amount and name as a proposal.

    Of what left the account only a payout below zero is told here.
    """
    if payout := _payout(seen, index):
        return Match(Kind.PAYOUT, payout.payout_id)
    if seen.amount <= 0:
        return Match(Kind.UNKNOWN)
    named = by_reference(seen.words, index) or by_invoice(seen.words, index)
    if named:
        return Match(judged(seen, named), named.reference)
    likely = by_amount_and_name(seen, index)
    return Match(Kind.PROPOSAL, likely.reference) if likely else Match(Kind.UNKNOWN)


def judged(seen: Seen, item: Item) -> Kind:
    """How the amount compares with what is due."""
    if item.due <= 0:
        return Kind.TWICE if item.was_paid else Kind.LATE
    if seen.currency != item.currency:
        return Kind.PROPOSAL
    if seen.amount == item.due:
        return Kind.EXACT
    return Kind.TOO_LITTLE if seen.amount < item.due else Kind.TOO_MUCH


def by_reference(words: str, index: Index) -> Item | None:
    """By a creditor reference, or the reference itself, spaced or cut however the bank liked."""
    for reference in references_in(words):
        if item := index.items.get(reference):
            return item
    packed = squeezed(words)
    whole = [item for reference, item in index.items.items() if len(reference) > 5 and reference in packed]
    if whole:
        return whole[0] if len(whole) == 1 else None
    return _cut(packed, index)


def _cut(packed: str, index: Index) -> Item | None:
    """One whose beginning stands at the end of the text, behind `RF` and two digits."""
    found = re.search(r"RF\d\d([0-9A-Z]+)$", packed)
    if not found or len(found[1]) < SHORTEST_CUT:
        return None
    begun = [item for reference, item in index.items.items() if reference.startswith(found[1])]
    return begun[0] if len(begun) == 1 else None


def by_invoice(words: str, index: Index) -> Item | None:
    """By the number of an invoice, the only one named."""
    packed = squeezed(words)
    named = {reference for number, reference in index.by_invoice.items() if number in packed}
    return index.items[named.pop()] if len(named) == 1 else None


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


def _payout(seen: Seen, index: Index) -> Sum | None:
    """A payout of just that sum that should arrive about that day, where the bank names Stripe."""
    if "STRIPE" not in squeezed(f"{seen.party} {seen.words}"):
        return None
    near = [
        one
        for one in index.sums
        if one.amount == seen.amount and abs((seen.booked_on - one.arrives_on).days) <= NEAR_DAYS
    ]
    return min(near, key=lambda one: abs((seen.booked_on - one.arrives_on).days)) if near else None
