"""Record money that came in, and the lump sums in which the card processor sent it on."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record
from convention.errors import ConventionError

from .models import Payment, Payout, Receivable, Refund
from .owe import locked


class BadPayment(ConventionError):
    """The payment cannot be recorded as it is described."""

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
    """Record cents that came in, whether or not they are what was owed.

    The same `external_id` again gives the first row: nothing is counted twice. Raises BadPayment where it
    came with another amount or for something else.
    """
    receivable = locked(receivable)
    if amount <= 0 or not 0 <= fee <= amount:
        raise BadPayment(_("A payment is more than nothing, and more than its fee."))
    said = {
        "receivable": receivable,
        "amount": amount,
        "method": Payment.Method(method),
        "currency": receivable.currency,
        "received_on": received_on or timezone.localdate(),
        "fee": fee,
        "note": note,
    }
    if not external_id:
        payment, is_new = Payment.objects.create(**said), True
    else:
        payment, is_new = Payment.objects.get_or_create(external_id=external_id, defaults=said)
    if is_new:
        record("payment.record", payment, event=receivable.event, fields=["amount", "method"])
    elif (payment.receivable_id, payment.amount) != (receivable.pk, amount):
        raise BadPayment(
            _("The payment %(id)s is recorded already, with another amount or for something else.")
            % {"id": external_id}
        )
    return payment


@transaction.atomic
def record_by_hand(*, receivable: Receivable, **said: Any) -> Payment:
    """The same for money that the treasurer saw come in; what waits is told (`hooks.confirm_payment`)."""
    payment = record_payment(receivable=receivable, **said)
    hooks.confirm_payment.enqueue(receivable.pk)
    return payment


@transaction.atomic
def record_fee(*, payment: Payment, fee: int) -> None:
    """Note what the processor keeps of a payment, told later than the payment itself. Raises BadPayment."""
    if not 0 <= fee <= payment.amount:
        raise BadPayment(_("A payment is more than nothing, and more than its fee."))
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
    settled: int | None = None,
    fees: int | None = None,
    sent_again: int | None = None,
) -> Payout:
    """Record a lump sum and what it is made of; the same `external_id` again adds what is new in it."""
    sums = {"settled": settled, "fees": fees, "sent_again": sent_again}
    payout, is_new = Payout.objects.get_or_create(
        external_id=external_id,
        defaults={"amount": amount, "arrived_on": arrived_on, "currency": currency, **sums},
    )
    if payout.amount != amount:
        raise BadPayment(
            _("The payout %(id)s is recorded already, with another amount.") % {"id": external_id}
        )
    Payment.objects.filter(pk__in=[payment.pk for payment in payments], payout=None).update(payout=payout)
    Refund.objects.filter(pk__in=[refund.pk for refund in refunds], payout=None).update(payout=payout)
    if is_new:
        record("payout.record", payout, fields=["amount", "arrived_on"])
    return payout


@transaction.atomic
def payout_failed(*, external_id: str) -> None:
    """The bank sent a lump sum back today; it comes again in another one."""
    rows = Payout.objects.filter(external_id=external_id, failed_on=None)
    for payout in rows.select_for_update(of=("self",)):
        payout.failed_on = timezone.localdate()
        payout.save(update_fields=["failed_on"])
        record("payout.fail", payout, fields=["failed_on"])


def match_payout(*, payout: Payout, bank_line: str) -> None:
    """Note which line of the bank statement it is."""
    payout.bank_line = bank_line
    payout.save(update_fields=["bank_line"])
    record("payout.match", payout, fields=["bank_line"])
