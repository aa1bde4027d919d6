"""What comes back of a price to whoever cancels, and why: a pure decision. Amounts are in cents."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """What decided."""

    FREE = "free"
    CREDITED = "credited"
    NOT_CONFIRMED = "not_confirmed"
    RULE = "rule"
    TOO_LATE = "too_late"
    ORGANIZER = "organizer"


@dataclass(frozen=True)
class Rule:
    """Until a moment, that moment included, this share in percent comes back."""

    until: datetime.datetime
    share: int


@dataclass(frozen=True)
class Terms:
    """What is asked for a place, how much of that is released, and by which rule."""

    worth: int
    released: int
    why: Why
    rule: Rule | None = None

    @property
    def kept(self) -> int:
        """What stays owed."""
        return self.worth - self.released


def refund_for(
    *, worth: int, confirmed_at: datetime.datetime | None, rules: Sequence[Rule], at: datetime.datetime
) -> Terms:
    """The terms on which a place of that worth is cancelled: of the rules still running, the first to end.

    Where no rule runs any more nothing comes back; `rule` is then the one that ended last. A place that was
    never confirmed costs nothing.
    """
    if not worth:
        return Terms(0, 0, Why.FREE)
    if confirmed_at is None:
        return Terms(worth, worth, Why.NOT_CONFIRMED)
    by_end = sorted(rules, key=lambda rule: rule.until)
    running = [rule for rule in by_end if at <= rule.until]
    if not running:
        return Terms(worth, 0, Why.TOO_LATE, by_end[-1] if by_end else None)
    share = min(max(running[0].share, 0), 100)
    return Terms(worth, -(-worth * share // 100), Why.RULE, running[0])


def returning(*, released: int, owed: int, received: int) -> int:
    """How much money goes back: what is released, as far as it was paid and nothing else is owed for it.

    `owed` is what stays owed afterwards, `received` what came in and was not given back before.
    """
    return max(0, min(released, received - max(0, owed)))


def parted[Way](amount: int, ways: Sequence[tuple[Way, int]]) -> list[tuple[Way, int]]:
    """An amount over what can be given back of each payment, in that order; as far as it goes."""
    parts: list[tuple[Way, int]] = []
    for way, most in ways:
        part = min(amount, most)
        if part > 0:
            parts.append((way, part))
            amount -= part
    return parts
