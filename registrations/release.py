"""Release: what a cancelled place owes no longer is credited if it was invoiced, and goes back if paid."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError

from .bill import receivable_of
from .invoices.balance import balance_of
from .invoices.credit import credit_withdrawn
from .invoices.issue import issue
from .invoices.models import Payment, Receivable, Refund
from .invoices.refund import refund, refundable
from .models import Order, Registration
from .terms import Terms, parted, returning


@dataclass(frozen=True)
class Outcome:
    """What cancelling comes to: terms, what goes back of which payment; whether it was invoiced and paid."""

    terms: Terms
    returns: list[tuple[Payment, int]]
    is_invoiced: bool = False
    is_paid: bool = False

    @property
    def returned(self) -> int:
        """All that goes back, in cents."""
        return sum(amount for _payment, amount in self.returns)

    @property
    def waived(self) -> int:
        """What was not paid and is owed no longer, in cents."""
        return self.terms.released - self.returned


def foresee(order: Order, terms: Terms) -> Outcome:
    """What cancelling on these terms would come to now; nothing is changed."""
    receivable = Receivable.objects.filter(reference=order.reference).first()
    if receivable is None or not terms.worth:
        return Outcome(terms, [])
    balance = balance_of(receivable)
    returns = _returns(receivable, terms, balance.owed - terms.released)
    return Outcome(terms, returns, receivable.invoices.exists(), balance.due <= 0)


def release(*, registration: Registration, terms: Terms, reason: str = "") -> list[Refund]:
    """Correct what the order owes after this registration was cancelled; the refunds that were asked for.

    Call it once, in the transaction that cancels, under the order's lock.
    """
    order = registration.order
    known = Receivable.objects.filter(reference=order.reference).exists()
    if order.payment == Order.Payment.FREE or not (known or terms.kept):
        return []
    receivable = receivable_of(order)
    with translation.override(order.language):
        why = _("Cancellation of registration %(reference)s") % {"reference": registration.reference}
    _correct_invoices(receivable, why)
    return [
        refund(
            payment=payment, amount=amount, reason=reason or why, external_id=mark_of(registration, payment)
        )
        for payment, amount in _returns(receivable, terms, balance_of(receivable).owed)
    ]


def mark_of(registration: Registration, payment: Payment) -> str:
    """What names a refund that a cancelled registration asked for: once for each payment."""
    return f"{marks_of(registration)}{payment.pk}"


def marks_of(registration: Registration) -> str:
    """What the names of all its refunds begin with."""
    return f"cancel:{registration.reference}:"


def _returns(receivable: Receivable, terms: Terms, owed: int) -> list[tuple[Payment, int]]:
    """What goes back of which payment: first by the processor, by itself; of several the newest first."""
    amount = returning(released=terms.released, owed=owed, received=balance_of(receivable).kept)
    if not amount:
        return []
    payments = sorted(receivable.payments.all(), key=lambda one: (not one.is_by_processor, -one.pk))
    return parted(amount, [(payment, refundable(payment)) for payment in payments])


def _correct_invoices(receivable: Receivable, reason: str) -> None:
    """Credit what was invoiced and is owed no longer; what is kept of it is invoiced in its place."""
    if not credit_withdrawn(receivable=receivable, reason=reason):
        return
    try:
        with transaction.atomic():
            issue(receivable=receivable)
    except ConventionError:
        return  # nothing was kept, or the treasurer has to complete something first: their page says so
