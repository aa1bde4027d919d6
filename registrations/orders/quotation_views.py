"""Pages of quotations and pro forma invoices, for the buyer behind a link and for organizers."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention import hooks
from convention.accounts.permissions import owns_address
from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.events.permissions import can_administer, is_visible_event
from convention.tables.downloads import inline_response
from convention.text.normalize import normalize_whitespace
from convention.web.link_secrets import find_by_link_token
from registrations.application_rules import get_application_path
from registrations.billing.receivables import calculate_amount_owed, was_paid
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.documents.quotation_pdf import render_quotation_pdf
from registrations.invoices.models.documents import Invoice, Quotation
from registrations.invoices.permissions import require_treasurer
from registrations.models import Order
from registrations.permissions import LINK_LIFETIME, get_event_of_quotations, get_order_by_link
from registrations.pricing.quotation_prices import find_quotation_use
from registrations.rate_limits import throttle_quotation_mail

from .quotation_states import load_quotation_rows
from .quotations import (
    filter_quotations,
    find_quoted_package,
    list_quoted_places,
    load_quoted_orders,
    queue_quotation_mail,
    render_order_document,
)

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

PAGE_SIZE = 100


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
    _mail_to_buyer(request, quotation)
    return redirect("quotation", secret)


def _mail_to_buyer(request: HttpRequest, quotation: Quotation) -> None:
    address = queue_quotation_mail(quotation=quotation)
    messages.success(request, _("We are sending the quotation to %(address)s.") % {"address": address})


def get_quoted_event(quotation: Quotation) -> Event:
    """Return the event of a quotation that was found by its link, which has one."""
    assert quotation.event is not None
    return quotation.event


def get_quotation_by_link(secret: str) -> Quotation:
    """Return the quotation of a mailed link. Raise NotFound or LinkExpired."""
    quotation = find_by_link_token(Quotation.objects.select_related("event"), secret)
    if quotation is None or quotation.event is None:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        )
    # Links of quotations expire as those of orders do.
    if timezone.now() > quotation.event.ends_at + LINK_LIFETIME:
        raise LinkExpired(_("This link has expired: the event is over."))
    return quotation


@never_cache
@require_safe
def pro_forma_download(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Return the invoice, receipt or pro forma invoice of an order, for its buyer."""
    link_access = get_order_by_link(reference, secret)
    if (
        # Only the buyer may see the prices of all attendees, and before the verification it is unknown who
        # that is.
        not link_access.is_full
        or not (calculate_amount_owed(link_access.order).amount or was_paid(link_access.order))
        or link_access.order.awaits_verification
    ):
        raise NotFound(_("There is nothing to invoice for this order."))
    return inline_response(
        render_order_document(link_access.order), name=f"{link_access.order.reference}.pdf"
    )


@never_cache
@require_safe
def invoice_download(request: HttpRequest, reference: str, secret: str, invoice: int) -> HttpResponse:
    """Return an issued invoice or credit note of an order as Factur-X PDF, for its buyer."""
    link_access = get_order_by_link(reference, secret)
    documents = Invoice.objects.filter(receivable__reference=link_access.order.reference)
    document = documents.filter(pk=invoice).first()
    # As above: the documents name all attendees.
    if document is None or not link_access.is_full or link_access.order.awaits_verification:
        raise NotFound(_("There is nothing at this address."))
    return inline_response(get_invoice_pdf(document), name=f"{document.number}.pdf")


@require_safe
def quotation_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the quotations of an event, newest first, searched by `q`; the treasurer reads them too."""
    event_obj = get_event_of_quotations(event, request.user)
    query = normalize_whitespace(request.GET.get("q", "")[:100])
    rows = filter_quotations(Quotation.objects.filter(event=event_obj).select_related("event"), query)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    is_organizer = can_administer(request.user, event_obj)
    context = {
        "event": event_obj,
        "section": "organize" if is_organizer else "money",
        # The menu of the event would lead a treasurer to pages that refuse.
        "layout": "organize/event_base.html" if is_organizer else "invoices/base.html",
        "is_organizer": is_organizer,
        "page_obj": page,
        "query": query,
        "rows": load_quotation_rows(list(page)),
    }
    return render(request, "registrations/organize_quotations.html", context)


@require_safe
def all_quotation_list(request: HttpRequest) -> HttpResponse:
    """List the quotations of all events for the treasurer, newest first, searched by `q`."""
    require_treasurer(request.user)
    query = normalize_whitespace(request.GET.get("q", "")[:100])
    # Without its event, which was deleted, a quotation has no page.
    rows = filter_quotations(Quotation.objects.exclude(event=None).select_related("event"), query)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "section": "money",
        "layout": "invoices/base.html",
        "page_obj": page,
        "query": query,
        "rows": load_quotation_rows(list(page)),
    }
    return render(request, "registrations/organize_quotations.html", context)


@require_safe
def organizer_quotation_download(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Return one quotation of the event as a PDF."""
    return inline_response(
        render_quotation_pdf(
            quotation := _find_quotation(get_event_of_quotations(event, request.user), number)
        ),
        name=f"{quotation.number}.pdf",
    )


@require_POST
def organizer_quotation_mail(request: HttpRequest, event: str, number: str) -> HttpResponse:
    """Mail one quotation of the event to its buyer."""
    _mail_to_buyer(request, _find_quotation(get_event_of_quotations(event, request.user), number))
    return redirect("organize-quotations", event)


def _find_quotation(event: Event, number: str) -> Quotation:
    quotation = Quotation.objects.select_related("event").filter(event=event, number=number).first()
    if quotation is None:
        raise NotFound(_("We could not find this quotation."))
    return quotation
