"""A company's orders: the list, one order with its people, payment and documents, and invoices as PDF."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from convention.club.addresses.own_addresses import has_address
from convention.club.models import Company, Person
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.errors import NotFound
from convention.money import Money
from convention.tables.downloads import inline_response
from convention.text.countries import get_foreign_country_name
from convention.web.routing import require_safe_or_post
from registrations.billing.change_billing import can_change_billing_details, load_billing_values
from registrations.billing.receivables import calculate_amount_owed, calculate_amounts_owed
from registrations.billing.refund_summary import (
    load_amounts_due,
    load_completed_refunds,
    load_requested_refunds,
)
from registrations.billing.refund_text import load_refund_history
from registrations.booking.holds import find_hold_end
from registrations.changes.substitute import select_unnamed_places
from registrations.company.open_payments import load_due_dates
from registrations.company.other_invoices import find_transfer_account, list_other_invoices
from registrations.company.other_orders import list_other_orders, list_valid_quotations
from registrations.company.permissions import list_company_invoices, list_company_orders
from registrations.invoices.documents.buyer_document import choose_buyer_document
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.invoices.models.issuers import Issuer
from registrations.models import Order, Registration
from registrations.orders.cancellation_views import find_cancellable_references
from registrations.orders.language_views import save_posted_language
from registrations.orders.payment_terms import PAGE_INVOICE_TEXTS, describe_coming_invoice, load_payment_terms
from registrations.pricing.display import list_price_rows
from registrations.quotations.lookup import load_quoted_orders
from registrations.storefront.billing_views import build_billing_form, save_billing_form

from .desk import render_page

PAGE_SIZE = 50


@never_cache
@require_GET
def order_list(request: HttpRequest, company: str) -> HttpResponse:
    """List the company's orders, newest first, with what is due."""
    company_obj = get_company_of_contact(company, request.user)
    rows = list_company_orders(company_obj).select_related("event", "for_company__placed_by")
    # The amount due is computed from these.
    rows = rows.prefetch_related("registrations__addons", "sponsorships")
    active = Count("registrations", filter=Q(registrations__cancelled_at__isnull=True), distinct=True)
    # An aggregate drops the default order.
    rows = rows.annotate(place_count=active).order_by("-created_at", "-pk")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    owed, due = calculate_amounts_owed(page), load_amounts_due(page)
    requested, refunded = load_requested_refunds(page), load_completed_refunds(page)
    due_dates = load_due_dates(page)
    context = {
        "page_obj": page,
        "rows": [
            (
                order,
                owed[order.pk],
                due.get(order.pk, Money(0)),
                requested.get(order.pk),
                refunded.get(order.pk),
                due_dates.get(order.reference),
            )
            for order in page
        ],
        # They have no page of their own, and are few.
        **(_load_other_documents(company_obj, require_signed_in(request.user)) if page.number == 1 else {}),
    }
    return render_page(request, "company/orders.html", company_obj, **context)


def _load_other_documents(company: Company, reader: Person) -> dict[str, Any]:
    """Return what does not come from orders in this area, as template context."""
    other_invoices, quotations = list_other_invoices(company), list_valid_quotations(company, reader)
    quoted_orders = load_quoted_orders(quotations)
    other_orders = list_other_orders(company, reader)
    return {
        "other_orders": other_orders,
        "has_orders_of_others": not all(row.path for row in other_orders),
        "quotations": [(quotation, quoted_orders.get(quotation.number, [])) for quotation in quotations],
        "other_invoices": other_invoices,
        "account": find_transfer_account(other_invoices),
    }


@never_cache
@require_safe
def order_detail(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show an order with its people and prices, how to pay it, and its documents."""
    company_obj = get_company_of_contact(company, request.user)
    orders = list_company_orders(company_obj).select_related("event", "for_company__placed_by")
    order = get_object_or_404(orders.prefetch_related("registrations__addons"), reference=reference)
    registrations = order.registrations.select_related("ticket", "voucher").prefetch_related("addons__addon")
    people = sorted(registrations, key=lambda row: (row.cancelled_at is not None, row.pk))
    for registration in people:
        # The same instances for all, so that prices need no further queries.
        registration.order, registration.event, registration.ticket.event = order, order.event, order.event
    receivable = Receivable.objects.filter(reference=order.reference).first()
    # Only the contact who holds the order's link gets files behind it.
    holds_link = has_address(require_signed_in(request.user), order.email)
    documents = list(Invoice.objects.filter(receivable=receivable)) if receivable else []
    owed, document = calculate_amount_owed(order), choose_buyer_document(receivable)
    is_invoice_to_come = bool(owed.amount) and not documents
    billing = load_billing_values(order) if order.total else {}
    context = {
        "order": order,
        "cancellable_references": find_cancellable_references(order, people),
        "unnamed_count": len(select_unnamed_places(order, people)),
        "people": [(registration, list_price_rows(registration)) for registration in people],
        "payment_terms": load_payment_terms(order) if order.total else None,
        **_describe_hold(people),
        "documents": documents,
        "invoice_sentence": describe_coming_invoice(order, document, PAGE_INVOICE_TEXTS)
        if is_invoice_to_come
        else "",
        "owed": owed,
        **_describe_balance(order, receivable),
        "holds_link": holds_link,
        "buyer_document": document if holds_link else None,
        "billing": billing,
        "foreign_billing_country": get_foreign_country_name(billing.get("billing_country") or "FR"),
        "can_change_billing": can_change_billing_details(order),
        "correction_email": order.event.contact_email or _find_issuer_email() if documents else "",
    }
    return render_page(request, "company/order.html", company_obj, **context)


def _find_issuer_email() -> str:
    issuer = Issuer.get_current()
    return issuer.email if issuer else ""


def _describe_hold(registrations: Iterable[Registration]) -> dict[str, Any]:
    """Return how many places await their payment, and until when they are held, as template context."""
    awaiting = [row for row in registrations if row.confirmed_at is None and row.cancelled_at is None]
    return {"awaiting_count": len(awaiting), "hold_ends_at": find_hold_end(awaiting)}


def _describe_balance(order: Order, receivable: Receivable | None) -> dict[str, Any]:
    """Return what was received, refunded and is left to pay, as template context."""
    if receivable is None:
        return {"balance": None}
    balance = compute_balance(receivable)
    retained = Money(balance.amount_retained, order.currency)
    return {"balance": balance, **load_refund_history(order, retained)}


@require_POST
def order_language(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Save the language that the contact chose for the e-mails to the colleagues of an order."""
    company_obj = get_company_of_contact(company, request.user)
    orders = list_company_orders(company_obj).select_related("event")
    save_posted_language(request, get_object_or_404(orders, reference=reference))
    return redirect("company-order", company, reference)


@never_cache
@require_safe_or_post
def order_billing(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show the billing details of an order; a POST changes them, until the invoice is issued."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    if not can_change_billing_details(order):
        raise NotFound(_("The billing details of this order cannot be changed here."))
    form = build_billing_form(request, order)
    if save_billing_form(request, form, order):
        return redirect("company-order", company, reference)
    return render_page(request, "company/order_billing.html", company_obj, order=order, billing=form)


@never_cache
@require_safe
def invoice_download(request: HttpRequest, company: str, invoice: int) -> HttpResponse:
    """Return an issued document as Factur-X PDF."""
    company_obj = get_company_of_contact(company, request.user)
    document = get_object_or_404(list_company_invoices(company_obj), pk=invoice)
    return inline_response(get_invoice_pdf(document), name=f"{document.number}.pdf")
