"""Pages on which the desk undoes its own mistakes: a walk-in, a payment."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from badges.desk.mistakes import (
    cancel_walk_in,
    is_payment_undoable,
    is_walk_in_cancellable,
    undo_payment,
)
from badges.desk.permissions import get_guest_to_cancel, get_guest_to_charge, get_payment_to_serve
from convention.errors import ConventionError
from convention.money import Money
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.changes.handover_text import has_own_mailbox
from registrations.invoices.forms.actions import PaymentCancelForm, RequiredReasonForm

from .guests import get_operator

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def walk_in_cancel(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Cancel a walk-in that the desk added today by mistake."""
    guest = get_guest_to_cancel(event, reference, request.user)
    # A second click finds the walk-in cancelled, which the guest's page shows.
    if guest.cancelled_at or (not is_walk_in_cancellable(guest) and request.method != "POST"):
        return redirect("desk-guest", event, reference)
    form = RequiredReasonForm(get_posted_data(request))
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            cancel_walk_in(guest=guest, operator=get_operator(request), reason=reason)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s’s registration has been cancelled.") % {"name": guest.name})
            return redirect("desk-guest", event, reference)
    # After a substitution the attendee is not the buyer, and both are mailed.
    own_addresses = [guest.email] if has_own_mailbox(guest) else []
    context = {
        "section": "desk",
        "event": guest.event,
        "registration": guest,
        "mailed_addresses": [*own_addresses, *filter(None, [guest.order.email])],
        "form": form,
    }
    return render(request, "desk/cancel_walk_in.html", context)


@never_cache
@require_safe_or_post
def payment_undo(request: "HttpRequest", event: str, reference: str, pk: int) -> HttpResponse:
    """Undo a payment that the desk recorded today by mistake."""
    guest = get_guest_to_charge(event, reference, request.user)
    payment = get_payment_to_serve(guest, pk)
    if not is_payment_undoable(payment, guest.event) and request.method != "POST":
        return redirect("desk-guest", event, reference)
    amount = Money(payment.amount, payment.currency)
    form = PaymentCancelForm(get_posted_data(request))
    if form.is_valid():
        try:
            undo_payment(guest=guest, payment=payment, reason=form.cleaned_data["reason"])
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            sentence = _(
                "The payment of %(amount)s is undone. Receipt %(number)s is void: if the guest has it, take "
                "it back."
            )
            messages.success(request, sentence % {"amount": amount, "number": payment.document_reference})
            return redirect("desk-guest", event, reference)
    context = {
        "section": "desk",
        "event": guest.event,
        "registration": guest,
        "payment": payment,
        "amount": amount,
        "form": form,
    }
    return render(request, "desk/undo_payment.html", context)
