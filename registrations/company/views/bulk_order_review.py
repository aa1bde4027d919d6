"""Review a company's order, enter the billing details, and place it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.models import Company
from convention.club.permissions import get_company_of_contact
from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.booking.idempotency import find_order_by_key
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.prepare_sale import quote_order
from registrations.booking.validation import refuse_if_closed
from registrations.company.booking import book_for_company
from registrations.company.bulk_order import (
    BulkOrder,
    list_price_hints,
    list_unconfirmed_second_places,
    load_billing_defaults,
    make_order_request,
)
from registrations.company.draft_rows import is_filled_row
from registrations.company.forms import PasteForm
from registrations.models import Order, Ticket
from registrations.order_request import BillingDetails, OrderRequest
from registrations.orders.payment_terms import describe_invoice_schedule
from registrations.pricing.catalog import PriceChanged
from registrations.pricing.display import describe_vat, make_line_row
from registrations.pricing.quotation_prices import QuotedPriceUsed, explain_quotation_use, find_quotation
from registrations.pricing.quote import Quote
from registrations.quotations.create import QuotationUnavailable, create_order_quotation
from registrations.quotations.lookup import find_cheaper_quotation
from registrations.rate_limits import throttle_order
from registrations.storefront.drafts import BILLING_FIELDS, DraftContent
from registrations.storefront.forms import LanguageForm, build_payment_forms

from .bulk_order import open_bulk_order, render_rows
from .bulk_order_draft import (
    delete_company_draft,
    load_company_draft,
    make_checked_rows,
    save_company_draft,
)
from .desk import render_page


@never_cache
@require_safe_or_post
def bulk_order_review(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Show the quote, the invoice's address and the purchase order; a POST places the order."""
    company_obj, nonce = get_company_of_contact(company, request.user), request.POST.get("nonce", "")
    event_obj = get_visible_event(event, request.user)
    # A second click: the first one has placed the order.
    if nonce and (order := find_order_by_key(event_obj, _idempotency_key(company_obj, nonce))):
        return _redirect_to_order(company_obj, order)
    refuse_if_closed(event_obj, at=timezone.now())
    draft = load_company_draft(request.session, company_obj, event_obj)
    bulk_order = open_bulk_order(request, company_obj, event_obj, draft)
    # Checked again: stock, seats and registrations may have changed since the rows page.
    rows = make_checked_rows(bulk_order)
    second_places = list_unconfirmed_second_places(bulk_order, rows)
    if rows.has_errors or second_places:
        return render_rows(request, bulk_order, rows, PasteForm(), second_places=second_places)
    # Without payment and billing, which the forms on this page check: the rows page could not correct them.
    priced_request = replace(
        make_order_request(bulk_order),
        payment=Order.Payment.INVOICE,
        billing=BillingDetails(),
        purchase_order="",
    )
    try:
        quote, currency = quote_order(event=event_obj, request=priced_request, context=bulk_order.context)
    except (SoldOut, InvalidFields) as error:
        return _redirect_to_rows(request, bulk_order, error)
    return _review_quote(request, bulk_order, quote, currency)


def _review_quote(request: HttpRequest, bulk_order: BulkOrder, quote: Quote, currency: str) -> HttpResponse:
    """Show the quote and the form to pay it; a POST places the order."""
    company, draft = bulk_order.company, bulk_order.draft
    data = get_posted_data(request)
    language = LanguageForm(data, initial={"language": draft.language or translation.get_language()})
    billing_defaults = load_billing_defaults(company)
    forms = {
        **build_payment_forms(
            data,
            amount_due=quote.total,
            billing={**billing_defaults.values, **draft.billing},
            payment=draft.payment,
        ),
        "language_form": language,
    }
    if request.method == "POST":
        # Saved even if invalid: the address is not typed twice.
        _update_payment(request, draft)
        network = get_client_network(request.META)
        save_company_draft(request.session, company, bulk_order.event, draft, network=network)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        valid = [form.is_valid() for form in forms.values()]  # each shows its own errors
        if all(valid) and "quote" in request.POST:
            return _create_quotation(request, bulk_order)
        if all(valid):
            return _book_draft(request, bulk_order)
    context = {
        "billing": None,
        "payment": None,
        # Details that were typed come from no order.
        "billing_order": None if draft.billing else billing_defaults.source_order,
        **forms,
        **_describe_quote(bulk_order, quote, currency),
    }
    return render_page(request, "company/bulk_order_review.html", company, **context)


