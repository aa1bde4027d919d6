"""What stands out about the money of one buyer, and what to do about it: a pure decision."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .balance import Balance


class State(StrEnum):
    """How a receivable stands, derived from its rows."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    TOO_MUCH = "too_much"
    NOTHING = "nothing"


STATES: dict[State, str | Promise] = {
    State.OPEN: _("to be paid"),
    State.OVERDUE: _("overdue"),
    State.PAID: _("paid"),
    State.TOO_MUCH: _("too much paid"),
    State.NOTHING: _("nothing owed"),
}


def state_of(owed: int, due: int, *, first_due: datetime.date | None, today: datetime.date) -> State:
    """The state of cents owed and left to pay, by the day on which the first invoice was due."""
    if due < 0:
        return State.TOO_MUCH
    if due > 0:
        return State.OVERDUE if first_due and first_due < today else State.OPEN
    return State.PAID if owed else State.NOTHING


class Kind(StrEnum):
    """What stands out."""

    CREDIT = "credit"
    INVOICE = "invoice"
    LITTLE = "little"
    MUCH = "much"
    TWICE = "twice"
    LATE = "late"
    PAID_LATE = "paid_late"


@dataclass(frozen=True)
class Advice:
    """One thing that stands out: what, cents it is about, and since which day."""

    kind: Kind
    amount: int = 0
    day: datetime.date | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of a receivable; cents, and days."""

    balance: Balance
    uninvoiced: int
    to_credit: int
    due_on: datetime.date | None
    payments: Sequence[tuple[int, datetime.date]]


def advise(facts: Facts, *, today: datetime.date) -> list[Advice]:
    """What to do, the gravest first."""
    due, found = facts.balance.due, []
    if due < 0:
        twice = paid_twice(facts)
        found.append(Advice(Kind.TWICE if twice else Kind.MUCH, -due))
    if facts.to_credit:
        found.append(Advice(Kind.CREDIT, facts.to_credit))
    if due > 0 and facts.balance.kept > 0:
        found.append(Advice(Kind.LITTLE, due))
    if facts.uninvoiced:
        found.append(Advice(Kind.INVOICE, facts.uninvoiced))
    if facts.due_on:
        last = max((day for _amount, day in facts.payments), default=None)
        if due > 0 and facts.due_on < today:
            found.append(Advice(Kind.LATE, due, facts.due_on))
        elif due <= 0 and last and last > facts.due_on:
            found.append(Advice(Kind.PAID_LATE, 0, last))
    return found


def paid_twice(facts: Facts) -> bool:
    """Whether what is too much is one of several payments of the same amount."""
    counts = Counter(amount for amount, _day in facts.payments)
    return counts[-facts.balance.due] > 1
