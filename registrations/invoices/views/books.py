"""The books: VAT of a period, the file of entries, lump sums, an event's days, and who invoices."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from convention.audit.record import record
from convention.downloads import archive, attachment, download
from convention.errors import ConventionError
from convention.events.models import Event

from ..books import LEFT_OUT, explained, left_out
from ..change_issuer import change_issuer
from ..day_book import day_books, is_foreign, sheet_of
from ..documents import issuer_now
from ..doors import payout_to_keep, require_keeper
from ..exemptions import EXEMPTIONS
from ..fec import fec, fec_name, with_note
from ..forms.acts import BankLineForm
from ..forms.issuer import IssuerForm
from ..forms.period import PeriodForm
from ..models import Issuer, Payment, Payout
from ..pay import match_payout
from ..vat import vat_report
from .owed import page, posted

MOST = 500


@require_GET
def books(request: HttpRequest) -> HttpResponse:
    """VAT of a period, and the file of its entries."""
    require_keeper(request.user)
    issuer = Issuer.current()
    form = PeriodForm(request.GET if request.GET else PeriodForm.usual())
    rows, foreign = [], []
    if issuer and form.is_valid():
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        rows, foreign = vat_report(first, last, vat_due=issuer.vat_due), left_out(first, last)
    return page(
        request,
        "books",
        form=form,
        issuer=issuer,
        rows=[(row, getattr(EXEMPTIONS.get(row.exemption), "mention", "")) for row in rows],
        foreign=foreign,
        left_out=LEFT_OUT,
        net=sum(row.net for row in rows),
        vat=sum(row.vat for row in rows),
    )


@require_GET
def entries(request: HttpRequest) -> HttpResponse:
    """The entries of a period in the columns of the tax office."""
    require_keeper(request.user)
    form = PeriodForm(request.GET)
    if not form.is_valid():
        raise ConventionError(_("Say from which day to which the entries are."))
    issuer, period = issuer_now(), form.cleaned_data
    content = fec(issuer, period["first"], period["last"])
    record("books.export", "fec", fields=["fec"])
    name = fec_name(issuer, period["last"])
    if foreign := left_out(period["first"], period["last"]):
        return archive(with_note(content, name, foreign), name=name.removesuffix(".txt"))
    return attachment(content, name=name, mimetype="text/plain; charset=utf-8")


@require_GET
def payouts(request: HttpRequest) -> HttpResponse:
    """Lump sums of the card processor beside what they are made of."""
    require_keeper(request.user)
    rows = Payout.objects.prefetch_related("payments", "refunds")[:MOST]
    return page(request, "payouts", rows=[(row, accounted_for(row)) for row in rows])


def accounted_for(payout: Payout) -> int | None:
    """What explains a lump sum, with what was sent before and is explained there; None where nothing does."""
    known = explained(payout)
    return None if known is None else known + (payout.sent_again or 0)


def rest_of(payout: Payout) -> int:
    """Cents of a lump sum beyond payments, refunds and sums sent again: disputes, other fees."""
    paid = sum(payment.amount - payment.fee for payment in payout.payments.all())
    back = sum(refund.amount for refund in payout.refunds.all())
    return payout.amount - paid + back - (payout.sent_again or 0) if payout.settled is not None else 0


@require_http_methods(["GET", "POST"])
def payout(request: HttpRequest, payout: int) -> HttpResponse:
    """One lump sum: its payments and refunds, and which line of the bank statement it is."""
    found = payout_to_keep(payout, request.user)
    form = BankLineForm(posted(request), initial={"bank_line": found.bank_line})
    if request.method == "POST" and form.is_valid():
        match_payout(payout=found, bank_line=form.cleaned_data["bank_line"])
        messages.success(request, _("The line of the bank statement is noted."))
        return redirect("money-payouts")
    payments = list(found.payments.select_related("receivable"))
    return page(
        request,
        "payout",
        payout=found,
        form=form,
        payments=payments,
        refunds=list(found.refunds.select_related("receivable")),
        fees=sum(payment.fee for payment in payments) + (found.fees or 0),
        rest=rest_of(found),
        explained=accounted_for(found),
    )


@require_GET
def day_book_page(request: HttpRequest, event: str) -> HttpResponse:
    """What an event took in, day by day."""
    require_keeper(request.user)
    found = get_object_or_404(Event, slug=event)
    books = day_books(found)
    labels = dict(Payment.Method.choices)
    shown = [(book, [(method, labels[method]) for method in book.methods]) for book in books]
    return page(request, "day_book", shown=shown, is_foreign=is_foreign(books), left_out=LEFT_OUT, of=found)


@require_GET
def day_book_file(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """The same as a file."""
    require_keeper(request.user)
    found = get_object_or_404(Event, slug=event)
    record("day_book.export", found, event=found, fields=[kind])
    return download(sheet_of(day_books(found)), name=f"{found.slug}-{_('day-book')}", kind=kind)


@require_http_methods(["GET", "POST"])
def issuer(request: HttpRequest) -> HttpResponse:
    """Who invoices."""
    require_keeper(request.user)
    form = IssuerForm(posted(request), instance=Issuer.current() or Issuer())
    if request.method == "POST" and form.is_valid():
        change_issuer(issuer=form.issuer(), fields=form.changed_fields)
        messages.success(request, _("The issuer’s settings are saved."))
        return redirect("money-issuer")
    accounts = [form[name] for name in form.fields if name.startswith("account_")]
    return page(request, "issuer", form=form, accounts=accounts)
