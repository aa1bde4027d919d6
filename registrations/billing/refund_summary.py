"""Describe payments and refunds to organizers, and find who has paid; the buyer's texts: `refund_text.py`."""

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.money import Money
from registrations.invoices.documents.invoiced_balance import load_invoiced_balance
from registrations.invoices.models.documents import Payment, Receivable, Refund
from registrations.invoices.models.receivables import COUNTER_ENTRY
from registrations.models import Order, Registration, Sponsorship
from registrations.models.registrations import AWAITS_MEMBER_VERIFICATION, make_active_condition

from .cancellation import preview_outcome
from .receivables import calculate_amount_owed, calculate_amount_retained, find_stored_receivable
from .refund_rules import load_refund_terms
from .refund_terms import RefundTerms
from .refund_text import (
    describe_refund_reason,
    list_cancellation_refunds,
    list_paid_cancellations,
    sends_documents,
)

REFUND_TEXTS = {
    Refund.State.REQUESTED: gettext_lazy("Refund requested, %(amount)s, %(method)s"),
    Refund.State.DONE: gettext_lazy("Refunded, %(amount)s, %(method)s"),
    Refund.State.FAILED: gettext_lazy("Refund failed, %(amount)s, %(method)s"),
}


def load_order_balance(order: Order) -> dict[str, Money]:
    """Return what the order costs, what was paid and not refunded, and the rest (negative: overpaid)."""
    owed, paid = calculate_amount_owed(order), Money(calculate_amount_retained(order), order.currency)
    return {"owed": owed, "paid": paid, "balance": Money(owed.amount - paid.amount, order.currency)}


def load_amounts_due(orders: Iterable[Order]) -> dict[int, Money]:
    """Return what is left to pay for each order, by the order's id; negative if too much was paid.

    Orders for which nothing is owed and nothing was retained are left out: free, cancelled or refunded ones.
    """
    billed = [order for order in orders if order.total]
    receivables = Receivable.objects.filter(reference__in=[order.reference for order in billed])
    rows = receivables.with_balance().values_list("reference", "amount_owed", "amount_due")  # type: ignore[misc]  # annotated
    cents = {reference: (owed, due) for reference, owed, due in rows}
    # An order gets its receivable when money is first concerned; until then it owes its whole price.
    unbilled = [order for order in billed if order.reference not in cents]
    prefetch_related_objects(unbilled, "registrations__addons", "sponsorships")
    cents |= {order.reference: (order.amount_due.amount,) * 2 for order in unbilled}
    return {
        order.pk: Money(cents[order.reference][1], order.currency)
        for order in billed
        if any(cents[order.reference])
    }


def load_requested_refunds(orders: Iterable[Order]) -> dict[int, Money]:
    """Return what is about to be refunded for each order, by the order's id; orders without are left out."""
    return _sum_refunds(orders, Refund.objects.filter(state=Refund.State.REQUESTED))


def load_completed_refunds(orders: Iterable[Order]) -> dict[int, Money]:
    """Return what was refunded for each order, by the order's id; orders without are left out."""
    # Counter-entries cancel payments that never arrived.
    return _sum_refunds(orders, Refund.objects.filter(state=Refund.State.DONE).exclude(COUNTER_ENTRY))


def _sum_refunds(orders: Iterable[Order], refunds: QuerySet[Refund]) -> dict[int, Money]:
    by_reference = {order.reference: order for order in orders}
    rows = refunds.filter(receivable__reference__in=by_reference)
    cents = Counter[str]()
    for reference, amount in rows.values_list("receivable__reference", "amount"):
        cents[reference] += amount
    return {
        by_reference[reference].pk: Money(amount, by_reference[reference].currency)
        for reference, amount in cents.items()
    }


def load_payment_state(order: Order) -> dict[str, Any]:
    """Return the balance, and of the rest what is to pay now and what is still to be invoiced.

    `has_receivable` is False for an order that owes nothing before its buyer confirms it. An order that costs
    nothing any more has money if it was billed before: it may be overpaid.
    """
    balance, receivable = load_order_balance(order), find_stored_receivable(order)
    unpaid_cents = max(0, balance["balance"].amount)
    uninvoiced_cents = _calculate_uninvoiced_cents(order, receivable, unpaid_cents)
    return {
        **balance,
        "to_invoice": Money(uninvoiced_cents, order.currency),
        "to_pay": Money(unpaid_cents - uninvoiced_cents, order.currency),
        "overpaid": Money(max(0, -balance["balance"].amount), order.currency),
        "has_money": bool(order.total) or receivable is not None,
        "has_receivable": receivable is not None or bool(order.total and not order.awaits_verification),
    }


def _calculate_uninvoiced_cents(order: Order, receivable: Receivable | None, unpaid_cents: int) -> int:
    # What is paid by card is due at once; its invoice follows the payment.
    if order.payment != Order.Payment.INVOICE:
        return 0
    if receivable is None:
        return unpaid_cents
    invoiced_balance = load_invoiced_balance(receivable)
    deducted_cents = sum(line.amount for line in invoiced_balance.undeducted_lines)
    charged_cents = sum(charge.amount for charge in invoiced_balance.uninvoiced_charges)
    return min(unpaid_cents, max(0, charged_cents - deducted_cents))


