"""Settle: bring an attempt to what Stripe says of it now, however often and in whatever order it is told."""

import datetime

from django.db import transaction
from django.tasks import task
from django.utils import timezone

from convention.errors import ConventionError
from registrations.bill import is_paid, left_of, receivable_of
from registrations.confirm_paid import confirm_or_tell
from registrations.hold_places import hold_places, let_go
from registrations.invoices.models import Payment, Receivable
from registrations.invoices.pay import record_fee, record_payment
from registrations.models import Order

from .gateway import SessionFacts
from .models import Attempt

DEBIT_TAKES = datetime.timedelta(days=14)
"""A bank may take so long to answer a SEPA debit; the places are held."""


@transaction.atomic
def settle(*, facts: SessionFacts) -> Attempt | None:
    """Keep what became of a session: paid, under way, failed or expired; None where it is not one of ours."""
    known = _known(facts)
    if known is None:
        return None
    order = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=known.order_id)
    attempt = Attempt.objects.select_for_update(of=("self",)).select_related("payment").get(pk=known.pk)
    attempt.order = order
    attempt.session_id = facts.session_id
    if attempt.payment is not None:
        _complete_fee(attempt.payment, facts.fee)
    elif facts.is_paid:
        _paid(attempt, facts)
    elif facts.status == "complete" and not facts.has_failed:
        _under_way(attempt)
    elif facts.status == "expired" or facts.has_failed:
        _over(attempt)
    attempt.save()
    return attempt


def _known(facts: SessionFacts) -> Attempt | None:
    """The attempt of that session; by its key where the answer with the session's id was never stored."""
    known = Attempt.objects.filter(session_id=facts.session_id).first()
    if known or not facts.attempt:
        return known
    return Attempt.objects.filter(key=facts.attempt, session_id=None).first()


def _paid(attempt: Attempt, facts: SessionFacts) -> None:
    attempt.payment = pay_order(
        order=attempt.order,
        amount=facts.amount,
        method=facts.method,
        external_id=facts.intent or facts.session_id,
        fee=facts.fee,
    )
    attempt.closed_at = None


def pay_order(
    *,
    order: Order,
    amount: int,
    method: str,
    external_id: str = "",
    fee: int = 0,
    received_on: datetime.date | None = None,
    note: str = "",
) -> Payment:
    """Take cents for an order, in the caller's transaction that holds its row; confirm what they pay for.

    Where a place had lapsed and is gone, the money is kept to be given back, and the buyer is told.
    """
    payment = record_payment(
        receivable=receivable_of(order),
        amount=amount,
        method=method,
        external_id=external_id,
        fee=fee,
        received_on=received_on,
        note=note,
    )
    if is_paid(order):
        confirm_or_tell(order=order)
    return payment


@task()
def confirm_noted(receivable_id: int) -> None:
    """Money was noted by hand: where it pays a provisional order, that waits for nothing else."""
    reference = Receivable.objects.values_list("reference", flat=True).get(pk=receivable_id)
    with transaction.atomic():
        orders = Order.objects.select_for_update(of=("self",)).select_related("event")
        order = orders.filter(reference=reference).first()
        if order and order.is_provisional and is_paid(order):
            confirm_or_tell(order=order)


def _under_way(attempt: Attempt) -> None:
    """A debit was ordered; the bank answers in some days, and the places are held until then."""
    if attempt.completed_at:
        return
    attempt.completed_at = timezone.now()
    try:
        with transaction.atomic():
            hold_places(order=attempt.order, until=attempt.completed_at + DEBIT_TAKES)
    except ConventionError:
        return  # gone already: should the money come, it is told and given back


def _over(attempt: Attempt) -> None:
    """It will not be paid. Its places are free again unless the buyer has begun anew, or pays less now."""
    if attempt.closed_at:
        return
    attempt.closed_at = timezone.now()
    others = Attempt.objects.unsettled().filter(order=attempt.order).exclude(pk=attempt.pk)
    if not others.exists() and is_for_what_is_due(attempt):
        let_go(order=attempt.order)


def is_for_what_is_due(attempt: Attempt) -> bool:
    """Whether it would pay what is left to pay of its order; not after a place of it was cancelled."""
    return left_of(attempt.order).amount == attempt.amount


def _complete_fee(payment: Payment, fee: int) -> None:
    """The fee may be told later than the payment."""
    if fee and not payment.fee:
        record_fee(payment=payment, fee=fee)
