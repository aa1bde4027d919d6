"""The treasurer's page of card payments: what needs a decision, and the latest attempts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from registrations.invoices.doors import require_keeper
from registrations.invoices.models import Refund
from registrations.models import Order

from ..models import Attempt, Dispute
from ..place_paid import place_paid
from ..troubles import paid_too_much, unplaced_orders, unproven_orders

PAGE = 50


@never_cache
@require_GET
def cards(request: HttpRequest) -> HttpResponse:
    """Disputes, payments without a place or too much, refunds that failed or wait; then all attempts."""
    require_keeper(request.user)
    attempts = Attempt.objects.select_related("order__event", "payment")
    refunds = Refund.objects.select_related("receivable", "payment")
    context = {
        "section": "money",
        "disputes": Dispute.objects.select_related("payment__receivable")[:PAGE],
        "unplaced": unplaced_orders()[:PAGE],
        "unproven": unproven_orders()[:PAGE],
        "too_much": paid_too_much()[:PAGE],
        "failed": refunds.filter(state=Refund.State.FAILED).order_by("-pk")[:PAGE],
        "requested": refunds.filter(state=Refund.State.REQUESTED).order_by("pk")[:PAGE],
        "shown": Paginator(attempts, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "checkout/cards.html", context)


@require_POST
def place(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the places of a paid order that had lost them."""
    require_keeper(request.user)
    order = get_object_or_404(Order.objects.select_related("event"), reference=reference)
    placed = place_paid(order=order)
    told = (
        _("The order %(reference)s is confirmed.")
        if placed
        else _("The order %(reference)s waits for nothing.")
    )
    messages.success(request, told % {"reference": order.reference})
    return redirect("money-cards")
