"""Settle cancelled registrations (credit notes and refunds), and bill those that are reinstated again."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.invoices.documents.credit_notes import credit_withdrawn_charges
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.refunds import compute_refundable, request_refund
from registrations.invoices.models.documents import Payment, Receivable, Refund
from registrations.models import Order, Registration

from .receivables import find_stored_receivable, sync_existing_receivable, sync_receivable
from .refund_terms import RefundTerms, calculate_refund_amount, split_amount


@dataclass(frozen=True)
class CancellationOutcome:
    """The result of a cancellation: its terms, the refund of each payment, the state of the order."""

    refund_terms: RefundTerms
    payment_refunds: list[tuple[Payment, int]]
    is_invoiced: bool = False
    is_paid: bool = False

    @property
    def refund_cents(self) -> int:
        """Return the sum of all refunds."""
        return sum(amount for _payment, amount in self.payment_refunds)

    @property
    def waived_cents(self) -> int:
        """Return what was not paid and is no longer owed."""
        return self.refund_terms.released_cents - self.refund_cents


def preview_outcome(registration: Registration, refund_terms: RefundTerms) -> CancellationOutcome:
    """Return what cancelling on these terms would come to; nothing is changed."""
    receivable = Receivable.objects.filter(reference=registration.order.reference).first()
    if receivable is None or not refund_terms.due_cents:
        return CancellationOutcome(refund_terms, [])
    balance = compute_balance(receivable)
    # Nothing was cancelled yet, so that the balance still contains what would be released.
    unpaid_addon_cents = registration.unpaid_addon_cents
    payment_refunds = split_refund(
        receivable, refund_terms, balance.amount_owed - refund_terms.released_cents - unpaid_addon_cents
    )
    is_paid = balance.amount_due <= unpaid_addon_cents
    return CancellationOutcome(refund_terms, payment_refunds, receivable.invoices.exists(), is_paid)


def settle_cancellation(
    *, registration: Registration, refund_terms: RefundTerms, reason: str = ""
) -> list[Refund]:
    """Sync the order's receivable, correct its invoices, and return the refunds requested.

    Call it once after the registration was cancelled, in the same transaction and under the order's lock.
    """
    order = registration.order
    is_billed = Receivable.objects.filter(reference=order.reference).exists()
    # A free order, or one cancelled at no fee before anything was billed, needs no receivable at all.
    if order.payment == Order.Payment.FREE or not (is_billed or refund_terms.cancellation_fee):
        return []
    receivable = sync_receivable(order)
    # The text appears on the buyer's documents; the language of the person who cancels may be another one.
    with translation.override(order.language):
        document_reason = _("Cancellation: %(name)s") % {"name": get_name_for_documents(registration)}
    correct_invoices(receivable, document_reason)
    return [
        request_refund(
            payment=payment,
            amount=amount,
            reason=reason,
            occasion=Refund.Occasion.CANCELLATION,
            charge_key=registration.reference,
            external_id=make_refund_key(registration, payment),
        )
        for payment, amount in split_refund(receivable, refund_terms, compute_balance(receivable).amount_owed)
    ]


def get_name_for_documents(registration: Registration) -> str:
    """Return the attendee's name, which the lines of an invoice have too, or the ticket where it follows."""
    return registration.name if registration.has_name else registration.ticket.title


def make_refund_key(registration: Registration, payment: Payment) -> str:
    """Return the idempotency key of the refund of one payment for a cancelled registration."""
    return f"{make_refund_key_prefix(registration)}{payment.pk}"


def make_refund_key_prefix(registration: Registration) -> str:
    """Return the common prefix of the registration's refund keys."""
    return f"cancel:{registration.reference}:"


def split_refund(
    receivable: Receivable, refund_terms: RefundTerms, owed_cents: int
) -> list[tuple[Payment, int]]:
    """Split the refund over the payments: card payments first, and newer payments before older ones."""
    amount = calculate_refund_amount(
        released_cents=refund_terms.released_cents,
        owed_cents=owed_cents,
        received_cents=compute_balance(receivable).amount_retained,
    )
    if not amount:
        return []
    # Card refunds need no work from the treasurer, so they go first. The newest payment is the most likely to
    # be still refundable.
    payments = sorted(
        receivable.payments.all(), key=lambda payment: (not payment.is_by_processor, -payment.pk)
    )
    return split_amount(amount, [(payment, compute_refundable(payment)) for payment in payments])


def correct_invoices(receivable: Receivable, reason: str) -> None:
    """Credit what is no longer owed, and invoice what is owed in its place, such as the cancellation fee."""
    if credit_withdrawn_charges(receivable=receivable, reason=reason):
        issue_uninvoiced_charges(receivable)


def issue_uninvoiced_charges(receivable: Receivable) -> None:
    """Invoice the charges that are on no invoice yet, if there are any and the issuer's data are complete."""
    try:
        with transaction.atomic():
            issue_invoice(receivable=receivable)
    except ConventionError:
        # Nothing to invoice, or the issuer's data are incomplete, which the treasurer's page shows. Neither
        # must make the attendee's change fail.
        return


def settle_reinstatement(registration: Registration) -> None:
    """Sync the order's receivable, and correct the invoices of its cancellation fee, if there are any.

    Call it after the registration was saved, in the same transaction and under the order's lock.
    """
    order = registration.order
    sync_existing_receivable(order)
    receivable = find_stored_receivable(order)
    if receivable is None or not receivable.invoices.exists():
        return
    with translation.override(order.language):
        document_reason = _("Reinstatement: %(name)s") % {"name": get_name_for_documents(registration)}
    correct_invoices(receivable, document_reason)
    issue_uninvoiced_charges(receivable)
