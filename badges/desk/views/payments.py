"""Take a guest's payment, let the buyer pay by invoice, and print receipts."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from badges.desk.forms import DeskPaymentForm
from badges.desk.payments import explain_lost_place, invoice_later, sync_amount_due, take_payment
from badges.desk.permissions import get_guest_to_charge, get_payment_to_serve
from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.money import Money
from convention.tables.downloads import inline_response
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.receipt_pdf import render_receipt_pdf
from registrations.invoices.models import Payment
from registrations.models import Registration

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def guest_payment(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Take what is due for the guest's order, or a part of it."""
    guest = get_guest_to_charge(event, reference, request.user)
    if not guest.order.total:
        messages.info(request, _("Nothing is due for this order."))
        return redirect("desk-guest", event, reference)
    receivable, due = sync_amount_due(guest)
    is_post = request.method == "POST"
    # A payment that is sent twice must still find the first one.
    if due <= 0 and not is_post:
        messages.info(request, _("Nothing is due for this order."))
        return redirect("desk-guest", event, reference)
    form = DeskPaymentForm(request.POST if is_post else None, initial={"amount": max(due, 0)})
    if is_post and form.is_valid():
        try:
            payment = take_payment(guest=guest, external_id=form.external_id, **form.get_payment_values())
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            _add_payment_messages(request, guest, payment)
            return redirect("desk-guest", event, reference)
    context = {
        "section": "desk",
        "event": guest.event,
        "registration": guest,
        "form": form,
        "amount_due": receivable.as_money(due),
    }
    return render(request, "desk/payment.html", context)


def _add_payment_messages(request: "HttpRequest", guest: Registration, payment: Payment) -> None:
    """Say what was recorded, what is left to pay, and whether the place is gone."""
    receivable, due = sync_amount_due(guest)
    values = {"amount": Money(payment.amount, payment.currency), "rest": receivable.as_money(due)}
    sentence = _("Payment of %(amount)s recorded.")
    if due > 0:
        sentence = _("Payment of %(amount)s recorded. %(rest)s left to pay.")
    messages.success(request, sentence % values)
    if warning := explain_lost_place(guest):
        messages.warning(request, warning)


@require_POST
def guest_invoice(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Let the buyer pay later by invoice."""
    guest = get_guest_to_charge(event, reference, request.user)
    try:
        order = invoice_later(guest=guest)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        sentence = _("Order %(reference)s will be invoiced.")
        if order.is_by_card:
            sentence = _("Order %(reference)s is already paid: it will not be invoiced.")
        messages.success(request, sentence % {"reference": order.reference})
    return redirect("desk-guest", event, reference)


@never_cache
@require_safe
def payment_receipt(request: "HttpRequest", event: str, reference: str, pk: int) -> HttpResponse:
    """Return the receipt of a payment as PDF."""
    guest = get_guest_to_charge(event, reference, request.user)
    payment = get_payment_to_serve(guest, pk)
    content = render_receipt_pdf(payment)
    record_action("payment.receipt", payment, event=guest.event)
    return inline_response(content, name=f"{_('receipt')}-{guest.order.reference}-{payment.pk}.pdf")
