"""What a receivable comes to: owed, paid, given back, and what is left. Amounts are in cents."""

from dataclasses import dataclass

from django.db.models import Sum

from .models import Receivable


@dataclass(frozen=True)
class Balance:
    """Money of one receivable, in cents."""

    owed: int
    paid: int
    given_back: int

    @property
    def due(self) -> int:
        """What is left to pay; negative where too much was paid."""
        return self.owed - self.paid + self.given_back

    @property
    def too_much(self) -> int:
        """What was paid beyond what is owed."""
        return max(0, -self.due)

    @property
    def kept(self) -> int:
        """What was paid and not given back."""
        return self.paid - self.given_back

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to pay, nor to give back."""
        return self.due == 0


def balance_of(receivable: Receivable) -> Balance:
    """The balance as it stands now; it is computed, never stored."""
    return Balance(
        owed=receivable.charges.standing().aggregate(sum=Sum("amount"))["sum"] or 0,
        paid=receivable.payments.aggregate(sum=Sum("amount"))["sum"] or 0,
        given_back=receivable.refunds.standing().aggregate(sum=Sum("amount"))["sum"] or 0,
    )
