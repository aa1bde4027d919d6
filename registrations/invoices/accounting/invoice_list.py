"""The treasurer's list of invoices and credit notes: filters, export and the PDFs of a period."""

import datetime
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.db.models import BigIntegerField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from convention.errors import ConventionError
from convention.tables.downloads import TableSheet
from convention.text.normalize import casefold_text, normalize_whitespace
from registrations.invoices.documents.pdf_archive import get_invoice_pdf
from registrations.invoices.ledger.receivable_list import sum_payable_until_then
from registrations.invoices.models import Invoice, Receivable

# More would take too long for a request, and too much memory.
MAX_PDFS_IN_ZIP: Final = 400
# A PDF that the worker has not rendered yet takes a second of the request.
MAX_PDFS_TO_RENDER: Final = 15


class InvoiceState(StrEnum):
    """State of a document; the values are part of addresses (`?state=`)."""

    OPEN = "open"
    OVERDUE = "overdue"
    PAID = "paid"
    CREDITED = "credited"
    CREDIT_NOTE = "credit_note"


INVOICE_STATE_LABELS: dict[InvoiceState, str | Promise] = {
    InvoiceState.OPEN: gettext_lazy("to be paid"),
    InvoiceState.OVERDUE: gettext_lazy("overdue"),
    InvoiceState.PAID: gettext_lazy("paid"),
    InvoiceState.CREDITED: pgettext_lazy("invoice", "credited"),
}


@dataclass(frozen=True)
class InvoiceFilter:
    """Filter of the list; empty fields match everything. Both days are included."""

    search_text: str = ""
    kind: str = ""
    state: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None

    @classmethod
    def from_query(
        cls,
        query: Mapping[str, str],
        *,
        first: datetime.date | None = None,
        last: datetime.date | None = None,
    ) -> "InvoiceFilter":
        """Return the filter for the query parameters q, kind and state, and for a period."""
        # Cut first: each word of the search adds a condition to the query.
        values = {name: normalize_whitespace(query.get(name, "")[:300]) for name in ("q", "kind", "state")}
        return cls(values["q"], values["kind"], values["state"], first, last)

    def list_invoices(self, *, today: datetime.date) -> QuerySet[Invoice]:
        """Return the matching documents, the newest first, annotated for `derive_invoice_state`."""
        rows = annotate_invoices().select_related("receivable", "origin").order_by("-issued_on", "-pk")
        if self.first:
            rows = rows.filter(issued_on__gte=self.first)
        if self.last:
            rows = rows.filter(issued_on__lte=self.last)
        if self.kind in Invoice.Kind.values:
            rows = rows.filter(kind=self.kind)
        if self.state in set(InvoiceState):
            rows = rows.filter(_make_state_condition(InvoiceState(self.state), today))
        for word in self.search_text.split():
            # The snapshot has the buyer as printed; the receivable's text ignores accents and capitals.
            is_found = Q(number__icontains=word) | Q(buyer_name__icontains=word)
            rows = rows.filter(is_found | Q(receivable__search_text__contains=casefold_text(word)))
        return rows


def annotate_invoices() -> QuerySet[Invoice]:
    """Return all documents with `payable`, `retained` and `credited`, in cents.

    As in `compute_unpaid_cents`, payments cover the invoices of a receivable in the order of their issue.
    """
    balance = Receivable.objects.with_balance().filter(pk=OuterRef("receivable"))
    retained = ExpressionWrapper(F("amount_paid") - F("amount_refunded"), BigIntegerField())
    credit_notes = Invoice.objects.filter(origin=OuterRef("pk")).order_by().values("origin")
    return Invoice.objects.annotate(
        payable=Subquery(sum_payable_until_then()),
        retained=Subquery(balance.annotate(retained=retained).values("retained")),
        credited=Coalesce(Subquery(credit_notes.annotate(sum=Sum("total")).values("sum")), 0),
    )


