"""Suggest what a credit may pay, by the evidence for it. Pure functions, without database access."""

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass

from convention.money import compact_reference, find_creditor_references
from convention.text.normalize import casefold_text

from .matching import (
    BankLineFacts,
    PayableIndex,
    PayableItem,
    find_matching_names,
    list_line_words,
    list_name_words,
)

MAX_SUGGESTIONS = 8
# One transfer may pay many receivables of its payer: all of them can be chosen.
MAX_NAMED_SUGGESTIONS = 30
# All subsets are tried; of more payables chance alone makes many sums.
MAX_COMBINED_ITEMS = 12


def find_items_of_payer(line_facts: BankLineFacts, index: PayableIndex) -> list[PayableItem]:
    """Return several payables of one buyer, named by the line, that it pays exactly together; else []."""
    words = list_line_words(line_facts)
    by_buyer: dict[str, list[PayableItem]] = defaultdict(list)
    for item in index.items.values():
        name_words = list_name_words(item.buyer_name)
        is_due = item.amount_due > 0 and item.currency == line_facts.currency
        if is_due and name_words and name_words <= words:
            by_buyer[casefold_text(item.buyer_name)].append(item)
    groups = [
        combination
        for items in by_buyer.values()
        if (combination := find_combination(items, line_facts.amount_cents))
    ]
    # Two buyers with the same sum: only a person can tell which one paid.
    return groups[0] if len(groups) == 1 else []


def find_combination(items: Sequence[PayableItem], cents: int) -> list[PayableItem]:
    """Return the items that make this sum together: all of them, or the only subset that does; else [].

    A single item of this amount is no combination, and makes any other one ambiguous.
    """
    if sum(item.amount_due for item in items) == cents:
        return list(items) if len(items) > 1 else []
    if len(items) > MAX_COMBINED_ITEMS:
        return []
    # By sum, two subsets at most: a second one makes it ambiguous.
    subsets: dict[int, list[list[PayableItem]]] = {0: [[]]}
    for item in items:
        for earlier_sum, earlier_subsets in list(subsets.items()):
            if (new_sum := earlier_sum + item.amount_due) <= cents:
                new_subsets = [[*subset, item] for subset in earlier_subsets]
                subsets[new_sum] = [*subsets.get(new_sum, []), *new_subsets][:2]
    found = subsets.get(cents, [])
    return found[0] if len(found) == 1 and len(found[0]) > 1 else []


@dataclass(frozen=True)
class RankedPayable:
    """A payable that a line may pay, with the evidence for it; `matched_name` is the name that it shares."""

    item: PayableItem
    has_same_amount: bool
    has_same_name: bool
    matched_name: str
    has_same_reference: bool
    is_already_paid: bool = False

    @property
    def has_similar_name(self) -> bool:
        return bool(self.matched_name) and not self.has_same_name

    @property
    def matched_attendee(self) -> str:
        """Return the name that matched unless it is the buyer's, which is shown anyway."""
        return self.matched_name if self.matched_name != self.item.buyer_name else ""

    @property
    def is_likely(self) -> bool:
        """Return whether a line without a search is likely to pay this."""
        if self.item.amount_due > 0:
            return self.score > 0
        return self.is_already_paid and self.has_same_name

    @property
    def score(self) -> int:
        # References are the most reliable; names are spelled in many ways, and many amounts are equal.
        name_score = 4 if self.has_same_name else 3 * self.has_similar_name
        return 8 * self.has_same_reference + name_score + 2 * self.has_same_amount


def rank_payables(
    line_facts: BankLineFacts, index: PayableIndex, search_text: str = ""
) -> list[RankedPayable]:
    """Return what a credit most likely pays, the likeliest first; with a search, only what it finds.

    What the same buyer has paid with this amount is among them: it may have been paid twice. A search
    matches the words of buyer, reference and numbers of documents.
    """
    search_words = casefold_text(search_text).split()
    search_references = find_creditor_references(search_text)
    line_words = list_line_words(line_facts)
    ranked = [
        _rank_payable(line_facts, line_words, item)
        for item in index.items.values()
        if item.currency == line_facts.currency
        if compact_reference(item.reference) in search_references or _has_words(item, search_words)
    ]
    likely = [suggestion for suggestion in ranked if search_words or suggestion.is_likely]
    # Of equally likely ones, those first that the line pays in full.
    likely.sort(
        key=lambda suggestion: (
            -suggestion.score,
            suggestion.item.amount_due <= 0,
            suggestion.item.amount_due > line_facts.amount_cents,
            suggestion.item.reference,
        )
    )
    named_count = sum(suggestion.has_same_name or suggestion.has_same_reference for suggestion in likely)
    return likely[: max(MAX_SUGGESTIONS, min(named_count, MAX_NAMED_SUGGESTIONS))]


def _rank_payable(line_facts: BankLineFacts, line_words: Set[str], item: PayableItem) -> RankedPayable:
    compact = compact_reference(line_facts.payer_text)
    named = (item.reference, *item.document_numbers)
    same_name, similar_name = find_matching_names(item, line_words)
    is_already_paid = item.amount_due <= 0 and item.paid_cents == line_facts.amount_cents
    return RankedPayable(
        item,
        has_same_amount=is_already_paid or item.amount_due == line_facts.amount_cents,
        has_same_name=bool(same_name),
        matched_name=same_name or similar_name,
        has_same_reference=any(len(text) > 5 and compact_reference(text) in compact for text in named),
        is_already_paid=is_already_paid,
    )


def _has_words(item: PayableItem, words: Sequence[str]) -> bool:
    text = casefold_text(" ".join((*item.names, item.reference, *item.document_numbers)))
    return all(word in text for word in words)
