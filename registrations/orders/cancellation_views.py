"""The page behind an order's link on which the buyer cancels several places together.

The company area's page for contacts uses the same functions.
"""

from collections.abc import Iterable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.errors import NotFound, NotOpenNow
from convention.text.normalize import parse_digits
from convention.web.routing import require_safe_or_post
from registrations.billing.refund_text import preview_refunds
from registrations.changes.cancel import (
    AlreadyCancelled,
    CancelledBy,
    RefundChanged,
    cancel_places,
)
from registrations.models import Order, Registration
from registrations.order_request import MAX_PLACES_PER_ORDER
from registrations.permissions import get_order_by_link


def find_cancellable_references(order: Order, registrations: Iterable[Registration]) -> set[str]:
    """Return the references of the registrations that the buyer or the contact can cancel now."""
    if order.event.cancelled_at or order.event.is_over():
        return set()
    return {row.reference for row in registrations if row.is_active}


@never_cache
@require_safe_or_post
def places_cancellation(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Let the buyer select places, then show what cancelling them means; a POST cancels them."""
    link_access = get_order_by_link(reference, secret)
    order = link_access.order
    if not link_access.is_full:
        raise NotFound(_("Only the buyer can cancel several places at once."))
    references = find_cancellable_references(order, link_access.registrations)
    selectable = [row for row in link_access.registrations if row.reference in references]
    if not selectable:
        raise NotOpenNow(_("None of these places can be cancelled now."))
    data = request.POST if request.method == "POST" else request.GET
    chosen = load_chosen_places(order, [chosen for chosen in data.getlist("place") if chosen in references])
    if request.method == "POST" and chosen:
        if cancel_chosen_places(request, order, chosen, CancelledBy.BUYER):
            return redirect("order", reference, secret)
        # Shown again: prices and places may be others than before.
        query = {"place": [row.reference for row in chosen]}
        return redirect(reverse("order-cancel-places", args=[reference, secret], query=query))
    context = {
        "link_access": link_access,
        "order": order,
        "event": order.event,
        "selectable": selectable,
        "is_choice_missing": "select" in data and not chosen,
        "preview": preview_refunds(chosen) if chosen else None,
    }
    return render(request, "registrations/cancel_places.html", context)


def load_chosen_places(order: Order, references: list[str]) -> list[Registration]:
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


def cancel_chosen_places(
    request: HttpRequest, order: Order, registrations: list[Registration], cancelled_by: CancelledBy
) -> bool:
    """Cancel the places unless something has changed since the page was shown; return whether it did."""
    try:
        cancel_places(
            order=order,
            registrations=registrations,
            expected_fee_cents=parse_digits(request.POST.get("fee", "")) or 0,
            cancelled_by=cancelled_by,
        )
    except (RefundChanged, AlreadyCancelled) as error:
        messages.error(request, str(error))
        return False
    sentence = ngettext(
        "%(count)d place has been cancelled.", "%(count)d places have been cancelled.", len(registrations)
    )
    messages.success(request, sentence % {"count": len(registrations)})
    return True
