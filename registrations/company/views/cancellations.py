"""The page on which a contact cancels several places of an order together."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.club.addresses.own_addresses import has_address
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.web.routing import require_safe_or_post
from registrations.billing.refund_text import preview_refunds
from registrations.changes.cancel import CancelledBy
from registrations.company.permissions import list_company_orders
from registrations.orders.cancellation_views import cancel_chosen_places, load_chosen_places

from .desk import render_page


@never_cache
@require_safe_or_post
def places_cancel(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show what cancelling the chosen places means; a POST cancels them."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    data = request.POST if request.method == "POST" else request.GET
    chosen = load_chosen_places(order, data.getlist("place"))
    if not chosen:
        messages.error(request, _("Select the places to cancel."))
        return redirect("company-order", company, reference)
    if request.method == "POST":
        is_buyer = has_address(require_signed_in(request.user), order.email)
        cancelled_by = CancelledBy.BUYER if is_buyer else CancelledBy.CONTACT
        if cancel_chosen_places(request, order, chosen, cancelled_by):
            return redirect("company-order", company, reference)
        # Shown again: prices and places may be others than before.
        query = {"place": [row.reference for row in chosen]}
        return redirect(reverse("company-order-cancel", args=[company, reference], query=query))
    preview = preview_refunds(chosen)
    return render_page(request, "company/cancel_places.html", company_obj, order=order, preview=preview)
