"""Bank statement as plain data, independent of the file format."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class StatementEntry:
    """Entry with cents, negative for a debit; `bank_id` is the bank's own reference.

    `is_reversal` says that the bank took an earlier booking back; CSV files do not have it. `occurrence`
    numbers entries that are otherwise identical: two equal payments on one day stay two.
    """

    booked_on: datetime.date
    amount_cents: int
    currency: str = "EUR"
    counterparty: str = ""
    payer_iban: str = ""
    text: str = ""
    reference: str = ""
    bank_id: str = ""
    account: str = ""
    occurrence: int = 0
    is_reversal: bool = False

    @property
    def identity_parts(self) -> tuple[str, ...]:
        """Return what identifies the entry in another export: the bank's id, else all texts."""
        # The bank's own id is the same in every export; texts may differ.
        line_parts = (self.bank_id,) if self.bank_id else (self.counterparty, self.text, self.reference)
        return (self.account, self.booked_on.isoformat(), str(self.amount_cents), self.currency, *line_parts)

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 of the identity and the occurrence."""
        return _hash_parts(*self.identity_parts, str(self.occurrence))

    @property
    def former_fingerprints(self) -> list[str]:
        """Return the fingerprints that earlier versions stored: without the account or occurrence."""
        parts = (
            self.identity_parts[1:]
            if self.bank_id and not self.occurrence
            else (*self.identity_parts[1:], str(self.occurrence))
        )
        return [_hash_parts(account, *parts) for account in (self.account, "")]


def _hash_parts(*parts: str) -> str:
    # The unit separator cannot occur in the texts, so that parts cannot run into each other.
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class StatementFile:
    """Statement with its account, if named, and its entries."""

    name: str
    account: str
    entries: list[StatementEntry]


def number_duplicates(entries: Iterable[StatementEntry]) -> list[StatementEntry]:
    """Return the entries with `occurrence` set."""
    seen: Counter[tuple[str, ...]] = Counter()
    numbered = []
    for entry in entries:
        numbered.append(replace(entry, occurrence=seen[entry.identity_parts]))
        seen[entry.identity_parts] += 1
    return numbered
