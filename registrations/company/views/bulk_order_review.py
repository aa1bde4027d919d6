"""Review a company's order, enter the billing details, and place it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.models import Company
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.normalize import parse_digits
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.company_address import make_billing_data
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.booking.idempotency import find_order_by_key
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.prepare_sale import quote_order
from registrations.booking.validation import refuse_if_closed
from registrations.company.booking import book_for_company, make_order_context
from registrations.company.forms import AttendeeRowFormSet, PasteForm
from registrations.company.overview import load_company_passes
from registrations.models import Ticket
from registrations.order_request import BillingDetails, OrderRequest
from registrations.orders.payment_terms import describe_invoice_schedule
from registrations.pricing.catalog import PriceChanged
from registrations.pricing.display import describe_vat, make_line_row
from registrations.pricing.quote import Quote
from registrations.rate_limits import throttle_order
from registrations.storefront.drafts import BILLING_FIELDS, DraftContent, delete_draft, load_draft
from registrations.storefront.forms import BillingForm

from .bulk_order import (
    check_rows,
    list_second_places,
    load_orderable_tickets,
    make_draft_name,
    make_order_request,
    make_post_data,
    needs_confirmation,
    render_rows,
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
        return redirect("company-order", company, order.reference)
    refuse_if_closed(event_obj, at=timezone.now())
    tickets = load_orderable_tickets(event_obj)
    draft = load_draft(request.session, make_draft_name(company_obj, event_obj))
    rows = AttendeeRowFormSet(make_post_data(draft), prefix="row", form_kwargs={"tickets": tickets})
    # Checked again: stock, seats and registrations may have changed since the rows page.
    is_valid = check_rows(rows, company_obj, event_obj, tickets)
    second_places = list_second_places(rows, company_obj, event_obj) if is_valid else []
    if not is_valid or needs_confirmation(second_places, draft):
        return render_rows(
            request, company_obj, event_obj, rows, PasteForm(), draft=draft, second_places=second_places
        )
    contact = require_signed_in(request.user)
    order_request = make_order_request(draft, company_obj, contact.email or "")
    # Without the billing details, which the form on this page checks: the rows page could not correct them.
    priced_request = replace(order_request, billing=BillingDetails(), purchase_order="")
    try:
        quote, currency = quote_order(
            event=event_obj, request=priced_request, context=make_order_context(company_obj, contact)
        )
    except (SoldOut, InvalidFields) as error:
        return _redirect_to_rows(request, company_obj, event_obj, error)
    data = get_posted_data(request)
    billing = (
        BillingForm(data, initial={**make_billing_data(company_obj), **draft.billing})
        if quote.total
        else None
    )
    if request.method == "POST":
        # Saved even if invalid: the address is not typed twice.
        _update_billing(request, draft)
        save_company_draft(request, company_obj, event_obj, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        if billing is None or billing.is_valid():
            return _book_draft(request, company_obj, event_obj, draft)
    context = {
        "event": event_obj,
        **_describe_quote(order_request, tickets, quote, currency=currency, event=event_obj),
        "billing": billing,
        "draft": draft,
        "passes": load_company_passes(company_obj, event_obj, tickets, quote),
    }
    return render_page(request, "company/bulk_order_review.html", company_obj, **context)


def _describe_quote(
    order_request: OrderRequest, tickets: list[Ticket], quote: Quote, *, currency: str, event: Event
) -> dict[str, Any]:
    """Return the people with their prices, the total, and the terms to pay and to be refunded."""
    price_rows = [make_line_row(line, currency=currency, zone=event.zone) for line in quote.lines]
    return {
        "people": list(zip(order_request.places, price_rows, strict=True)),
        "total": Money(quote.total, currency),
        "refunds": describe_ticket_refunds(event, _list_priced_tickets(order_request, tickets, quote)),
        "vat": [describe_vat(amount, currency) for amount in quote.vat_by_rate],
        "invoice_schedule": describe_invoice_schedule(event) if quote.total else "",
    }


def _list_priced_tickets(
    order_request: OrderRequest, tickets: Sequence[Ticket], quote: Quote
) -> list[Ticket]:
    """Return the tickets of the places that cost something."""
    slugs = {order_request.places[line.place_number].ticket for line in quote.lines if line.price}
    return [ticket for ticket in tickets if ticket.slug in slugs]


def _update_billing(request: HttpRequest, draft: DraftContent) -> None:
    names = [*BILLING_FIELDS, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}


def _idempotency_key(company: Company, nonce: str) -> str:
    return f"company:{company.pk}:{nonce}"


def _book_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> HttpResponse:
    """Place the order, or go back to the rows with the errors; the draft stays."""
    contact = require_signed_in(request.user)
    order_request = make_order_request(draft, company, contact.email or "")
    # The total that the contact saw: a price that changed meanwhile must not be ordered unseen.
    if (shown := parse_digits(request.POST.get("shown", ""))) is not None:
        order_request = replace(order_request, expected_total=shown)
    throttle_order(event, order_request)
    try:
        order = book_for_company(
            event=event,
            company=company,
            contact_person=contact,
            request=order_request,
            idempotency_key=_idempotency_key(company, draft.nonce),
        )
    # Back to the review, which shows the new price: nothing in the rows has to be corrected.
    except PriceChanged as error:
        messages.warning(request, str(error))
        return redirect("company-check", company.slug, event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        return _redirect_to_rows(request, company, event, error)
    delete_draft(request.session, make_draft_name(company, event))
    places = len(order_request.places)
    message = ngettext(
        "%(places)d place is booked: order %(reference)s.",
        "%(places)d places are booked: order %(reference)s.",
        places,
    )
    messages.success(request, message % {"places": places, "reference": order.reference})
    return redirect("company-order", company.slug, order.reference)


def _redirect_to_rows(
    request: HttpRequest, company: Company, event: Event, error: ConventionError
) -> HttpResponse:
    for sentence in _list_error_sentences(error):
        messages.error(request, f"{sentence} {_('Your entries have not been lost.')}")
    return redirect("company-register", company.slug, event.slug)


def _list_error_sentences(error: ConventionError) -> list[str]:
    if isinstance(error, InvalidFields):
        return list(
            dict.fromkeys(sentence for sentences in error.field_errors.values() for sentence in sentences)
        )
    return [str(error)]
