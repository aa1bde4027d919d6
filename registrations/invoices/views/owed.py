"""What is owed: the list, one receivable, its documents as PDF."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from convention.audit.record import record
from convention.downloads import PDF, attachment, download
from convention.events.models import Event

from ..advice import STATES, Facts, advise, state_of
from ..balance import Balance, balance_of
from ..doors import document_to_keep, receivable_to_keep, require_keeper
from ..draw_offers import pro_forma_pdf
from ..keep import paper_of
from ..listing import Filter, sheet_of, state_of_row, totals, with_numbers
from ..models import Invoice, Issuer, Payment, Receivable, Reminder
from ..owe_by_hand import is_by_hand
from ..standing import Standing, standing_of
from ..trail import history_of

PAGE = 50


def page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    """A page of the treasurer's."""
    return render(request, f"invoices/{template}.html", {"section": "money", **context})


def posted(request: HttpRequest) -> QueryDict | None:
    """What was filled in, where a form was sent."""
    return request.POST if request.method == "POST" else None


@require_GET
def money(request: HttpRequest) -> HttpResponse:
    """Everything owed, searched and filtered, page by page."""
    require_keeper(request.user)
    chosen = Filter.of(request.GET)
    rows = chosen.apply(today=timezone.localdate())
    shown = Paginator(with_numbers(rows), PAGE).get_page(request.GET.get("page"))
    return page(
        request,
        "list",
        shown=shown,
        rows=[(row, state_of_row(row)) for row in shown],
        totals=totals(rows),
        chosen=chosen,
        is_filtered=chosen != Filter(),
        states=[(state.value, label) for state, label in STATES.items()],
        labels=STATES,
        events=list(Event.objects.filter(pk__in=Receivable.objects.values("event")).order_by("-starts_at")),
        issuer=Issuer.current(),
    )


@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponse:
    """The same list as a file, all pages of it."""
    require_keeper(request.user)
    rows = Filter.of(request.GET).apply(today=timezone.localdate())
    record("receivables.export", "receivables", fields=[kind])
    return download(sheet_of(rows), name=_("receivables"), kind=kind)


@require_GET
def owed(request: HttpRequest, owed: str) -> HttpResponse:
    """One receivable: charges, documents, money, balance, and what to do."""
    found = receivable_to_keep(owed, request.user)
    standing, balance, today = standing_of(found), balance_of(found), timezone.localdate()
    documents = list(found.invoices.select_related("origin").order_by("issued_on", "pk"))
    payments = list(found.payments.select_related("payout"))
    facts = facts_of(balance, standing, documents, payments)
    asking = [document.due_on for document in documents if not document.is_credit_note]
    state = state_of(balance.owed, balance.due, first_due=min(asking, default=None), today=today)
    return page(
        request,
        "owed",
        receivable=found,
        balance=balance,
        state=STATES[state],
        advice=advise(facts, today=today),
        charges=list(found.charges.all()),
        documents=[(document, bool(standing.of(document))) for document in documents],
        payments=with_refundable(payments, found),
        refunds=list(found.refunds.select_related("payment")),
        uninvoiced=facts.uninvoiced,
        reminders=list(Reminder.objects.filter(invoice__receivable=found).select_related("invoice")),
        is_by_hand=is_by_hand(found),
        history=history_of(found, documents),
    )


def facts_of(
    balance: Balance, standing: Standing, documents: list[Invoice], payments: list[Payment]
) -> Facts:
    """What `advise` decides upon."""
    asking = [document for document in documents if not document.is_credit_note and standing.of(document)]
    return Facts(
        balance=balance,
        uninvoiced=sum(charge.amount for charge in standing.uninvoiced),
        to_credit=sum(line.invoice.sign * line.amount for line in standing.to_credit),
        due_on=min((document.due_on for document in asking), default=None),
        payments=[(payment.amount, payment.received_on) for payment in payments],
    )


def with_refundable(payments: list[Any], receivable: Receivable) -> list[tuple[Any, int]]:
    """Each payment with the cents of it that can be given back."""
    given: dict[int, int] = {}
    for refund in receivable.refunds.standing():
        given[refund.payment_id] = given.get(refund.payment_id, 0) + refund.amount
    return [(payment, payment.amount - given.get(payment.pk, 0)) for payment in payments]


@require_safe
def pro_forma(request: HttpRequest, owed: str) -> HttpResponse:
    """What the invoice will say, before it is issued."""
    found = receivable_to_keep(owed, request.user)
    return attachment(pro_forma_pdf(found), name=f"pro-forma-{found.reference}.pdf", mimetype=PDF)


@require_safe
def paper(request: HttpRequest, invoice: int) -> HttpResponse:
    """An issued document as its Factur-X PDF."""
    document = document_to_keep(invoice, request.user)
    return attachment(paper_of(document), name=f"{document.number}.pdf", mimetype=PDF)
