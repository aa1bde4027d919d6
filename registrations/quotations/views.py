"""Pages of a quotation behind its link."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention import hooks
from convention.accounts.permissions import owns_address
from convention.events.permissions import is_visible_event
from convention.tables.downloads import inline_response
from registrations.application_rules import get_application_path
from registrations.invoices.documents.quotation_pdf import render_quotation_pdf
from registrations.invoices.models.documents import Quotation
from registrations.models import Order
from registrations.pricing.quotation_prices import find_quotation_use
from registrations.rate_limits import throttle_quotation_mail

from .lookup import (
    find_quoted_package,
    get_quotation_by_link,
    get_quoted_event,
    list_quoted_places,
    load_quoted_orders,
)
from .send import queue_quotation_mail

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@never_cache
@require_safe
def quotation_detail(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a quotation to its buyer."""
    quotation = get_quotation_by_link(secret)
    event = get_quoted_event(quotation)
    now = timezone.now()
    is_orderable = quotation.is_valid and is_visible_event(event, request.user)
    is_open = event.is_registration_open(at=now) and not get_application_path(event)
    quoted_package = find_quoted_package(quotation)
    package = quoted_package if is_orderable else None
    orders = load_quoted_orders([quotation]).get(quotation.number, [])
    company_order_path = _find_company_order_path(quotation, request.user)
    buyer_email = quotation.buyer.get("email", "")
    reads_own = request.user.is_authenticated and owns_address(request.user, buyer_email)
    context = {
        "quotation": quotation,
        "event": event,
        "orders": orders,
        "use": find_quotation_use(quotation, quoted_package),
        # The link of an order opens it, so only its buyer gets it.
        "own_order_ids": {order.pk for order in orders if _is_buyer(order, request.user)},
        "order_path": company_order_path or reverse("quotation-order", args=[quotation.link_token]),
        # The company's pages list the reader's own quotations.
        "is_listed": bool(company_order_path) and reads_own,
        "can_order": is_orderable and is_open and bool(list_quoted_places(quotation)),
        "package": package if package and not event.is_over(at=now) and package.is_on_sale(at=now) else None,
    }
    return render(request, "registrations/quotation.html", context)


def _find_company_order_path(quotation: Quotation, reader: "RequestUser") -> str:
    """Return the page that orders what was quoted for the reader's company, or "" for the public page."""
    paths = (find_path(quotation, reader) for find_path in hooks.quotation_order_pages.providers())
    return next(filter(None, paths), "")


def _is_buyer(order: Order, reader: "RequestUser") -> bool:
    return reader.is_authenticated and not order.awaits_verification and owns_address(reader, order.email)


@never_cache
@require_safe
def quotation_download(request: HttpRequest, secret: str) -> HttpResponse:
    """Return the quotation as a PDF."""
    return inline_response(
        render_quotation_pdf(quotation := get_quotation_by_link(secret)), name=f"{quotation.number}.pdf"
    )


@require_POST
def quotation_mail(request: HttpRequest, secret: str) -> HttpResponse:
    """Mail the quotation to the address it was requested with."""
    quotation = get_quotation_by_link(secret)
    throttle_quotation_mail(quotation)
    mail_to_recipient(request, quotation)
    return redirect("quotation", secret)


def mail_to_recipient(request: HttpRequest, quotation: Quotation) -> None:
    """Queue the mail of a quotation, and add a message with the address to the next page."""
    address = queue_quotation_mail(quotation=quotation)
    messages.success(request, _("We are sending the quotation to %(address)s.") % {"address": address})
