"""Take payments at the desk, or let a buyer pay later by invoice."""

import contextlib
import datetime
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.errors import ConventionError, NotOpenNow, SoldOut
from registrations.billing.change_billing import change_to_invoice_payment
from registrations.billing.receivables import (
    is_order_active,
    is_paid,
    sync_receivable_for_reader,
)
from registrations.billing.unbilled import bill_unless_pending
from registrations.booking.confirm import confirm_or_notify, confirm_pending_items
from registrations.booking.holds import hold_until_event_ends
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import InvalidPayment, record_payment
from registrations.invoices.models import Payment, Receivable
from registrations.models import Order, Registration

from .badge_remarks import renew_badges

# Begins the external id of payments that the desk took. It is stored, so it never changes.
DESK_PAYMENT_PREFIX = "desk-"
DESK_METHODS = (Payment.Method.CASH, Payment.Method.TERMINAL, Payment.Method.CHEQUE)


class MoreThanDue(InvalidPayment):
    """The amount is more than the order owes; `due` is that in cents."""

    def __init__(self, due: int) -> None:
        super().__init__(_("This is more than is due."))
        self.due = due


class NothingToInvoice(ConventionError):
    """Everything in the order was cancelled."""

    kind = "nothing-to-invoice"
    status = 409


def sync_amount_due(guest: Registration) -> tuple[Receivable, int]:
    """Bring the receivable of a guest's order up to date; return it with the cents left to pay."""
    receivable = sync_receivable_for_reader(guest.order)
    return receivable, compute_balance(receivable).amount_due


@transaction.atomic
def take_payment(
    *,
    guest: Registration,
    amount: int,
    method: str,
    external_id: str,
    note: str = "",
    received_on: datetime.date | None = None,
) -> Payment:
    """Record that a guest paid `amount` cents for their order, and confirm the order if that settles it.

    After a part of the price, the places are held until the event ends, if they are not gone.
    The same `external_id` returns the first payment. Raise InvalidPayment for another method than those of
    the desk, MoreThanDue for more than is due.
    """
    order = _lock_order(guest)
    if method not in DESK_METHODS:
        raise InvalidPayment(_("Choose how the guest pays."))
    receivable, due = sync_amount_due(guest)
    earlier_payment = Payment.objects.filter(external_id=external_id).first()
    if earlier_payment is None and amount > due:
        raise MoreThanDue(due)
    payment = record_payment(
        receivable=receivable,
        amount=amount,
        method=method,
        external_id=external_id,
        note=note,
        received_on=received_on,
    )
    if order.is_confirmed_later and is_paid(order):
        # At once, and not by the worker: the guest is waiting at the desk.
        confirm_or_notify(order=order)
    elif order.is_confirmed_later:
        # The money has been taken: it is recorded even if the places are gone.
        with contextlib.suppress(SoldOut, NotOpenNow), transaction.atomic():
            hold_until_event_ends(order=order)
    return payment


@transaction.atomic
def invoice_later(*, guest: Registration) -> Order:
    """Let the buyer of an unpaid card order pay by invoice, and confirm the order; return it.

    Does nothing for an order that is invoiced anyway, or that is paid. Raise NothingToInvoice if it is free
    or all of it was cancelled, and SoldOut, CompanyFull or NotOpenNow if its places are gone.
    """
    order = _lock_order(guest)
    if not is_order_active(order):
        raise NothingToInvoice(_("This order was cancelled: there is nothing to invoice."))
    if order.payment == Order.Payment.FREE:
        raise NothingToInvoice(_("This order is free: there is nothing to invoice."))
    if not order.is_by_card:
        return order
    # A payment may have arrived since the page was shown.
    if is_paid(order):
        return order
    order.billing_name = order.billing_name or order.company or guest.name[:200]
    order.save(update_fields=["billing_name"])
    change_to_invoice_payment(order=order)
    # The links of members waited for the payment by card.
    hooks.send_order_mails.enqueue(order.pk)
    confirm_pending_items(order=order, verb="order.confirm")
    bill_unless_pending(order)
    # The balance is the same, but scanners stop showing "to pay" for an order that is invoiced.
    transaction.on_commit(partial(renew_badges, order.reference), robust=True)
    return order


def _lock_order(guest: Registration) -> Order:
    order = Order.objects.locked_for_update().select_related("event").get(pk=guest.order_id)
    guest.order = order
    return order


def explain_lost_place(guest: Registration) -> str:
    """Return what to do if the place of a guest who has paid is gone; "" if it is not."""
    guest.refresh_from_db(fields=["confirmed_at", "cancelled_at", "hold_expires_at", "is_reserved"])
    if guest.state != Registration.State.EXPIRED:
        return ""
    return _("The hold on this place had expired and no place is left: refund the payment.")
