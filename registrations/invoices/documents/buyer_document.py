"""Choose the document that a buyer gets for their accounting: invoice, receipt or pro forma invoice."""

from dataclasses import dataclass
from enum import StrEnum

from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Invoice, Receivable

from .invoiced_balance import load_invoiced_balance
from .pdf_archive import get_invoice_pdf
from .quotation_pdf import render_pro_forma_pdf


class BuyerDocumentKind(StrEnum):
    INVOICE = "invoice"
    RECEIPT = "receipt"
    PRO_FORMA = "pro_forma"


@dataclass(frozen=True)
class BuyerDocument:
    """The kind of document, and the invoice if there is one."""

    kind: BuyerDocumentKind
    invoice: Invoice | None = None


def choose_buyer_document(receivable: Receivable | None) -> BuyerDocument:
    """Return the invoice of everything owed, else a receipt if it is paid, else a pro forma invoice.

    There is a receipt of the payments and refunds of a cancelled order too.
    """
    if receivable is None:
        return BuyerDocument(BuyerDocumentKind.PRO_FORMA)
    invoiced_balance = load_invoiced_balance(receivable)
    invoices = [line.invoice for line in invoiced_balance.lines if line.invoice.kind == Invoice.Kind.INVOICE]
    if invoices and not invoiced_balance.uninvoiced_charges:
        return BuyerDocument(BuyerDocumentKind.INVOICE, invoices[-1])
    # A pro forma invoice for something that is paid would invite a second payment.
    balance = compute_balance(receivable)
    has_receipt = balance.is_paid or balance.is_paid_without_debt
    return BuyerDocument(BuyerDocumentKind.RECEIPT if has_receipt else BuyerDocumentKind.PRO_FORMA)


def render_buyer_document(receivable: Receivable) -> bytes:
    """Return the PDF of the chosen document. Raise NothingToIssue or MissingIssuer."""
    invoice = choose_buyer_document(receivable).invoice
    return get_invoice_pdf(invoice) if invoice else render_pro_forma_pdf(receivable)
