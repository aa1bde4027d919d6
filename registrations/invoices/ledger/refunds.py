"""Refunds: requested, then completed or failed."""

import datetime
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Case, DateField, Q, Sum, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.invoices.models import Payment, Refund
from registrations.invoices.models.receivables import MISTAKE_PREFIX

from .charges import announce_balance_change, lock_receivable
from .closed_period import find_late_booking_day


class InvalidRefund(ConventionError):
    """More than the payment has left, or nothing, was to be refunded."""

    kind = "bad-refund"


@transaction.atomic
def request_refund(
    *,
    payment: Payment,
    amount: int,
    reason: str,
    external_id: str = "",
    method: str = "",
    occasion: str = "",
    charge_key: str = "",
) -> Refund:
    """Request a refund of `amount` cents of a payment; it counts as refunded until it fails.

    The money goes back by the way it came, unless `method` is given. What goes back by card is sent by the
    hook `send_refund`. The same `external_id` returns the first row. Without a reason, give the occasion, and
    the key of the charge if one was cancelled or changed. Raise InvalidRefund.
    """
    # Locked before the sums are computed, so that two refunds cannot share the same money.
    receivable = lock_receivable(payment.receivable)
    if external_id and (earlier_refund := Refund.objects.filter(external_id=external_id).first()):
        return earlier_refund
    require_refundable(payment=payment, amount=amount)
    refund = Refund.objects.create(
        receivable=receivable,
        payment=payment,
        method=method or payment.method,
        amount=amount,
        reason=reason[:300],
        occasion=occasion,
        charge_key=charge_key,
        # NULL instead of "": the column is unique, and many refunds have no id yet.
        external_id=external_id or None,
        refunded_on=timezone.localdate(),
    )
    if refund.is_by_processor:
        # A task, which runs after the commit: the processor must not send money for a refund that was rolled
        # back.
        hooks.send_refund.enqueue(refund.pk)
    record_action("refund.request", refund, event=receivable.event, fields=["amount"], reason=refund.reason)
    announce_balance_change(receivable)
    for listener in hooks.refund_requests.providers():
        listener(refund)
    return refund


@transaction.atomic
def cancel_payment(*, payment: Payment, reason: str) -> Refund:
    """Take back a payment that was entered by mistake, by a counter-entry of today; both stay in the books.

    Raise InvalidRefund for a payment by card or from a bank line, or one of which money was returned.
    """
    receivable = lock_receivable(payment.receivable)
    if payment.is_by_processor:
        raise InvalidRefund(_("This payment came through the card processor. Refund it instead."))
    if payment.is_from_bank_line:
        raise InvalidRefund(
            _("This payment comes from a bank statement line. Undo the assignment on that line.")
        )
    if compute_refundable(payment) < payment.amount:
        raise InvalidRefund(_("This payment has already been cancelled, or refunded at least in part."))
    counter = request_refund(
        payment=payment,
        amount=payment.amount,
        reason=reason,
    )
    # Completed at once, as no money moves; dated today, as the payment's day may be in an exported period.
    complete_refund(refund=counter, external_id=f"{MISTAKE_PREFIX}{payment.pk}")
    record_action("payment.cancel", payment, event=receivable.event, fields=["amount"], reason=reason[:300])
    return counter


@transaction.atomic
def request_manual_refund(
    *, payment: Payment, amount: int, reason: str, external_id: str, method: str = ""
) -> Refund:
    """Request a refund that the treasurer entered.

    Raise InvalidRefund, also if `external_id` comes again with another amount or payment.
    """
    refund = request_refund(
        payment=payment, amount=amount, reason=reason, external_id=external_id, method=method
    )
    # No repetition: the treasurer went back and changed the amount, which must not be swallowed.
    if (refund.payment_id, refund.amount, refund.method) != (payment.pk, amount, method or payment.method):
        raise InvalidRefund(
            _(
                "This page has already recorded a refund of %(amount)s. If you want another one, "
                "open the page again."
            )
            % {"amount": refund.receivable.as_money(refund.amount)}
        )
    return refund


def require_refundable(*, payment: Payment, amount: int) -> None:
    """Raise InvalidRefund unless so many cents of the payment can be refunded."""
    refundable = compute_refundable(payment)
    if not 0 < amount <= refundable:
        raise InvalidRefund(
            _("At most %(left)s of this payment can be refunded.")
            % {"left": payment.receivable.as_money(refundable)}
        )


def compute_refundable(payment: Payment) -> int:
    """Return the cents of a payment that can still be refunded."""
    total = payment.refunds.filter(state__in=("requested", "done")).aggregate(sum=Sum("amount"))["sum"]
    return payment.amount - (total or 0)


@transaction.atomic
def complete_refund(
    *, refund: Refund, external_id: str = "", refunded_on: datetime.date | None = None
) -> None:
    """Mark a requested refund as sent. A completed one stays as it is."""
    refunded_on = refunded_on or timezone.localdate()
    # Conditional, since webhook, poller and treasurer may report the same refund.
    changed = Refund.objects.filter(pk=refund.pk, state=Refund.State.REQUESTED).update(
        state=Refund.State.DONE,
        external_id=external_id or refund.external_id,
        refunded_on=refunded_on,
        booked_on=find_late_booking_day(refunded_on),
    )
    if changed:
        record_action("refund.done", refund, event=refund.receivable.event, fields=["state"])
    refund.refresh_from_db()


@transaction.atomic
def complete_refunds(*, refunds: Iterable[Refund], refunded_on: datetime.date) -> int:
    """Mark those refunds as sent on that day that are still requested; return their number."""
    # Locked in one order, so that two clicks do not wait for each other.
    rows = Refund.objects.select_for_update(of=("self",)).filter(pk__in=[refund.pk for refund in refunds])
    requested = rows.filter(state=Refund.State.REQUESTED).select_related("receivable__event").order_by("pk")
    for refund in (completed := list(requested)):
        complete_refund(refund=refund, refunded_on=refunded_on)
    return len(completed)


@transaction.atomic
def request_refund_again(*, refund: Refund, reason: str) -> Refund:
    """Take back a completed refund whose money has not left, and request it again; return the new one.

    Its money comes back today, as the day on which it was booked may be in an exported period.
    """
    lock_receivable(refund.receivable)
    fail_refund(refund=refund, reason=reason)
    return request_refund(
        payment=refund.payment,
        amount=refund.amount,
        reason=refund.reason,
        method=refund.method,
        occasion=refund.occasion,
        charge_key=refund.charge_key,
    )


def fail_refund(*, refund: Refund, reason: str) -> None:
    """Mark a refund as failed: its money did not leave, or came back today, and is available again."""
    # Only money that had left can be returned; a request that was never sent gets no `failed_on`.
    has_left = Q(state=Refund.State.DONE)
    changed = (
        Refund.objects.filter(pk=refund.pk)
        .exclude(state=Refund.State.FAILED)
        .update(
            state=Refund.State.FAILED,
            failed_on=Case(When(has_left, then=Value(timezone.localdate())), output_field=DateField()),
        )
    )
    if changed:
        record_action(
            "refund.fail", refund, event=refund.receivable.event, fields=["state"], reason=reason[:300]
        )
        announce_balance_change(refund.receivable)
    refund.refresh_from_db()
