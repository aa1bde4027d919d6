"""Settle a change of what a confirmed registration costs: charge the difference, or refund it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from convention.money import Money
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models.documents import Payment, Receivable, Refund
from registrations.models import Order, Registration

from .cancellation import correct_invoices, get_name_for_documents, issue_uninvoiced_charges, split_refund
from .receivables import find_stored_receivable, sum_waived, sync_existing_receivable
from .refund_summary import describe_payment_refund
from .refund_terms import RefundReason, RefundTerms
from .refund_text import describe_refund_method


@dataclass(frozen=True)
class PriceChangeOutcome:
    """The differences in cents, the refund of each payment, and whether documents have to be corrected.

    More is owed than the difference of the prices if the treasurer had credited what is replaced.
    """

    difference_cents: int
    owed_difference_cents: int
    payment_refunds: list[tuple[Payment, int]]
    is_invoiced: bool = False


def preview_price_change(
    order: Order, difference_cents: int, *, replaced: Iterable[ChargeItem]
) -> PriceChangeOutcome:
    """Return what the change would come to, without changing anything.

    `replaced` are the charges that end with it.
    """
    receivable = find_stored_receivable(order)
    if receivable is None:
        return PriceChangeOutcome(difference_cents, difference_cents, [])
    credited_cents = sum_waived(replaced, receivable.charges.all())
    owed_cents = compute_balance(receivable).amount_owed + difference_cents + credited_cents
    return PriceChangeOutcome(
        difference_cents,
        difference_cents + credited_cents,
        _split_released(receivable, difference_cents, owed_cents),
        receivable.invoices.exists(),
    )


def describe_price_change(outcome: PriceChangeOutcome, currency: str) -> list[str]:
    """Return the sentences that the organizer reads before confirming the change."""
    difference = Money(abs(outcome.difference_cents), currency)
    sentences = [_("The price stays the same.")]
    if outcome.owed_difference_cents > 0:
        owed = Money(outcome.owed_difference_cents, currency)
        sentences = [_("The buyer will owe %(amount)s more.") % {"amount": owed}]
    elif outcome.difference_cents < 0:
        sentences = [_("The price falls by %(amount)s.") % {"amount": difference}]
        sentences += [
            describe_payment_refund(payment, Money(amount, currency))
            for payment, amount in outcome.payment_refunds
        ]
    if outcome.is_invoiced:
        sentences.append(_("The invoice is corrected: a credit note and a new invoice are issued as needed."))
    return sentences


def describe_released_price(outcome: PriceChangeOutcome, currency: str) -> list[str]:
    """Return the sentences that the buyer or attendee reads before removing something."""
    if not outcome.difference_cents:
        return [_("It is free, so there is nothing to refund.")]
    cents_by_method = Counter[str]()
    for payment, amount in outcome.payment_refunds:
        cents_by_method[payment.method] += amount
    sentences = [
        describe_refund_method(method, Money(amount, currency)) for method, amount in cents_by_method.items()
    ]
    if waived_cents := max(0, -outcome.owed_difference_cents - sum(cents_by_method.values())):
        sentences.append(
            _("The outstanding %(amount)s will no longer be due.") % {"amount": Money(waived_cents, currency)}
        )
    if outcome.is_invoiced:
        sentences.append(_("The invoice is corrected: a credit note and a new invoice are issued as needed."))
    return sentences or [_("There is nothing to refund.")]


def settle_price_change(
    *, registration: Registration, difference_cents: int, refund_key: str, reason: str
) -> None:
    """Update the order's total and receivable, correct its invoices, and request the refunds.

    Call it after the registration was saved, in the same transaction and under the order's lock. `refund_key`
    begins the idempotency key of each refund.
    """
    order = registration.order
    order.total = max(0, order.total + difference_cents)
    # A free order that costs something now is invoiced.
    if order.total and order.payment == Order.Payment.FREE:
        order.payment = Order.Payment.INVOICE
    order.save(update_fields=["total", "payment"])
    sync_existing_receivable(order)
    receivable = find_stored_receivable(order)
    # An order that was not billed yet is billed at its new price.
    if receivable is None:
        return
    with translation.override(order.language):
        document_reason = _("Registration change: %(name)s") % {"name": get_name_for_documents(registration)}
    if receivable.invoices.exists():
        correct_invoices(receivable, document_reason)
        issue_uninvoiced_charges(receivable)
    owed_cents = compute_balance(receivable).amount_owed
    for payment, amount in _split_released(receivable, difference_cents, owed_cents):
        request_refund(
            payment=payment,
            amount=amount,
            reason=reason,
            occasion=Refund.Occasion.CHANGE,
            charge_key=registration.reference,
            external_id=f"{refund_key}:{payment.pk}",
        )


def _split_released(
    receivable: Receivable, difference_cents: int, owed_cents: int
) -> list[tuple[Payment, int]]:
    released = max(0, -difference_cents)
    return split_refund(receivable, RefundTerms(released, released, RefundReason.ORGANIZER), owed_cents)
