"""Undo what the desk entered by mistake, on the same day: a walk-in, or a payment."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Scan
from convention.errors import ConventionError
from convention.events.models import Event
from convention.money import Money
from registrations.billing.receivables import find_stored_receivable
from registrations.changes.cancel import cancel_with_fee
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.refunds import cancel_payment, compute_refundable
from registrations.invoices.models import Payment, Refund
from registrations.models import Order, Registration

from .check_in import find_last_verdict, undo_check_in
from .payments import DESK_PAYMENT_PREFIX

if TYPE_CHECKING:
    from convention.club.models import Person


class NotUndoable(ConventionError):
    """The desk did not enter it, or not today, or it was undone or refunded already."""

    kind = "not-undoable"
    status = 409


@dataclass(frozen=True)
class DeskPayment:
    """A payment of a guest's order, and whether the desk may still undo it."""

    payment: Payment
    is_undoable: bool


def list_order_payments(guest: Registration) -> list[DeskPayment]:
    """Return all payments of a guest's order, from the first to the last."""
    payments = Payment.objects.filter(receivable__reference=guest.order.reference)
    return [
        DeskPayment(payment, is_payment_undoable(payment, guest.event))
        for payment in payments.prefetch_related("refunds")
    ]


def is_payment_undoable(payment: Payment, event: Event) -> bool:
    """Return whether the payment was taken at the desk today, and nothing of it was returned."""
    is_of_desk = (payment.external_id or "").startswith(DESK_PAYMENT_PREFIX)
    is_of_today = _is_today(payment.created_at, event)
    return is_of_desk and is_of_today and compute_refundable(payment) == payment.amount


def undo_payment(*, guest: Registration, payment: Payment, reason: str) -> Refund:
    """Cancel a payment that the desk recorded today by mistake; return the counter-entry.

    Raise NotUndoable, or InvalidRefund if another request has just undone it.
    """
    if not is_payment_undoable(payment, guest.event):
        raise NotUndoable(
            _(
                "The desk can only undo a payment that it took today and that has not been cancelled or "
                "refunded. For any other, ask the treasurer."
            )
        )
    return cancel_payment(payment=payment, reason=reason)


def is_walk_in_cancellable(guest: Registration) -> bool:
    """Return whether the guest is an active walk-in whom a desk of the event added today."""
    is_walk_in = guest.order.source == Order.Source.DESK
    return (
        is_walk_in
        and guest.state == Registration.State.CONFIRMED
        and _is_today(guest.created_at, guest.event)
    )


def cancel_walk_in(*, guest: Registration, operator: "Person | None", reason: str) -> Registration:
    """Cancel a walk-in whom the desk added today by mistake: nothing is owed, and the check-in is undone.

    Raise NotUndoable, also while a payment counts for the order, and what `cancel_with_fee` raises.
    """
    if not is_walk_in_cancellable(guest):
        raise NotUndoable(
            _("The desk can only cancel a walk-in that it added today. For anyone else, ask an organizer.")
        )
    receivable = find_stored_receivable(guest.order)
    paid_cents = compute_balance(receivable).amount_retained if receivable else 0
    if paid_cents > 0:
        raise NotUndoable(
            _(
                "%(amount)s has been paid for this order. If the payment is a mistake, undo it first. If the "
                "money has to be returned, ask an organizer to cancel the registration."
            )
            % {"amount": Money(paid_cents, guest.order.currency)}
        )
    cancelled = cancel_with_fee(registration=guest, fee_cents=0, reason=reason)
    _undo_entry(guest, operator)
    return cancelled


def _undo_entry(guest: Registration, operator: "Person | None") -> None:
    """Undo the entry that the desk recorded for a guest who was added by mistake, if it did."""
    verdict = find_last_verdict(guest)
    scan = verdict.counted_scan if verdict and verdict.can_be_undone else None
    if scan is not None and scan.direction == Scan.Direction.IN:
        undo_check_in(guest=guest, operator=operator, scan_uid=str(scan.uid))


def _is_today(at: datetime.datetime, event: Event) -> bool:
    """Return whether it is still the same day at the event."""
    return timezone.localdate(at, event.zone) == timezone.localdate(timezone=event.zone)
