"""The page on which a contact cancels several places of an order together."""

from collections.abc import Iterable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.text.email_addresses import is_same_email
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.billing.refund_text import preview_refunds
from registrations.changes.cancel import (
    ACTIVE_STATES,
    AlreadyCancelled,
    CancelledBy,
    RefundChanged,
    cancel_places,
)
from registrations.company.permissions import list_company_orders
from registrations.models import Order, Registration
from registrations.order_request import MAX_PLACES_PER_ORDER

from .desk import render_page


def find_cancellable_references(order: Order, registrations: Iterable[Registration]) -> set[str]:
    """Return the references of the registrations that the contact can cancel now."""
    if order.event.cancelled_at or order.event.is_over():
        return set()
    return {row.reference for row in registrations if row.state in ACTIVE_STATES}


@never_cache
@require_safe_or_post
def places_cancel(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show what cancelling the chosen places means; a POST cancels them."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    data = request.POST if request.method == "POST" else request.GET
    chosen = _load_chosen(order, data.getlist("place"))
    if not chosen:
        messages.error(request, _("Select the places to cancel."))
        return redirect("company-order", company, reference)
    if request.method == "POST":
        if _cancel(request, order, chosen):
            return redirect("company-order", company, reference)
        # Shown again: prices and places may be others than before.
        query = {"place": [row.reference for row in chosen]}
        return redirect(reverse("company-order-cancel", args=[company, reference], query=query))
    preview = preview_refunds(chosen)
    return render_page(request, "company/cancel_places.html", company_obj, order=order, preview=preview)


def _load_chosen(order: Order, references: list[str]) -> list[Registration]:
    """Return the order's registrations with these references that can still be cancelled."""
    rows: QuerySet[Registration] = order.registrations.filter(reference__in=references[:MAX_PLACES_PER_ORDER])
    registrations = list(
        rows.select_related("event", "ticket").prefetch_related("addons__addon").order_by("pk")
    )
    for registration in registrations:
        # The same instances for all, so that the refund rules are read once.
        registration.order, registration.event = order, order.event
    cancellable = find_cancellable_references(order, registrations)
    return [row for row in registrations if row.reference in cancellable]


def _cancel(request: HttpRequest, order: Order, registrations: list[Registration]) -> bool:
    """Cancel the places unless something has changed since the page was shown; return whether it did."""
    is_buyer = is_same_email(order.email, require_signed_in(request.user).email)
    try:
        cancel_places(
            order=order,
            registrations=registrations,
            expected_fee_cents=parse_digits(request.POST.get("fee", "")) or 0,
            cancelled_by=CancelledBy.BUYER if is_buyer else CancelledBy.CONTACT,
        )
    except (RefundChanged, AlreadyCancelled) as error:
        messages.error(request, str(error))
        return False
    sentence = ngettext(
        "%(count)d place has been cancelled.", "%(count)d places have been cancelled.", len(registrations)
    )
    messages.success(request, sentence % {"count": len(registrations)})
    return True
