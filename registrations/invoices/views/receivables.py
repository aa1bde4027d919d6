"""Pages of receivables: list, detail, export, PDF downloads and entry by hand."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from convention.audit.record import record_action
from convention.errors import ConventionError, NotFound
from convention.events.models import Event
from convention.tables.downloads import PDF_TYPE, attachment_response, table_response
from convention.text.countries import get_foreign_country_name
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.documents.invoiced_balance import (
    InvoicedBalance,
    load_invoiced_balance,
    select_unpaid_invoices,
)
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.documents.quotation_pdf import render_pro_forma_pdf
from registrations.invoices.forms.manual_charges import (
    ManualLineFormSet,
    build_items,
    list_initial_lines,
)
from registrations.invoices.ledger.advice import (
    STATE_LABELS,
    ReceivableFacts,
    ReceivableState,
    list_advice,
)
from registrations.invoices.ledger.audit_trail import list_audit_entries
from registrations.invoices.ledger.balance import ReceivableBalance, compute_balance
from registrations.invoices.ledger.charges import describe_charges
from registrations.invoices.ledger.manual_charges import (
    has_manual_charges,
    replace_manual_charges,
)
from registrations.invoices.ledger.receivable_list import (
    ReceivableFilter,
    annotate_receivables,
    build_receivables_sheet,
    compute_totals,
    derive_row_state,
    list_ids_by_urgency,
    load_list_values,
    prefetch_invoices,
    search_quotations,
)
from registrations.invoices.membership_dues import list_memberships_to_invoice
from registrations.invoices.models import Invoice, Issuer, Payment, Receivable, Refund
from registrations.invoices.permissions import (
    get_invoice_for_treasurer,
    get_receivable_for_treasurer,
    require_treasurer,
)
from registrations.invoices.reminders import number_reminders, will_any_be_reminded
from registrations.invoices.uninvoiced import count_uninvoiced

PAGE_SIZE = 50


def render_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """Render a page in the section "money"."""
    return render(request, f"invoices/{template}.html", {"section": "money", **context})


@require_GET
def receivable_list(request: HttpRequest) -> HttpResponse:
    """List receivables, with search, filters and totals."""
    require_treasurer(request.user)
    active_filter = ReceivableFilter.from_query(request.GET)
    rows = active_filter.list_receivables(today=timezone.localdate())
    values = load_list_values(rows)
    page: Any = Paginator(list_ids_by_urgency(values), PAGE_SIZE).get_page(request.GET.get("page"))
    page_ids = list(page.object_list)
    found = prefetch_invoices(rows).filter(pk__in=page_ids)
    page.object_list = sorted(found, key=lambda row: page_ids.index(row.pk))
    totals = compute_totals(values)
    invoice_counts = count_uninvoiced(event_slug=active_filter.event)
    is_filtered = active_filter != ReceivableFilter()
    return render_page(
        request,
        "receivable_list",
        page_obj=page,
        rows=[(row, derive_row_state(row)) for row in page],
        totals=totals,
        active_filter=active_filter,
        is_filtered=is_filtered,
        states=[(state.value, label) for state, label in STATE_LABELS.items()],
        labels=STATE_LABELS,
        events=list_billed_events(),
        issuer=Issuer.get_current(),
        quotations=search_quotations(active_filter.search_text),
        dues_count=0 if is_filtered else len(list_memberships_to_invoice(today=timezone.localdate())),
        uninvoiced_count=invoice_counts.ready,
        incomplete_count=invoice_counts.incomplete,
        unsent_count=0 if active_filter.state else Refund.objects.to_send().count(),
        uncredited_count=(
            0
            if active_filter.state
            else sum(sums.count_state(ReceivableState.CREDIT_TO_ISSUE) for sums in totals)
        ),
    )


def list_billed_events() -> list[Event]:
    """Return the events with receivables, the latest first."""
    return list(Event.objects.filter(pk__in=Receivable.objects.values("event")).order_by("-starts_at"))


@require_GET
def receivable_export(request: HttpRequest, kind: str) -> HttpResponse:
    """Download the filtered list as CSV or XLSX."""
    require_treasurer(request.user)
    rows = ReceivableFilter.from_query(request.GET).list_receivables(today=timezone.localdate())
    record_action("receivables.export", "receivables", fields=[kind])
    return table_response(build_receivables_sheet(rows), name=_("receivables"), kind=kind)


@require_GET
def receivable_detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a receivable: charges, documents, payments, balance and recommendations."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    # Read once, for the table and for the name in the title.
    prefetch_related_objects([receivable], "charges")
    charge_texts, sent_reminders = describe_charges(receivable), number_reminders(receivable)
    invoiced_balance, today = load_invoiced_balance(receivable), timezone.localdate()
    # The row of the list, so that list and page agree on balance, due date and state.
    row: Any = annotate_receivables(today).get(pk=receivable.pk)
    balance = ReceivableBalance(row.amount_owed, row.amount_paid, row.amount_refunded)
    documents = list(
        receivable.invoices.select_related("origin")
        .prefetch_related("mails", "reminders")
        .order_by("issued_on", "pk")
    )
    # The latest first.
    unpaid_invoices = select_unpaid_invoices(reversed(documents), invoiced_balance, balance)
    payments = list(receivable.payments.select_related("payout"))
    refunds = list(receivable.refunds.prefetch_related("receivable__charges"))
    facts = build_facts(
        balance,
        invoiced_balance,
        documents,
        payments,
        unpaid_due_on=row.unpaid_due_on,
        cents_to_send=row.cents_to_send,
        cents_sent=sum_sent_cents(refunds),
    )
    return render_page(
        request,
        "receivable",
        receivable=receivable,
        foreign_country=get_foreign_country_name(receivable.country),
        balance=balance,
        state=STATE_LABELS[derive_row_state(row)],
        advice=list_advice(facts, today=today),
        charges=[(charge, charge_texts[charge.pk]) for charge in receivable.charges.all()],
        # The e-mail of the latest one states what is left to pay.
        claimed_document=next(iter(unpaid_invoices), None),
        is_reminded_again=will_any_be_reminded(unpaid_invoices, today=today),
        documents=[(document, bool(invoiced_balance.lines_of(document))) for document in documents],
        payments=pair_with_refundable(payments, receivable),
        refunds=refunds,
        needs_invoice=facts.needs_invoice,
        uninvoiced=facts.uninvoiced_cents,
        reminders=sent_reminders.numbered,
        reminder_count=sent_reminders.late_step_count,
        is_by_hand=has_manual_charges(receivable),
        history=list_audit_entries(receivable, documents, charge_texts),
    )


def build_facts(
    balance: ReceivableBalance,
    invoiced_balance: InvoicedBalance,
    documents: list[Invoice],
    payments: list[Payment],
    *,
    unpaid_due_on: datetime.date | None,
    cents_to_send: int = 0,
    cents_sent: int = 0,
) -> ReceivableFacts:
    """Return the input of `list_advice`."""
    payable_documents = [
        document
        for document in documents
        if not document.is_credit_note and invoiced_balance.lines_of(document)
    ]
    # Deposits that are too large are credited first.
    can_invoice = not invoiced_balance.has_excess_deposits
    uninvoiced_charges = invoiced_balance.uninvoiced_charges if can_invoice else []
    charged_cents = sum(charge.amount for charge in uninvoiced_charges)
    deposit_cents = sum(line.amount for line in invoiced_balance.undeducted_lines) if can_invoice else 0
    return ReceivableFacts(
        balance=balance,
        needs_invoice=charged_cents > 0,
        uninvoiced_cents=charged_cents - deposit_cents,
        has_invoiced_lines=bool(invoiced_balance.lines),
        cents_to_credit=sum(line.invoice.sign * line.amount for line in invoiced_balance.lines_to_credit),
        due_on=min((document.due_on for document in payable_documents), default=None),
        unpaid_due_on=unpaid_due_on,
        payments=[(payment.amount, payment.received_on) for payment in payments],
        cents_to_send=cents_to_send,
        cents_sent=cents_sent,
    )


def sum_sent_cents(refunds: Iterable[Refund]) -> int:
    """Return the cents of the refunds that left, or that the processor sends, without counter-entries."""
    return sum(
        refund.amount
        for refund in refunds
        if not refund.is_counter_entry
        and (
            refund.state == Refund.State.DONE
            or (refund.is_by_processor and refund.state == Refund.State.REQUESTED)
        )
    )


def pair_with_refundable(payments: list[Any], receivable: Receivable) -> list[tuple[Any, int]]:
    """Return each payment with the cents that can still be refunded."""
    refunded_cents: dict[int, int] = {}
    # In one query for all payments, unlike `compute_refundable`.
    for refund in receivable.refunds.active():
        refunded_cents[refund.payment_id] = refunded_cents.get(refund.payment_id, 0) + refund.amount
    return [(payment, payment.amount - refunded_cents.get(payment.pk, 0)) for payment in payments]


@require_safe
def pro_forma_download(request: HttpRequest, reference: str) -> HttpResponse:
    """Download a pro forma invoice of what is owed, or a receipt once it is paid."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    name = _("receipt") if compute_balance(receivable).is_paid else "pro-forma"
    return attachment_response(
        render_pro_forma_pdf(receivable), name=f"{name}-{receivable.reference}.pdf", mimetype=PDF_TYPE
    )


@require_safe
def invoice_download(request: HttpRequest, invoice_id: int) -> HttpResponse:
    """Download an issued document as Factur-X PDF."""
    document = get_invoice_for_treasurer(invoice_id, request.user)
    return attachment_response(get_invoice_pdf(document), name=f"{document.number}.pdf", mimetype=PDF_TYPE)


@require_safe_or_post
def receivable_edit(request: HttpRequest, reference: str) -> HttpResponse:
    """Change the lines of a receivable entered by hand; those of an order follow the order."""
    receivable = get_receivable_for_treasurer(reference, request.user)
    # Charges of an order are replaced with its next change, which would overwrite edited lines.
    if not has_manual_charges(receivable):
        raise NotFound(_("To change what is due for an order, change the order itself."))
    before = list(list_initial_lines(receivable))
    lines = ManualLineFormSet(get_posted_data(request), prefix="line", initial=before)
    if request.method == "POST" and lines.is_valid():
        try:
            replace_manual_charges(
                receivable=receivable, items=build_items(lines, {row["key"] for row in before})
            )
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The lines have been saved."))
            return redirect("receivable", receivable.reference)
    return render_page(request, "manual_charges", receivable=receivable, lines=lines)
