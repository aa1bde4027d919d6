"""What a file of the bank says, line by line, whatever its format."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Entry:
    """One line: `amount` in cents, negative where money left; `bank_id` is the bank's own name for it."""

    booked_on: datetime.date
    amount: int
    currency: str = "EUR"
    party: str = ""
    text: str = ""
    reference: str = ""
    bank_id: str = ""
    nth: int = 0

    def fingerprint(self, account: str) -> str:
        """SHA-256 that tells the line again in another file: by the bank's id for it, else by all it says."""
        own = [self.bank_id] if self.bank_id else [self.party, self.text, self.reference, str(self.nth)]
        parts = [account, self.booked_on.isoformat(), str(self.amount), self.currency, *own]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class File:
    """A statement as read: the account where it is told, and its lines."""

    name: str
    account: str
    entries: list[Entry]


def numbered(entries: Iterable[Entry]) -> list[Entry]:
    """Lines that say just the same are counted, so that two equal payments of one day stay two."""
    seen: Counter[Entry] = Counter()
    found = []
    for entry in entries:
        found.append(replace(entry, nth=seen[entry]))
        seen[entry] += 1
    return found