def _describe_quote(bulk_order: BulkOrder, quote: Quote, currency: str) -> dict[str, Any]:
    """Return the prices of tickets and add-ons, the total, and the terms to pay and to be refunded."""
    event, order_request = bulk_order.event, make_order_request(bulk_order)
    people = [person for person in bulk_order.draft.people if is_filled_row(person)]
    passes = bulk_order.passes.count_use(quote)
    price_rows = [make_line_row(line, currency=currency, zone=event.zone) for line in quote.lines]
    priced_tickets = _list_priced_tickets(order_request, bulk_order.tickets, quote)
    return {
        "event": event,
        "draft": bulk_order.draft,
        "lines": [
            (order_request.places[line.place_number], line, row)
            for line, row in zip(quote.lines, price_rows, strict=True)
        ],
        "total": Money(quote.total, currency),
        "passes": passes,
        "price_hints": list_price_hints(bulk_order, order_request, passes),
        "refunds": describe_ticket_refunds(event, priced_tickets),
        "vat": [describe_vat(amount, currency) for amount in quote.vat_by_rate],
        "cheaper_quotation": find_cheaper_quotation(
            find_quotation(bulk_order.draft.quotation), places=people, total=quote.total
        ),
        "unused_code": bulk_order.draft.code if not quote.voucher_use_count else "",
        "invoice_schedule": describe_invoice_schedule(event) if quote.total else "",
    }


def _list_priced_tickets(
    order_request: OrderRequest, tickets: Sequence[Ticket], quote: Quote
) -> list[Ticket]:
    """Return the tickets of the places that cost something."""
    slugs = {order_request.places[line.place_number].ticket for line in quote.lines if line.price}
    return [ticket for ticket in tickets if ticket.slug in slugs]


def _update_payment(request: HttpRequest, draft: DraftContent) -> None:
    names = [*BILLING_FIELDS, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}
    draft.payment = request.POST.get("payment", "")[:20]
    draft.language = request.POST.get("language", "")[:5]


def _idempotency_key(company: Company, nonce: str) -> str:
    return f"company:{company.pk}:{nonce}"


def _book_draft(request: HttpRequest, bulk_order: BulkOrder) -> HttpResponse:
    """Place the order, or go back to the rows with the errors; the draft stays."""
    company, event = bulk_order.company, bulk_order.event
    order_request = make_order_request(bulk_order)
    # The total that the contact saw: a price that changed meanwhile must not be ordered unseen.
    if (shown := parse_digits(request.POST.get("shown", ""))) is not None:
        order_request = replace(order_request, expected_total=shown)
    throttle_order(event, order_request)
    try:
        order = book_for_company(
            event=event,
            company=company,
            contact_person=bulk_order.contact,
            request=order_request,
            idempotency_key=_idempotency_key(company, bulk_order.draft.nonce),
            quoted_prices=bulk_order.context.quoted_prices,
        )
    # Back to the review, which shows the new price: nothing in the rows has to be corrected.
    except (PriceChanged, QuotedPriceUsed) as error:
        messages.warning(request, str(error))
        explanation = explain_quotation_use(bulk_order.draft.quotation)
        # The other error names the quotation itself.
        if isinstance(error, PriceChanged) and explanation:
            messages.warning(request, explanation)
        return redirect("company-check", company.slug, event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        return _redirect_to_rows(request, bulk_order, error)
    delete_company_draft(request.session, company, event)
    if not order.is_by_card:
        _report_booking(request, order, order_request)
    return _redirect_to_order(company, order)


def _create_quotation(request: HttpRequest, bulk_order: BulkOrder) -> HttpResponse:
    """Create a quotation for the list; nothing is booked, and the draft stays."""
    company, event, draft = bulk_order.company, bulk_order.event, bulk_order.draft
    order_request = make_order_request(bulk_order)
    throttle_order(event, order_request)
    try:
        quotation = create_order_quotation(event=event, request=order_request, context=bulk_order.context)
    except QuotationUnavailable as error:
        messages.error(request, str(error))
        return redirect("company-check", company.slug, event.slug)
    except (SoldOut, InvalidFields) as error:
        return _redirect_to_rows(request, bulk_order, error)
    # By it, “Order these places” continues this draft, with the names of its attendees.
    draft.quotation, network = quotation.number, get_client_network(request.META)
    save_company_draft(request.session, company, event, draft, network=network)
    return redirect("quotation", quotation.link_token)


def _report_booking(request: HttpRequest, order: Order, order_request: OrderRequest) -> None:
    places = len(order_request.places)
    message = ngettext(
        "%(places)d place is booked: order %(reference)s.",
        "%(places)d places are booked: order %(reference)s.",
        places,
    )
    messages.success(request, message % {"places": places, "reference": order.reference})


def _redirect_to_order(company: Company, order: Order) -> HttpResponse:
    """Go to the page that pays the order, if it is paid by card, else to the order's page."""
    if order.is_by_card:
        return redirect(order.sender_path)
    return redirect("company-order", company.slug, order.reference)


def _redirect_to_rows(request: HttpRequest, bulk_order: BulkOrder, error: ConventionError) -> HttpResponse:
    for sentence in _list_error_sentences(error):
        messages.error(request, f"{sentence} {_('Your entries have not been lost.')}")
    return redirect("company-register", bulk_order.company.slug, bulk_order.event.slug)


def _list_error_sentences(error: ConventionError) -> list[str]:
    if isinstance(error, InvalidFields):
        return list(
            dict.fromkeys(sentence for sentences in error.field_errors.values() for sentence in sentences)
        )
    return [str(error)]
