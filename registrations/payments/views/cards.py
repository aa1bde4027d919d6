"""The treasurer's page of card payments."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from registrations.invoices.models import Receivable, Refund
from registrations.invoices.permissions import require_treasurer
from registrations.models import Order
from registrations.payments.cards.settlement import confirm_paid_order
from registrations.payments.models import CardPaymentAttempt, Dispute
from registrations.payments.payment_problems import (
    list_failed_refunds,
    list_overpaid_card_receivables,
    list_unplaced_orders,
    list_unverified_orders,
)
from registrations.payments.refunds.views import load_refund_section

PAGE_SIZE = 50


@never_cache
@require_GET
def card_payment_list(request: HttpRequest) -> HttpResponse:
    """List disputes, payments with problems, refunds to make or in progress, and all attempts."""
    require_treasurer(request.user)
    attempts = CardPaymentAttempt.objects.select_related("order__event", "payment").prefetch_related(
        "order__registrations"
    )
    refunds = Refund.objects.select_related("receivable").prefetch_related("receivable__charges")
    context = {
        "section": "money",
        "disputes": Dispute.objects.select_related("payment").prefetch_related(
            Prefetch("payment__receivable", Receivable.objects.with_first_attendee())
        )[:PAGE_SIZE],
        "unplaced_orders": list_unplaced_orders().prefetch_related("registrations")[:PAGE_SIZE],
        "unverified_orders": list_unverified_orders().prefetch_related("registrations")[:PAGE_SIZE],
        "overpaid_receivables": list_overpaid_card_receivables()[:PAGE_SIZE],
        "failed_refunds": list_failed_refunds()[:PAGE_SIZE],
        "processor_refunds": refunds.in_progress().order_by("pk")[:PAGE_SIZE],
        **load_refund_section(),
        "page_obj": Paginator(attempts, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "payments/card_payments.html", context)


@require_POST
def order_confirm(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm a paid order whose places or package had expired."""
    require_treasurer(request.user)
    order = get_object_or_404(Order.objects.select_related("event"), reference=reference)
    confirmed_items = confirm_paid_order(order=order)
    message = (
        _("Order %(reference)s is confirmed.")
        if confirmed_items
        else _("Order %(reference)s no longer needs to be confirmed.")
    )
    messages.success(request, message % {"reference": order.reference})
    return redirect("card-payments")
