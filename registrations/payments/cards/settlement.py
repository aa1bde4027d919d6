"""Settle card payments: update an attempt from Stripe; safe in any order and any number of times."""

import datetime

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from convention import hooks
from convention.errors import ConventionError
from registrations.billing.receivables import (
    calculate_amount_retained,
    calculate_balance,
    is_paid,
    sync_receivable,
)
from registrations.booking.confirm import confirm_or_notify, confirm_paid_items, confirm_settled_order
from registrations.booking.holds import extend_hold, release_hold, shorten_unpaid_hold
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment, record_processor_fee
from registrations.invoices.models import Payment, Receivable, Refund
from registrations.models import Order, Registration, Sponsorship
from registrations.payments.models import CardPaymentAttempt

from .gateway import SessionFacts

# A bank may take that long to answer a SEPA debit; the places are held meanwhile.
DEBIT_DURATION = datetime.timedelta(days=14)


@transaction.atomic
def settle_session(*, facts: SessionFacts) -> CardPaymentAttempt | None:
    """Record the outcome of a session: paid, pending debit, failed or expired.

    Return None for a session that is not ours. The order's row is locked before the attempt's.
    """
    unlocked_attempt = _find_attempt(facts)
    if unlocked_attempt is None:
        return None
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("event")
        .get(pk=unlocked_attempt.order_id)
    )
    attempt = (
        # Read again under the lock: webhook, poller and the returning buyer may settle at the same time.
        CardPaymentAttempt.objects.select_for_update(of=("self",))
        .select_related("payment")
        .get(pk=unlocked_attempt.pk)
    )
    attempt.order = order
    attempt.session_id = facts.session_id
    # Settled before: only the fee may be new.
    if attempt.payment is not None:
        _record_missing_fee(attempt.payment, facts.fee_cents)
    elif facts.is_paid:
        _record_paid(attempt, facts)
    elif facts.status == "complete" and not facts.has_failed:
        _hold_for_debit(attempt)
    elif facts.status == "expired" or facts.has_failed:
        _close_attempt(attempt)
    attempt.save()
    return attempt


def _find_attempt(facts: SessionFacts) -> CardPaymentAttempt | None:
    """Return the attempt of a session.

    If the process died before it stored the session id, the attempt is found by its key.
    """
    attempt = CardPaymentAttempt.objects.filter(session_id=facts.session_id).first()
    if attempt or not facts.attempt_key:
        return attempt
    return CardPaymentAttempt.objects.filter(idempotency_key=facts.attempt_key, session_id=None).first()


def _record_paid(attempt: CardPaymentAttempt, facts: SessionFacts) -> None:
    attempt.payment = record_order_payment(
        order=attempt.order,
        amount=facts.amount_cents,
        method=facts.method,
        # The PaymentIntent: refunds, disputes and payouts name the payment by it.
        external_id=facts.payment_intent_id or facts.session_id,
        fee=facts.fee_cents,
    )
    # A session that was given up may still have been paid.
    attempt.closed_at = None


def record_order_payment(
    *,
    order: Order,
    amount: int,
    method: str,
    external_id: str = "",
    fee: int = 0,
    received_on: datetime.date | None = None,
    note: str = "",
) -> Payment:
    """Record a payment of `amount` cents for an order and confirm what it pays.

    The caller's transaction must hold the order's row lock. If a place had expired and is gone, the money
    stays to be refunded and the buyer is notified.
    """
    payment = record_payment(
        receivable=sync_receivable(order),
        amount=amount,
        method=method,
        external_id=external_id,
        fee=fee,
        received_on=received_on,
        note=note,
    )
    # The e-mail about add-ons added to confirmed places was delayed until this payment.
    unsent = Registration.objects.confirmed().filter(order=order, confirmation_sent_at__isnull=True)
    if order.is_by_card and unsent.exists():
        hooks.send_order_mails.enqueue(order.pk)
    # A partial payment confirms nothing.
    if is_paid(order):
        confirm_or_notify(order=order)
    hooks.acknowledge_payment.enqueue(payment.pk)
    return payment


