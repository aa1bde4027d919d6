"""A company's invoices and credit notes: of one order, and each as the file that was issued."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.club.doors import company_of_contact
from convention.downloads import inline

from ...invoices.balance import balance_of
from ...invoices.keep import paper_of
from ...invoices.models import Invoice, Receivable
from ..doors import orders_of
from .frame import page


@never_cache
@require_safe
def invoices(request: HttpRequest, company: str, reference: str) -> HttpResponse:
    """What was issued for an order, and what is left to pay."""
    found = company_of_contact(company, request.user)
    order = get_object_or_404(orders_of(found).select_related("event"), reference=reference)
    receivable = Receivable.objects.filter(reference=order.reference).first()
    context = {
        "order": order,
        "documents": Invoice.objects.filter(receivable=receivable) if receivable else [],
        "balance": balance_of(receivable) if receivable else None,
    }
    return page(request, "company/invoices.html", found, **context)


@never_cache
@require_safe
def invoice(request: HttpRequest, company: str, invoice: int) -> HttpResponse:
    """An issued document as its Factur-X PDF."""
    found = company_of_contact(company, request.user)
    ours = orders_of(found).values("reference")
    document = get_object_or_404(Invoice, pk=invoice, receivable__reference__in=ours)
    return inline(paper_of(document), name=f"{document.number}.pdf")
