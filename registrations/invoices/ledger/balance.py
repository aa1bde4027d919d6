"""Balance of a receivable, in cents. It is computed from its rows and never stored."""

from dataclasses import dataclass

from django.db.models import Sum

from registrations.invoices.models import Receivable


@dataclass(frozen=True)
class ReceivableBalance:
    """Amounts of one receivable, in cents."""

    amount_owed: int
    amount_paid: int
    amount_refunded: int

    @property
    def amount_due(self) -> int:
        """Return what is left to pay, negative if too much was paid."""
        # A refund makes what it returned due again, unless the charge was withdrawn or credited too.
        return self.amount_owed - self.amount_paid + self.amount_refunded

    @property
    def amount_overpaid(self) -> int:
        return max(0, -self.amount_due)

    @property
    def amount_retained(self) -> int:
        """Return what was paid and not refunded."""
        return self.amount_paid - self.amount_refunded

    @property
    def is_paid(self) -> bool:
        """Return whether something is owed and nothing of it is left to pay."""
        return self.amount_owed > 0 and self.amount_due <= 0

    @property
    def is_paid_without_debt(self) -> bool:
        """Return whether something was paid for what is no longer owed, whether or not it was refunded."""
        return self.amount_owed == 0 and self.amount_paid > 0

    @property
    def is_settled(self) -> bool:
        return self.amount_due == 0


def compute_balance(receivable: Receivable) -> ReceivableBalance:
    """Return the current balance. `ReceivableQuerySet.with_balance` does the same for many rows."""
    return ReceivableBalance(
        amount_owed=receivable.charges.active().aggregate(sum=Sum("amount"))["sum"] or 0,
        amount_paid=receivable.payments.aggregate(sum=Sum("amount"))["sum"] or 0,
        amount_refunded=receivable.refunds.active().aggregate(sum=Sum("amount"))["sum"] or 0,
    )
