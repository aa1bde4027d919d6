"""Invoices, receipts and pro forma invoices of an order, for its buyer."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.errors import ConventionError, NotFound
from convention.tables.downloads import inline_response
from registrations.billing.receivables import calculate_amount_owed, sync_receivable_for_reader, was_paid
from registrations.invoices.documents.buyer_document import render_buyer_document
from registrations.invoices.documents.invoice_writer import MissingIssuer
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.models.documents import Invoice
from registrations.models import Order
from registrations.permissions import get_order_by_link


class ProFormaUnavailable(ConventionError):
    """The event has no issuer of invoices yet, which the buyer cannot change."""

    kind = "no-issuer"
    status = 409


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
        _render_order_document(link_access.order), name=f"{link_access.order.reference}.pdf"
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


def _render_order_document(order: Order) -> bytes:
    """Return the invoice of an order as a PDF; without one, a receipt or a pro forma invoice.

    Raise ProFormaUnavailable, or NothingToIssue where the order owes nothing.
    """
    try:
        # The receivable is made here if need be: an order just placed may not be billed yet.
        return render_buyer_document(sync_receivable_for_reader(order))
    except MissingIssuer as error:
        raise ProFormaUnavailable(
            _("Pro forma invoices are not available for this event yet. Ask the organizer for one.")
        ) from error
