"""Issue invoices and deposit invoices.

`create_document` (invoice_writer.py) assigns the number and writes the document, `finalize_document`
(pdf_archive.py) validates its XML; both in one transaction, so that a refusal leaves no gap in the numbering.
"""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from registrations.invoices.formatting import format_vat_rate
from registrations.invoices.ledger.charges import lock_receivable
from registrations.invoices.models import Invoice, InvoiceLine, Receivable
from registrations.invoices.tax_amounts import allocate_cents

from .invoice_writer import DocumentHeading, DraftLine, NothingToIssue, create_document
from .invoiced_balance import build_lines_to_invoice, load_invoiced_balance
from .pdf_archive import finalize_document


class InvalidDeposit(ConventionError):
    """The deposit is not a part of what is left to invoice."""

    kind = "bad-deposit"


class DocumentIssuedMeanwhile(ConventionError):
    """Another document was issued since the treasurer opened the page."""

    kind = "issued-meanwhile"
    status = 409


def get_last_document_id(receivable: Receivable) -> int:
    """Return the id of the receivable's last document, or 0."""
    return receivable.invoices.order_by("-pk").values_list("pk", flat=True).first() or 0


def check_last_document(receivable: Receivable, last_document_id: int | None) -> None:
    """Raise DocumentIssuedMeanwhile if this is not the last document; None is not checked.

    Call it on a locked receivable.
    """
    if last_document_id is None or last_document_id == get_last_document_id(receivable):
        return
    last = receivable.invoices.order_by("-pk").first()
    raise DocumentIssuedMeanwhile(
        _(
            "%(number)s has been issued since you opened this page. If you want another document, "
            "open the page again."
        )
        % {"number": last.number if last else ""}
    )


@transaction.atomic
def issue_invoice(
    *, receivable: Receivable, issued_on: datetime.date | None = None, replaced: Invoice | None = None
) -> Invoice:
    """Invoice all charges not invoiced yet, less deposits. Raise NothingToIssue or MissingIssuer.

    `replaced` is a credited invoice of the same amount, whose due date the new one keeps.
    """
    receivable = lock_receivable(receivable)
    heading = DocumentHeading(Invoice.Kind.INVOICE, replaced=replaced)
    document = create_document(receivable, heading, build_lines_to_invoice(receivable), issued_on)
    return finalize_document(document)


@transaction.atomic
def issue_deposit_invoice(
    *,
    receivable: Receivable,
    amount: int,
    issued_on: datetime.date | None = None,
    last_document_id: int | None = None,
) -> Invoice:
    """Invoice `amount` cents, VAT included, in advance; the later invoice deducts them.

    Raise InvalidDeposit if it exceeds what is left to invoice, and DocumentIssuedMeanwhile if
    `last_document_id` is not the receivable's last document.
    """
    receivable = lock_receivable(receivable)
    check_last_document(receivable, last_document_id)
    invoiced_balance = load_invoiced_balance(receivable)
    by_rate: dict[tuple[int, str], int] = defaultdict(int)
    for charge in invoiced_balance.uninvoiced_charges:
        by_rate[charge.vat_rate, charge.exemption] += charge.amount
    # Earlier deposits reduce the amount available for another one.
    for line in invoiced_balance.undeducted_lines:
        by_rate[line.vat_rate, line.exemption] -= line.amount
    parts = {rate: part for rate, part in by_rate.items() if part > 0}
    # A rate that earlier deposits overdrew is deducted from the invoice too.
    limit = max(0, min(sum(parts.values()), sum(by_rate.values())))
    if not 0 < amount <= limit:
        uninvoiced = receivable.as_money(limit)
        raise InvalidDeposit(
            _("A deposit must be less than the amount left to invoice: %(left)s.") % {"left": uninvoiced}
        )
    shares = allocate_cents(amount, list(parts.values()))
    with translation.override(receivable.language):
        lines = [
            DraftLine(describe_deposit(receivable, rate), 1, share, rate, exemption)
            for (rate, exemption), share in zip(parts, shares, strict=True)
            if share
        ]
    return finalize_document(
        create_document(receivable, DocumentHeading(Invoice.Kind.DEPOSIT), lines, issued_on)
    )


@dataclass(frozen=True)
class DepositPreview:
    """Lines and amounts of a deposit invoice, and what is left for the final invoice; amounts in cents."""

    lines: Sequence[InvoiceLine]
    total: int
    vat: int
    cents_left: int


@transaction.atomic
def preview_deposit_invoice(
    *, receivable: Receivable, amount: int, last_document_id: int | None = None
) -> DepositPreview:
    """Return what `issue_deposit_invoice` would issue, and roll it back. Raise the same."""
    # The document itself is issued and rolled back, so that the preview cannot promise anything else.
    document = issue_deposit_invoice(receivable=receivable, amount=amount, last_document_id=last_document_id)
    preview = DepositPreview(
        lines=list(document.lines.all()),
        total=document.total,
        vat=document.vat,
        cents_left=sum(line.gross_cents for line in build_lines_to_invoice(receivable)),
    )
    transaction.set_rollback(True)
    return preview


def describe_deposit(receivable: Receivable, rate: int) -> str:
    subject = receivable.subject or receivable.reference
    return _("Deposit on %(what)s, VAT at %(rate)s") % {"what": subject, "rate": format_vat_rate(rate)}


def get_or_issue_invoice(receivable: Receivable) -> Invoice:
    """Return a new invoice of everything not invoiced yet, or else the latest one.

    Raise NothingToIssue if there is neither, or MissingIssuer.
    """
    try:
        return issue_invoice(receivable=receivable)
    except NothingToIssue:
        # A second download of the same order must give the same invoice.
        last = receivable.invoices.exclude(kind=Invoice.Kind.CREDIT_NOTE).last()
        if last is None:
            raise
        return last
