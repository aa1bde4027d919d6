"""A company's invoices and credit notes, by order and as PDF."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.club.permissions import get_company_of_contact
from convention.tables.downloads import inline_response
from registrations.company.permissions import list_company_orders
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Invoice, Receivable

from .desk import render_page


@never_cache
@require_safe
def invoice_list(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """Show the invoices of an order and its balance."""
    company_obj = get_company_of_contact(company, request.user)
    order = get_object_or_404(list_company_orders(company_obj).select_related("event"), reference=reference)
    receivable = Receivable.objects.filter(reference=order.reference).first()
    context = {
        "order": order,
        "documents": Invoice.objects.filter(receivable=receivable) if receivable else [],
        "balance": compute_balance(receivable) if receivable else None,
    }
    return render_page(request, "company/invoices.html", company_obj, **context)


@never_cache
@require_safe
def invoice_download(request: HttpRequest, company: str, invoice: int) -> HttpResponse:
    """Return an issued document as Factur-X PDF."""
    company_obj = get_company_of_contact(company, request.user)
    # Invoices belong to receivables, which know an order by its reference only.
    order_references = list_company_orders(company_obj).values("reference")
    document = get_object_or_404(Invoice, pk=invoice, receivable__reference__in=order_references)
    return inline_response(get_invoice_pdf(document), name=f"{document.number}.pdf")
