"""Pages of accounting: VAT, FEC download, payouts, day books and the issuer."""

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.tables.downloads import attachment_response, table_response, zip_response
from convention.text.dates import format_date
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.invoices.accounting.close_period import close_period
from registrations.invoices.accounting.day_book import (
    build_day_book_sheet,
    build_day_books,
    has_foreign_currency,
)
from registrations.invoices.accounting.exported_months import record_export
from registrations.invoices.accounting.fec_export import build_fec_filename, render_fec, zip_with_notice
from registrations.invoices.accounting.journal_entries import (
    FOREIGN_CURRENCY_NOTICE,
    compute_explained_amount,
    list_foreign_documents,
)
from registrations.invoices.accounting.vat_option import VatOptionEffect, compute_vat_option_effect
from registrations.invoices.accounting.vat_report import build_vat_report
from registrations.invoices.documents.invoice_writer import require_issuer
from registrations.invoices.documents.issuer import save_issuer
from registrations.invoices.forms.actions import BankLineForm, ClosePeriodForm, PeriodForm
from registrations.invoices.forms.issuer import IssuerForm
from registrations.invoices.ledger.payments import link_payout_to_bank_line
from registrations.invoices.models import Issuer, Payment, Payout, Receivable
from registrations.invoices.permissions import get_payout_for_treasurer, require_treasurer
from registrations.invoices.vat_exemptions import VAT_EXEMPTIONS

from .receivables import list_billed_events, render_page

MAX_PAYOUTS_SHOWN = 500


@require_GET
def accounting_overview(request: HttpRequest) -> HttpResponse:
    """Show the VAT of a period, offer its journal entries, and link to the accounts of each event."""
    require_treasurer(request.user)
    issuer = Issuer.get_current()
    # VAT is declared for the previous month.
    form = PeriodForm(request.GET if request.GET else PeriodForm.get_last_month())
    rows, foreign, unbooked_lines = [], [], ""
    if issuer and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        rows, foreign = (
            build_vat_report(first, last, vat_due=issuer.vat_due),
            list_foreign_documents(first, last),
        )
        unbooked_lines = hooks.unbooked_bank_lines.provider()(first, last)
    return render_page(
        request,
        "accounting",
        form=form,
        issuer=issuer,
        rows=[(row, getattr(VAT_EXEMPTIONS.get(row.exemption), "legal_text", "")) for row in rows],
        foreign_documents=foreign,
        unbooked_lines=unbooked_lines,
        events=list_billed_events(),
        foreign_notice=FOREIGN_CURRENCY_NOTICE,
        net_cents=sum(row.net_cents for row in rows),
        vat_cents=sum(row.vat_cents for row in rows),
    )


@require_GET
def fec_download(request: HttpRequest) -> HttpResponse:
    """Download the entries of a period as FEC; zipped with a notice if documents are left out."""
    require_treasurer(request.user)
    form = PeriodForm(request.GET)
    if not form.is_valid():
        raise ConventionError(_("Enter the first and the last day of the entries."))
    issuer, period = require_issuer(), form.cleaned_data
    content = render_fec(issuer, period["first"], period["last"])
    record_export(period["first"], period["last"])
    name = build_fec_filename(issuer, period["last"])
    # The format has no place for a remark.
    if foreign := list_foreign_documents(period["first"], period["last"]):
        return zip_response(zip_with_notice(content, name, foreign), name=name.removesuffix(".txt"))
    return attachment_response(content, name=name, mimetype="text/plain; charset=utf-8")


@require_safe_or_post
def period_close(request: HttpRequest) -> HttpResponse:
    """Close the accounts until a day, by default the end of the last month."""
    require_treasurer(request.user)
    issuer = require_issuer()
    last_day = PeriodForm.get_last_month()["last"]
    is_closed = issuer.closed_until is not None and last_day <= issuer.closed_until
    form = ClosePeriodForm(get_posted_data(request), initial={} if is_closed else {"last_day": last_day})
    if request.method == "POST" and form.is_valid():
        try:
            close_period(last_day=form.cleaned_data["last_day"])
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            sentence = _("The accounts are closed until %(day)s.")
            messages.success(request, sentence % {"day": format_date(form.cleaned_data["last_day"])})
            return redirect("accounting")
    return render_page(request, "close_period", form=form, issuer=issuer)


