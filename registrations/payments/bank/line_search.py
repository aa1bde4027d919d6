"""Search and filter of bank statement lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from convention.money import compact_reference
from convention.text.normalize import casefold_text, normalize_whitespace
from registrations.invoices.ledger.receivable_search import parse_searched_amount
from registrations.payments.models import BankLine, BankLineAssignment, BankLineQuerySet, BankLineState

MAX_SEARCH_WORDS: Final = 12
# A shorter text without its spaces would be found in the middle of many others.
MIN_COMPACT_LENGTH: Final = 6


@dataclass(frozen=True)
class BankLineFilter:
    """Filter of the list of all lines; empty fields match everything."""

    search_text: str = ""
    state: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "BankLineFilter":
        """Return the filter for the query parameters q and state."""
        values = {name: normalize_whitespace(query.get(name, "")[:300]) for name in ("q", "state")}
        state = values["state"] if values["state"] in BankLineState.values else ""
        return cls(search_text=values["q"], state=state)

    @property
    def is_active(self) -> bool:
        return self != BankLineFilter()

    def list_line_ids(self) -> list[int]:
        """Return the ids of the matching lines, latest first."""
        lines = BankLine.objects
        rows = lines.in_state(self.state) if self.state else lines.with_state()
        if self.search_text:
            return _search_lines(rows, self.search_text)
        return list(rows.values_list("pk", flat=True))


def _search_lines(rows: BankLineQuerySet, search_text: str) -> list[int]:
    """Return the ids of the lines in which every word occurs, or that have this reference or amount.

    A word may also be in the name or the reference of what a line is assigned to.
    """
    words = casefold_text(search_text).split()[:MAX_SEARCH_WORDS]
    assigned_ids = {word: _find_assigned_ids(word) for word in words}
    compact, cents = compact_reference(search_text), parse_searched_amount(search_text)
    found_ids = []
    # Compared here: a database compares with accents, and a column for it would hold the payers' names twice.
    for pk, amount, *texts in rows.values_list("pk", "amount", "counterparty", "reference", "text"):
        line_text = casefold_text(" ".join(texts))
        has_all_words = all(word in line_text or pk in assigned_ids[word] for word in words)
        has_reference = len(compact) >= MIN_COMPACT_LENGTH and compact in compact_reference(line_text)
        has_amount = cents is not None and cents in {amount, abs(amount)}
        if has_all_words or has_reference or has_amount:
            found_ids.append(pk)
    return found_ids


def _find_assigned_ids(word: str) -> set[int]:
    """Return the ids of the lines assigned to, or matched to a refund of, a receivable with this word."""
    assignments = BankLineAssignment.objects.filter(
        receivable__search_text__contains=word, reversal_refund=None
    )
    refunds = BankLine.objects.filter(refund__receivable__search_text__contains=word)
    return {*assignments.values_list("line", flat=True), *refunds.values_list("pk", flat=True)}
