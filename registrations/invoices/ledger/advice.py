"""Decide what the treasurer should do about a receivable. Pure functions, without database access."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .balance import ReceivableBalance


class ReceivableState(StrEnum):
    """State of a receivable, derived from its rows."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    # The values are part of URLs (`?state=`).
    OVERPAID = "overpaid"
    REFUND_TO_SEND = "refund_to_send"
    CREDIT_TO_ISSUE = "credit_to_issue"
    NOTHING_OWED = "nothing_owed"


STATE_LABELS: dict[ReceivableState, str | Promise] = {
    ReceivableState.OPEN: _("to be paid"),
    ReceivableState.OVERDUE: _("overdue"),
    ReceivableState.PAID: _("paid"),
    ReceivableState.OVERPAID: pgettext_lazy("receivable", "overpaid"),
    ReceivableState.REFUND_TO_SEND: _("refund to send"),
    ReceivableState.CREDIT_TO_ISSUE: _("credit note to issue"),
    ReceivableState.NOTHING_OWED: _("nothing due"),
}


def derive_receivable_state(
    amount_owed: int,
    amount_due: int,
    *,
    unpaid_due_on: datetime.date | None,
    cents_to_send: int,
    cents_to_credit: int,
    today: datetime.date,
) -> ReceivableState:
    """Return the state; amounts in cents, `unpaid_due_on` the earliest due date of what is unpaid."""
    # The balance counts such a refund as sent, and would hide it.
    if cents_to_send:
        return ReceivableState.REFUND_TO_SEND
    if amount_due < 0:
        return ReceivableState.OVERPAID
    if amount_due > 0:
        return ReceivableState.OVERDUE if unpaid_due_on and unpaid_due_on < today else ReceivableState.OPEN
    # Settled, but the books still have an invoice of what is no longer due.
    if cents_to_credit > 0:
        return ReceivableState.CREDIT_TO_ISSUE
    return ReceivableState.PAID if amount_owed else ReceivableState.NOTHING_OWED


class AdviceKind(StrEnum):
    NEEDS_CREDIT = "credit"
    NEEDS_INVOICE = "invoice"
    UNDERPAID = "underpaid"
    DUE_AFTER_REFUND = "due_after_refund"
    OVERPAID = "overpaid"
    PAID_TWICE = "paid_twice"
    REFUND_TO_SEND = "refund_to_send"
    OVERDUE = "overdue"
    PAID_LATE = "paid_late"


@dataclass(frozen=True)
class ReceivableAdvice:
    """Recommendation, with the cents and the day it concerns."""

    kind: AdviceKind
    amount_cents: int = 0
    day: datetime.date | None = None


@dataclass(frozen=True)
class ReceivableFacts:
    """Input of `list_advice`; amounts in cents, payments as (cents, day).

    `uninvoiced_cents` are those of the next invoice, 0 if it only deducts deposits that cover it;
    `has_invoiced_lines` is false as long as nothing is invoiced. `due_on` is the earliest due date of all
    invoices, `unpaid_due_on` of those not paid in full; `cents_to_send` is the sum of the refunds that wait
    for the treasurer, `cents_sent` that of the others, without counter-entries.
    """

    balance: ReceivableBalance
    needs_invoice: bool
    uninvoiced_cents: int
    has_invoiced_lines: bool
    cents_to_credit: int
    due_on: datetime.date | None
    unpaid_due_on: datetime.date | None
    payments: Sequence[tuple[int, datetime.date]]
    cents_to_send: int
    cents_sent: int = 0

    @property
    def is_due_after_refunds(self) -> bool:
        """Return whether nothing would be due without the refunds."""
        return 0 < self.balance.amount_due <= self.cents_to_send + self.cents_sent

    @property
    def claimable_cents(self) -> int:
        """Return the cents due of what is invoiced; all cents due if nothing is."""
        # What no document names cannot be claimed yet: it is invoiced first.
        uninvoiced = self.uninvoiced_cents if self.has_invoiced_lines else 0
        return self.balance.amount_due - uninvoiced


def list_advice(facts: ReceivableFacts, *, today: datetime.date) -> list[ReceivableAdvice]:
    """Return the recommendations, the most urgent first."""
    due, advice = facts.balance.amount_due, []
    # Money that belongs to the buyer comes first.
    if due < 0:
        kind = AdviceKind.PAID_TWICE if has_double_payment(facts) else AdviceKind.OVERPAID
        advice.append(ReceivableAdvice(kind, -due))
    if facts.cents_to_send:
        advice.append(ReceivableAdvice(AdviceKind.REFUND_TO_SEND, facts.cents_to_send))
    if facts.cents_to_credit:
        advice.append(ReceivableAdvice(AdviceKind.NEEDS_CREDIT, facts.cents_to_credit))
    overdue_since = facts.unpaid_due_on if facts.unpaid_due_on and facts.unpaid_due_on < today else None
    underpayment = find_underpayment(facts, overdue_since)
    if underpayment:
        advice.append(underpayment)
    if facts.needs_invoice:
        advice.append(ReceivableAdvice(AdviceKind.NEEDS_INVOICE, facts.uninvoiced_cents))
    last = max((day for _amount, day in facts.payments), default=None)
    # One debt is one recommendation: what is underpaid says that it is overdue.
    if due > 0 and overdue_since and not underpayment and not facts.is_due_after_refunds:
        # Charges that replace invoiced ones may exceed what is due: then all of it counts.
        cents = facts.claimable_cents if facts.claimable_cents > 0 else due
        advice.append(ReceivableAdvice(AdviceKind.OVERDUE, cents, overdue_since))
    elif due <= 0 and last and facts.due_on and last > facts.due_on:
        advice.append(ReceivableAdvice(AdviceKind.PAID_LATE, 0, last))
    return advice


def find_underpayment(facts: ReceivableFacts, overdue_since: datetime.date | None) -> ReceivableAdvice | None:
    """Return the recommendation if something was paid, but not enough, or was refunded."""
    due, claimable = facts.balance.amount_due, facts.claimable_cents
    if facts.is_due_after_refunds:
        # Money is not claimed while it still has to be sent back.
        is_sent = not facts.cents_to_send
        return ReceivableAdvice(AdviceKind.DUE_AFTER_REFUND, due, overdue_since) if is_sent else None
    # An unpaid invoice is no case for advice before it is overdue.
    is_underpaid = due > 0 and claimable > 0 and facts.balance.amount_retained > 0
    return ReceivableAdvice(AdviceKind.UNDERPAID, claimable, overdue_since) if is_underpaid else None


def has_double_payment(facts: ReceivableFacts) -> bool:
    """Return whether the overpaid amount equals several payments, as when someone paid twice."""
    counts = Counter(amount for amount, _day in facts.payments)
    # The overpaid sum itself occurs twice among the payments.
    return counts[-facts.balance.amount_due] > 1