def _make_state_condition(state: InvoiceState, today: datetime.date) -> Q:
    """Return the condition of a state; it must agree with `derive_invoice_state`."""
    is_credit_note = Q(kind=Invoice.Kind.CREDIT_NOTE)
    is_credited = Q(credited__gte=F("total"))
    is_unpaid = ~is_credit_note & ~is_credited & Q(payable__gt=F("retained"))
    return {
        InvoiceState.CREDIT_NOTE: is_credit_note,
        InvoiceState.CREDITED: ~is_credit_note & is_credited,
        InvoiceState.OVERDUE: is_unpaid & Q(due_on__lt=today),
        InvoiceState.OPEN: is_unpaid & Q(due_on__gte=today),
        InvoiceState.PAID: ~is_credit_note & ~is_credited & Q(payable__lte=F("retained")),
    }[state]


def derive_invoice_state(row: Any, *, today: datetime.date) -> InvoiceState:
    """Return the state of a row of `annotate_invoices`."""
    if row.is_credit_note:
        return InvoiceState.CREDIT_NOTE
    if row.credited >= row.total:
        return InvoiceState.CREDITED
    if row.payable <= row.retained:
        return InvoiceState.PAID
    return InvoiceState.OVERDUE if row.due_on < today else InvoiceState.OPEN


def describe_invoice_state(row: Any, *, today: datetime.date) -> str:
    """Return the state in words; a credit note names the invoice that it credits."""
    state = derive_invoice_state(row, today=today)
    if state == InvoiceState.CREDIT_NOTE:
        return _("credits %(number)s") % {"number": row.origin.number}
    return str(INVOICE_STATE_LABELS[state])


def sum_invoices_by_currency(rows: QuerySet[Invoice]) -> dict[str, int]:
    """Return the gross cents of the documents by currency; credit notes count as negative."""
    totals: dict[str, int] = {}
    sums = rows.order_by().values_list("currency", "kind").annotate(sum=Sum("total"))
    for currency, kind, cents in sums:
        sign = -1 if kind == Invoice.Kind.CREDIT_NOTE else 1
        totals[currency] = totals.get(currency, 0) + sign * cents
    return totals


def build_invoices_sheet(rows: QuerySet[Invoice], *, today: datetime.date) -> TableSheet:
    """Return the list for CSV or XLSX; the amounts of credit notes are negative."""
    header = [
        _("Number"), _("Type"), _("Date"), _("Due on"), _("Buyer"), _("Reference"), _("Without VAT"),
        _("VAT"), _("Total"), _("Currency"), _("Status"),
    ]  # fmt: skip
    return TableSheet(_("Invoices"), header, _iter_sheet_rows(rows, today))


def _iter_sheet_rows(rows: QuerySet[Invoice], today: datetime.date) -> Iterator[list[Any]]:
    for row in rows.iterator(chunk_size=1000):
        yield [
            row.number,
            row.get_kind_display(),
            row.issued_on,
            row.due_on,
            row.buyer_name,
            row.receivable.reference,
            *(row.sign * Decimal(cents) / 100 for cents in (row.net, row.vat, row.total)),
            row.currency,
            describe_invoice_state(row, today=today),
        ]


class TooManyDocuments(ConventionError):
    kind = "too-many-documents"
    status = 409


def zip_invoice_pdfs(rows: QuerySet[Invoice]) -> bytes:
    """Return a zip of the PDFs. Raise TooManyDocuments."""
    documents = list(rows[: MAX_PDFS_IN_ZIP + 1])
    if len(documents) > MAX_PDFS_IN_ZIP:
        sentence = ngettext(
            "A download has at most %(count)d PDF. Choose a shorter period.",
            "A download has at most %(count)d PDFs. Choose a shorter period.",
            MAX_PDFS_IN_ZIP,
        )
        raise TooManyDocuments(sentence % {"count": MAX_PDFS_IN_ZIP})
    if rows.filter(pdf=None).count() > MAX_PDFS_TO_RENDER:
        raise TooManyDocuments(_("Some PDFs are still being prepared. Try again in a few minutes."))
    return _write_zip(documents)


def _write_zip(documents: Iterable[Invoice]) -> bytes:
    file = io.BytesIO()
    # A PDF is compressed already.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for document in documents:
            # Numbers may contain slashes, which would make folders.
            archive.writestr(f"{document.number.replace('/', '-')}.pdf", get_invoice_pdf(document))
    return file.getvalue()
