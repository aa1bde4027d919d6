"""What a file of the bank says, line by line, whatever its format."""

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Entry:
    """One line: `amount` in cents, negative where money left; `bank_id` is the bank's own name for it.

    `nth` counts lines that nothing else tells apart: two equal payments of one day stay two.
    """

    booked_on: datetime.date
    amount: int
    currency: str = "EUR"
    party: str = ""
    text: str = ""
    reference: str = ""
    bank_id: str = ""
    account: str = ""
    nth: int = 0

    @property
    def name(self) -> tuple[str, ...]:
        """What tells the line again in another file: the bank's id for it, else all it says."""
        own = (self.bank_id,) if self.bank_id else (self.party, self.text, self.reference)
        return (self.account, self.booked_on.isoformat(), str(self.amount), self.currency, *own)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of that, and of the count."""
        return _digest(*self.name, str(self.nth))

    @property
    def former(self) -> list[str]:
        """What fingerprints of it were: without its account, and without a count where the bank names it."""
        said = self.name[1:] if self.bank_id and not self.nth else (*self.name[1:], str(self.nth))
        return [_digest(account, *said) for account in (self.account, "")]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class File:
    """A statement as read: the account where it is told, and its lines."""

    name: str
    account: str
    entries: list[Entry]


def numbered(entries: Iterable[Entry]) -> list[Entry]:
    """Lines that nothing tells apart are counted."""
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for entry in entries:
        found.append(replace(entry, nth=seen[entry.name]))
        seen[entry.name] += 1
    return found