@task()
def confirm_manual_payment(receivable_id: int) -> None:
    """Confirm a provisional order after the treasurer recorded its payment."""
    with transaction.atomic():
        order = _lock_order_of(receivable_id)
        if order and order.is_confirmed_later and is_paid(order):
            confirm_or_notify(order=order)


@task()
def confirm_credited_order(receivable_id: int) -> None:
    """Confirm a provisional order if its payments cover it since the treasurer credited a part."""
    with transaction.atomic():
        if order := _lock_order_of(receivable_id):
            confirm_settled_order(order=order)


def queue_shorter_hold(refund: Refund) -> None:
    """Queue the shortening of the hold of a provisional order whose last money was taken back."""
    pending = Registration.objects.filter(
        order__reference=refund.receivable.reference, confirmed_at=None, cancelled_at=None
    )
    if compute_balance(refund.receivable).amount_retained <= 0 and pending.exists():
        # A task, as for payments: the order is locked before its receivable, which the caller has locked.
        shorten_hold_of_unpaid_order.enqueue(refund.receivable_id)


@task()
def shorten_hold_of_unpaid_order(receivable_id: int) -> None:
    """Shorten the hold of an order for which no money is left, unless the bank processes a SEPA debit."""
    with transaction.atomic():
        order = _lock_order_of(receivable_id)
        if order is None or calculate_amount_retained(order) > 0:
            return
        debits = CardPaymentAttempt.objects.unsettled().filter(order=order, completed_at__isnull=False)
        if not debits.exists():
            shorten_unpaid_hold(order=order)


def _lock_order_of(receivable_id: int) -> Order | None:
    """Return the order of a receivable, locked; None for a receivable of the treasurer's own."""
    reference = Receivable.objects.values_list("reference", flat=True).get(pk=receivable_id)
    orders = Order.objects.select_for_update(of=("self",)).select_related("event")
    return orders.filter(reference=reference).first()


def _hold_for_debit(attempt: CardPaymentAttempt) -> None:
    """Hold the places while the bank processes a SEPA debit."""
    if attempt.completed_at:
        return
    attempt.completed_at = timezone.now()
    # The places of an order on invoice do not depend on its payment.
    if not attempt.order.is_confirmed_later:
        return
    try:
        with transaction.atomic():
            extend_hold(order=attempt.order, expires_at=attempt.completed_at + DEBIT_DURATION)
    except ConventionError:
        # The places are gone: if the debit succeeds, the buyer is notified and refunded.
        return


def _close_attempt(attempt: CardPaymentAttempt) -> None:
    """Close an attempt that will not be paid.

    Its places are released unless another attempt is open, the amount due or the payment method has changed,
    or a part was paid.
    """
    if attempt.closed_at:
        return
    attempt.closed_at = timezone.now()
    # In another tab the buyer may be paying a newer attempt.
    others = CardPaymentAttempt.objects.unsettled().filter(order=attempt.order).exclude(pk=attempt.pk)
    # An order that is paid by transfer by now holds its places for that.
    awaits_card = attempt.order.is_by_card and calculate_amount_retained(attempt.order) == 0
    if awaits_card and not others.exists() and matches_amount_due(attempt):
        release_hold(order=attempt.order)


def matches_amount_due(attempt: CardPaymentAttempt) -> bool:
    """Return whether the attempt would pay exactly what is due; not after a cancellation."""
    return calculate_balance(attempt.order).amount == attempt.amount


def _record_missing_fee(payment: Payment, fee: int) -> None:
    """Record the fee, which may arrive after the payment."""
    if fee and not payment.fee:
        record_processor_fee(payment=payment, fee=fee)


@transaction.atomic
def confirm_paid_order(*, order: Order) -> list[Sponsorship | Registration]:
    """Confirm the places or package of a paid order again. Raise SoldOut or a subclass."""
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=order.pk)
    return confirm_paid_items(order=order)