def describe_refund_state(refund: Refund, currency: str) -> str:
    """Return the refund's state, amount and method in words."""
    cancelled = _("Payment cancelled, %(amount)s, %(method)s")
    text = cancelled if refund.is_counter_entry else str(REFUND_TEXTS[Refund.State(refund.state)])
    return text % {"amount": Money(refund.amount, currency), "method": refund.get_method_display()}


def describe_payment_refund(payment: Payment, amount: Money) -> str:
    """Return a sentence for the organizer: what of this payment is refunded, and how."""
    return _("To refund to the buyer: %(amount)s, %(method)s.") % {
        "amount": amount,
        "method": payment.get_method_display(),
    }


def summarize_refund(registration: Registration, terms: RefundTerms | None = None) -> list[str]:
    """Return sentences about what cancelling this registration now would come to.

    Without `terms` the refund rules apply.
    """
    return list(_iterate_preview(registration, terms or load_refund_terms(registration, at=timezone.now())))


def _iterate_preview(registration: Registration, terms: RefundTerms) -> Iterator[str]:
    order = registration.order
    outcome = preview_outcome(registration, terms)
    yield describe_refund_reason(outcome.refund_terms, registration.event.zone)
    for payment, cents in outcome.payment_refunds:
        yield describe_payment_refund(payment, Money(cents, order.currency))
    if outcome.waived_cents and not outcome.payment_refunds:
        yield _("The outstanding %(amount)s will no longer be due.") % {
            "amount": Money(outcome.waived_cents, order.currency)
        }
    if outcome.refund_terms.cancellation_fee:
        yield describe_fee(Money(outcome.refund_terms.cancellation_fee, order.currency))
    if outcome.is_invoiced and outcome.refund_terms.released_cents:
        yield (
            _("An invoice has been issued, so a credit note will be sent to the buyer.")
            if sends_documents()
            else _("An invoice has been issued, so a credit note will be issued for it.")
        )


def summarize_settlement(order: Order, registrations: Iterable[Registration]) -> list[str]:
    """Return sentences about the money of cancelled registrations; none where they were free."""
    cancelled = list_paid_cancellations(registrations)
    if not cancelled:
        return []
    refunds = list_cancellation_refunds(order, cancelled)
    sentences = [f"{describe_refund_state(refund, order.currency)}." for refund in refunds]
    if fee_cents := sum(registration.cancellation_fee for registration in cancelled):
        sentences.append(describe_fee(Money(fee_cents, order.currency)))
    return sentences or [_("The buyer owes nothing more; any invoice already issued is credited.")]


def describe_fee(amount: Money) -> str:
    return _("Cancellation fee owed by the buyer: %(amount)s.") % {"amount": amount}


def filter_priced() -> Q:
    """Return a condition on registrations: active or cancelled for a fee, in an order that has a price."""
    # Orders by card too: an add-on or ticket added later may be unpaid. Their receivables have the payments.
    payment_methods = (Order.Payment.INVOICE, Order.Payment.CARD)
    return Q(order__payment__in=payment_methods, order__total__gt=0) & (
        make_active_condition() | Q(cancelled_at__isnull=False, cancellation_fee__gt=0)
    )


def filter_unpaid() -> Q:
    """Return a condition on registrations: something is due for their order, and not for others only."""
    return filter_priced() & _has_unpaid_order()


def filter_paid() -> Q:
    """Return a condition on registrations: their order has a price and is paid."""
    return filter_priced() & _has_paid_order()


@functools.cache  # to build it takes longer than to run it
def _has_unpaid_order() -> Q:
    receivables = Receivable.objects.filter(reference=OuterRef("order__reference"))
    is_due = Exists(receivables.with_balance().filter(Q(amount_due__gt=0)))
    # As `load_amounts_due`: an order without a receivable owes the price of what is left of it.
    return Q(is_due) | (~Q(Exists(receivables)) & _has_owing_order())


def _has_owing_order() -> Q:
    # A released hold has no date.
    has_place = Q(confirmed_at__isnull=False) | Q(hold_expires_at__isnull=False)
    has_price = Q(price__gt=0) | Q(addons__price__gt=0, addons__cancelled_at=None)
    owing = Q(cancelled_at=None) & has_place & has_price
    fee_owing = Q(cancelled_at__isnull=False, cancellation_fee__gt=0)
    registrations = Registration.objects.filter(owing | fee_owing, order=OuterRef("order"))
    sponsorships = Sponsorship.objects.filter(order=OuterRef("order"), cancelled_at=None, price__gt=0)
    return Q(Exists(registrations)) | Q(Exists(sponsorships))


@functools.cache
def _has_paid_order() -> Q:
    receivables = Receivable.objects.with_balance().filter(reference=OuterRef("order__reference"))
    return Q(Exists(receivables.filter(Q(amount_due__lte=0))))


def select_unplaced_orders() -> QuerySet[Order]:
    """Return the orders paid after their places or package were gone.

    They are overpaid, because nothing is owed for what was lost. Places that await a member's verification do
    not count: their links still work.
    """
    lost = Q(order=OuterRef("pk"), cancelled_at=None, confirmed_at=None, hold_expires_at=None)
    has_lost_item = Exists(Registration.objects.filter(lost).exclude(AWAITS_MEMBER_VERIFICATION)) | Exists(
        Sponsorship.objects.filter(lost)
    )
    overpaid = Receivable.objects.with_balance().filter(Q(amount_due__lt=0), reference=OuterRef("reference"))
    return Order.objects.filter(has_lost_item, Exists(overpaid))