@require_GET
def payout_list(request: HttpRequest) -> HttpResponse:
    """List the payouts of the card processor with the amounts that explain them."""
    require_treasurer(request.user)
    rows = Payout.objects.prefetch_related("payments", "refunds")[:MAX_PAYOUTS_SHOWN]
    return render_page(request, "payouts", rows=[(row, compute_accounted_amount(row)) for row in rows])


def compute_accounted_amount(payout: Payout) -> int | None:
    """Return the cents that explain a payout, including sums sent again, or None if unknown."""
    explained = compute_explained_amount(payout)
    return None if explained is None else explained + (payout.resent_amount or 0)


def compute_unexplained_amount(payout: Payout) -> int:
    """Return the cents beyond payments, refunds and resent sums, such as dispute fees."""
    paid = sum(payment.amount - payment.fee for payment in payout.payments.all())
    refunded = sum(refund.amount for refund in payout.refunds.all())
    return (
        payout.amount - paid + refunded - (payout.resent_amount or 0)
        if payout.settled_amount is not None
        else 0
    )


@require_safe_or_post
def payout_detail(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Show a payout with its payments and refunds; a POST notes its bank statement line."""
    payout = get_payout_for_treasurer(payout_id, request.user)
    form = BankLineForm(get_posted_data(request), initial={"bank_line": payout.bank_line})
    if request.method == "POST" and form.is_valid():
        link_payout_to_bank_line(payout=payout, bank_line=form.cleaned_data["bank_line"])
        messages.success(request, _("The bank statement line has been saved."))
        return redirect("payouts")
    receivables = Prefetch("receivable", Receivable.objects.with_first_attendee())
    payments = list(payout.payments.prefetch_related(receivables))
    return render_page(
        request,
        "payout",
        payout=payout,
        form=form,
        payments=payments,
        refunds=list(payout.refunds.prefetch_related(receivables)),
        fees=sum(payment.fee for payment in payments) + (payout.other_fees or 0),
        rest=compute_unexplained_amount(payout),
        explained=compute_accounted_amount(payout),
    )


@require_GET
def day_book_page(request: HttpRequest, event_slug: str) -> HttpResponse:
    """Show the day books of an event."""
    require_treasurer(request.user)
    event = get_object_or_404(Event, slug=event_slug)
    books = build_day_books(event)
    labels = dict(Payment.Method.choices)
    return render_page(
        request,
        "day_book",
        books=[(book, [(method, labels[method]) for method in book.methods]) for book in books],
        is_foreign=has_foreign_currency(books),
        foreign_notice=FOREIGN_CURRENCY_NOTICE,
        day_book_event=event,
    )


@require_GET
def day_book_download(request: HttpRequest, event_slug: str, kind: str) -> HttpResponse:
    """Download the day books of an event as CSV or XLSX."""
    require_treasurer(request.user)
    event = get_object_or_404(Event, slug=event_slug)
    record_action("day_book.export", event, event=event, fields=[kind])
    return table_response(
        build_day_book_sheet(build_day_books(event)), name=f"{event.slug}-{_('day-book')}", kind=kind
    )


@require_safe_or_post
def issuer_edit(request: HttpRequest) -> HttpResponse:
    """Edit the issuer."""
    require_treasurer(request.user)
    stored = Issuer.get_current()
    # Another object than `stored`, because the form changes its instance.
    form = IssuerForm(get_posted_data(request), instance=Issuer.get_current() or Issuer())
    effect = None
    if request.method == "POST" and form.is_valid():
        effect = _find_unconfirmed_effect(request, form, stored)
    if request.method == "POST" and form.is_valid() and effect is None:
        save_issuer(issuer=form.build_issuer(), changed_fields=form.changed_fields)
        messages.success(request, _("The issuer’s settings have been saved."))
        return redirect("issuer")
    # Shown as a group of their own.
    accounts = [form[name] for name in form.fields if name.startswith("account_")]
    return render_page(request, "issuer", form=form, accounts=accounts, effect=effect, stored=stored)


def _find_unconfirmed_effect(
    request: HttpRequest, form: IssuerForm, stored: Issuer | None
) -> VatOptionEffect | None:
    """Return what another option of VAT would change, None if that is nothing or was confirmed."""
    vat_due = form.cleaned_data["vat_due"]
    if stored is None or vat_due in (stored.vat_due, request.POST.get("confirmed_vat_due")):
        return None
    effect = compute_vat_option_effect(stored, vat_due=vat_due)
    return None if effect.is_empty else effect
