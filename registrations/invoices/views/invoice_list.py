"""Pages of the list of invoices and credit notes."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from convention.audit.record import record_action
from convention.tables.downloads import table_response, zip_response
from registrations.invoices.accounting.invoice_list import (
    INVOICE_STATE_LABELS,
    InvoiceFilter,
    TooManyDocuments,
    build_invoices_sheet,
    describe_invoice_state,
    sum_invoices_by_currency,
    zip_invoice_pdfs,
)
from registrations.invoices.forms.actions import OptionalPeriodForm
from registrations.invoices.models import Invoice
from registrations.invoices.permissions import require_treasurer

from .receivables import render_page

PAGE_SIZE = 50


@require_GET
def invoice_list(request: HttpRequest) -> HttpResponse:
    """List invoices and credit notes, with search, filters and totals."""
    require_treasurer(request.user)
    form, active_filter = _read_filter(request)
    today = timezone.localdate()
    rows = active_filter.list_invoices(today=today)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render_page(
        request,
        "invoice_list",
        form=form,
        page_obj=page,
        rows=[(row, describe_invoice_state(row, today=today)) for row in page],
        totals=sum_invoices_by_currency(rows),
        active_filter=active_filter,
        is_filtered=active_filter != InvoiceFilter(),
        kinds=Invoice.Kind.choices,
        states=[(state.value, label) for state, label in INVOICE_STATE_LABELS.items()],
    )


def _read_filter(request: HttpRequest) -> tuple[OptionalPeriodForm, InvoiceFilter]:
    """Return the form of the period, and the filter; a wrong period filters by no day."""
    form = OptionalPeriodForm(request.GET)
    days = form.cleaned_data if form.is_valid() else {}
    active_filter = InvoiceFilter.from_query(request.GET, first=days.get("first"), last=days.get("last"))
    return form, active_filter


@require_GET
def invoice_list_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Download the filtered list as CSV or XLSX."""
    require_treasurer(request.user)
    _form, active_filter = _read_filter(request)
    today = timezone.localdate()
    record_action("invoices.export", "invoices", fields=[kind])
    sheet = build_invoices_sheet(active_filter.list_invoices(today=today), today=today)
    return table_response(sheet, name=_("invoices"), kind=kind)


@require_GET
def invoice_pdfs_download(request: HttpRequest) -> HttpResponse:
    """Download the PDFs of the filtered list as a zip."""
    require_treasurer(request.user)
    _form, active_filter = _read_filter(request)
    try:
        content = zip_invoice_pdfs(active_filter.list_invoices(today=timezone.localdate()))
    except TooManyDocuments as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('invoice-list')}?{request.GET.urlencode()}")
    record_action("invoices.export", "invoices", fields=["zip"])
    return zip_response(content, name=_("invoices"))
