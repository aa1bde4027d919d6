"""Record payments and payouts."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.invoices.models import Payment, Payout, Receivable, Refund

from .charges import announce_balance_change, lock_receivable
from .closed_period import find_late_booking_day


class InvalidPayment(ConventionError):
    """The payment cannot be recorded as described."""

    kind = "bad-payment"


@transaction.atomic
def record_payment(
    *,
    receivable: Receivable,
    amount: int,
    method: str,
    external_id: str = "",
    received_on: datetime.date | None = None,
    fee: int = 0,
    note: str = "",
) -> Payment:
    """Record a payment of `amount` cents, which may be more than is owed.

    The same `external_id` returns the first row, so that repeated notices count once. Raise InvalidPayment if
    it comes with another amount or receivable, or was cancelled since.
    """
    receivable = lock_receivable(receivable)
    _check_amounts(amount=amount, fee=fee)
    values = {
        "receivable": receivable,
        "amount": amount,
        "method": Payment.Method(method),
        "currency": receivable.currency,
        "received_on": received_on or timezone.localdate(),
        "booked_on": find_late_booking_day(received_on),
        "fee": fee,
        "note": note,
    }
    if not external_id:
        payment, is_new = Payment.objects.create(**values), True
    else:
        # A webhook and the poller may report the same payment at once: the unique id decides.
        payment, is_new = Payment.objects.get_or_create(external_id=external_id, defaults=values)
    if is_new:
        record_action("payment.record", payment, event=receivable.event, fields=["amount", "method"])
        announce_balance_change(receivable)
    # The same id with other values is no repetition but a mistake, which must not be swallowed.
    elif (payment.receivable_id, payment.amount) != (receivable.pk, amount):
        raise InvalidPayment(
            _("Payment %(id)s has already been recorded with another amount or for another purpose.")
            % {"id": external_id}
        )
    # An old page is sent again: the answer must not be that the payment counts.
    elif payment.is_cancelled:
        raise InvalidPayment(
            _(
                "The payment from this page was cancelled, and nothing has been recorded now. To record "
                "another one, open the page again."
            )
        )
    return payment


def _check_amounts(*, amount: int, fee: int) -> None:
    if amount <= 0 or not 0 <= fee <= amount:
        raise InvalidPayment(_("The amount of a payment must be greater than zero and greater than its fee."))


def has_equal_payment(
    *, receivable: Receivable, amount: int, method: str, received_on: datetime.date
) -> bool:
    """Return whether such a payment was recorded, other than by a mistake that was cancelled."""
    payments = receivable.payments.filter(amount=amount, method=method, received_on=received_on)
    return any(not payment.is_cancelled for payment in payments.prefetch_related("refunds"))


@transaction.atomic
def record_manual_payment(*, receivable: Receivable, **payment_fields: Any) -> Payment:
    """Record a payment entered by the treasurer; queue that it confirms its order and is acknowledged."""
    payment = record_payment(receivable=receivable, **payment_fields)
    # A task: confirming an order locks and mails, and must not undo the payment if it fails.
    hooks.confirm_payment.enqueue(receivable.pk)
    hooks.acknowledge_payment.enqueue(payment.pk)
    return payment


@transaction.atomic
def record_processor_fee(*, payment: Payment, fee: int) -> None:
    """Set the processor's fee in cents, unless the payment is in a closed period. Raise InvalidPayment.

    The fee may be known only when the payout arrives.
    """
    _check_amounts(amount=payment.amount, fee=fee)
    # The entry of a closed period stays as it is: the payout books the difference (`save_payout`).
    if find_late_booking_day(payment.booking_day):
        return
    payment.fee = fee
    payment.save(update_fields=["fee"])


@transaction.atomic
def record_payout(
    *,
    external_id: str,
    amount: int,
    arrived_on: datetime.date,
    payments: Iterable[Payment] = (),
    refunds: Iterable[Refund] = (),
    currency: str = "EUR",
    settled_amount: int | None = None,
    other_fees: int | None = None,
    resent_amount: int | None = None,
) -> Payout:
    """Record a payout and link its payments and refunds.

    The same `external_id` again links only what is new. Raise InvalidPayment if the amount differs.
    """
    days = {"arrived_on": arrived_on, "booked_on": find_late_booking_day(arrived_on)}
    sums = {"settled_amount": settled_amount, "other_fees": other_fees, "resent_amount": resent_amount}
    # Webhooks may be repeated and arrive at the same time: the unique id decides.
    payout, is_new = Payout.objects.get_or_create(
        external_id=external_id,
        defaults={"amount": amount, "currency": currency, **days, **sums},
    )
    if payout.amount != amount:
        raise InvalidPayment(
            _("Payout %(id)s has already been recorded with another amount.") % {"id": external_id}
        )
    # Only what has no payout yet: after a failure the same payments come again in another one.
    Payment.objects.filter(pk__in=[payment.pk for payment in payments], payout=None).update(payout=payout)
    Refund.objects.filter(pk__in=[refund.pk for refund in refunds], payout=None).update(payout=payout)
    if is_new:
        record_action("payout.record", payout, fields=["amount", "arrived_on"])
    return payout


@transaction.atomic
def record_payout_failure(*, external_id: str) -> None:
    """Note that the bank returned a payout today; the processor sends the sum again in another one."""
    # An unknown payout is ignored; a repeated notice keeps the first day.
    rows = Payout.objects.filter(external_id=external_id, failed_on=None)
    for payout in rows.select_for_update(of=("self",)):
        payout.failed_on = timezone.localdate()
        payout.save(update_fields=["failed_on"])
        record_action("payout.fail", payout, fields=["failed_on"])


def link_payout_to_bank_line(*, payout: Payout, bank_line: str) -> None:
    payout.bank_line = bank_line
    payout.save(update_fields=["bank_line"])
    record_action("payout.match", payout, fields=["bank_line"])
