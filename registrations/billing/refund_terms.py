"""Decide what a cancellation refunds. No database access; amounts in cents."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class RefundReason(StrEnum):
    """The rule or circumstance that decided."""

    FREE = "free"
    CREDITED = "credited"
    NOT_CONFIRMED = "not_confirmed"
    RULE = "rule"
    TOO_LATE = "too_late"
    ORGANIZER = "organizer"


@dataclass(frozen=True)
class RefundStep:
    """A refund percentage that applies until `ends_at`, inclusive."""

    ends_at: datetime.datetime
    refund_percent: int


@dataclass(frozen=True)
class RefundTerms:
    """The amount due for a registration, how much of it is released, and why."""

    due_cents: int
    released_cents: int
    reason: RefundReason
    refund_step: RefundStep | None = None

    @property
    def cancellation_fee(self) -> int:
        """Return what stays owed."""
        return self.due_cents - self.released_cents


def decide_refund_terms(
    *,
    due_cents: int,
    confirmed_at: datetime.datetime | None,
    refund_steps: Sequence[RefundStep],
    at: datetime.datetime,
) -> RefundTerms:
    """Return the terms at `at`: of the steps that have not ended, the one that ends first decides.

    After the last step nothing is refunded, and `refund_step` is that last step. A registration that was
    never confirmed costs nothing.
    """
    if not due_cents:
        return RefundTerms(0, 0, RefundReason.FREE)
    if confirmed_at is None:
        return RefundTerms(due_cents, due_cents, RefundReason.NOT_CONFIRMED)
    steps_by_end = sorted(refund_steps, key=lambda rule: rule.ends_at)
    current_steps = [rule for rule in steps_by_end if at <= rule.ends_at]
    if not current_steps:
        return RefundTerms(due_cents, 0, RefundReason.TOO_LATE, steps_by_end[-1] if steps_by_end else None)
    share = min(max(current_steps[0].refund_percent, 0), 100)
    # Rounded up, in the buyer's favour.
    return RefundTerms(due_cents, -(-due_cents * share // 100), RefundReason.RULE, current_steps[0])


def calculate_refund_amount(*, released_cents: int, owed_cents: int, received_cents: int) -> int:
    """Return how much money goes back: what is released, as far as it was paid and is not owed.

    `owed_cents` is what stays owed after the cancellation, `received_cents` what was paid and not refunded.
    """
    return max(0, min(released_cents, received_cents - max(0, owed_cents)))


def split_amount[T](amount: int, payment_limits: Sequence[tuple[T, int]]) -> list[tuple[T, int]]:
    """Split an amount over the payments in order, each up to its limit; the rest is dropped."""
    parts: list[tuple[T, int]] = []
    for payment, limit in payment_limits:
        part = min(amount, limit)
        if part > 0:
            parts.append((payment, part))
            amount -= part
    return parts
