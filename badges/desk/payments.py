"""Take payments at the desk, or let a buyer pay later by invoice."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from registrations.billing.receivables import is_paid, sync_receivable
from registrations.booking.confirm import confirm_or_notify, confirm_pending_items
from registrations.invoices.ledger.payments import InvalidPayment, record_payment
from registrations.invoices.models import Payment
from registrations.models import Order, Registration

from .amounts import sync_amount_due

DESK_METHODS = (Payment.Method.CASH, Payment.Method.TERMINAL, Payment.Method.CHEQUE)


@transaction.atomic
def take_payment(
    *, guest: Registration, amount: int, method: str, external_id: str, note: str = ""
) -> Payment:
    """Record that a guest paid `amount` cents for their order, and confirm the order if that settles it.

    The same `external_id` returns the first payment. Raise InvalidPayment for another method than those of
    the desk, or for more than is due.
    """
    order = _lock_order(guest)
    if method not in DESK_METHODS:
        raise InvalidPayment(_("Choose how the guest pays."))
    receivable, due = sync_amount_due(guest)
    known = Payment.objects.filter(external_id=external_id).first()
    if known is None and amount > due:
        raise InvalidPayment(_("This is more than is due."))
    payment = record_payment(
        receivable=receivable, amount=amount, method=method, external_id=external_id, note=note
    )
    if order.is_confirmed_later and is_paid(order):
        # At once, and not by the worker: the guest stands at the desk.
        confirm_or_notify(order=order)
    return payment


@transaction.atomic
def invoice_later(*, guest: Registration) -> Order:
    """Let the buyer of an unpaid card order pay by invoice, and confirm the order; return it.

    Does nothing for an order that is invoiced anyway. Raise SoldOut, CompanyFull or NotOpenNow if its places
    are gone.
    """
    order = _lock_order(guest)
    if not order.is_by_card:
        return order
    order.payment = Order.Payment.INVOICE
    order.billing_name = order.billing_name or order.company or guest.name[:200]
    order.save(update_fields=["payment", "billing_name"])
    record_action("order.invoice_later", order, event=guest.event, fields=["payment"])
    confirm_pending_items(order=order, verb="order.confirm")
    sync_receivable(order)
    return order


def _lock_order(guest: Registration) -> Order:
    order = Order.objects.locked_for_update().select_related("event").get(pk=guest.order_id)
    guest.order = order
    return order
