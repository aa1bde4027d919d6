"""PDF of a receipt: that a payment was received, for what, and what is still due. It is no invoice."""

from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date
from convention.typeset import FontWeight
from registrations.invoices.formatting import format_cents
from registrations.invoices.ledger.balance import ReceivableBalance, compute_balance
from registrations.invoices.models import Invoice, Payment

from .invoice_pdf import draw_document
from .pdf_layout import PALE_INK_COLOR, TABLE_WIDTH, DocumentSheets
from .quotation_pdf import build_pro_forma, list_subject_facts


def render_receipt_pdf(payment: Payment) -> bytes:
    """Return the receipt of a payment in the buyer's language; a cancelled payment's says that it is void.

    Raise NothingToIssue or MissingIssuer.
    """
    receivable = payment.receivable
    with translation.override(receivable.language):
        document, lines = build_pro_forma(receivable)
        balance = compute_balance_before(payment)
        # A receipt opened later must say what the one handed out said.
        document.details["paid"] = max(0, min(document.total, balance.amount_retained))
        number = f"{receivable.reference}-{payment.pk}"
        facts = [(_("Date"), format_date(payment.received_on)), *list_subject_facts(document.details)]
        still_due = max(0, balance.amount_due - payment.amount)

        def draw_end(sheets: DocumentSheets, _document: Invoice) -> None:
            draw_payment_received(sheets, payment, still_due=still_due)

        return draw_document(document, lines, (_("Payment receipt"), number), facts, draw_end)


def compute_balance_before(payment: Payment) -> ReceivableBalance:
    """Return the balance as it was just before the payment, of what is owed today."""
    receivable = payment.receivable
    earlier_payments = receivable.payments.filter(pk__lt=payment.pk)
    earlier_refunds = receivable.refunds.active().filter(created_at__lt=payment.created_at)
    return ReceivableBalance(
        amount_owed=compute_balance(receivable).amount_owed,
        amount_paid=earlier_payments.aggregate(sum=Sum("amount"))["sum"] or 0,
        amount_refunded=earlier_refunds.aggregate(sum=Sum("amount"))["sum"] or 0,
    )


def draw_payment_received(sheets: DocumentSheets, payment: Payment, *, still_due: int) -> None:
    """Draw what was paid and how, the cents that were still due, and that an invoice is another document."""
    sheets.y += 18
    sheets.ensure_space(130)
    sheets.draw_total(
        _("Received, %(method)s") % {"method": payment.get_method_display()},
        format_cents(payment.amount, payment.currency),
        FontWeight.BOLD,
    )
    sheets.draw_total(_("Still due"), format_cents(still_due, payment.currency), FontWeight.REGULAR)
    sheets.y += 12
    if payment.is_cancelled:
        sheets.draw_paragraph(
            _("This payment was cancelled: the receipt is void."), FontWeight.BOLD, 11, width=TABLE_WIDTH
        )
        sheets.y += 6
    words = _("This receipt confirms the payment; it is not an invoice. The invoice is sent separately.")
    sheets.draw_paragraph(words, FontWeight.REGULAR, 8.5, width=TABLE_WIDTH, color=PALE_INK_COLOR)
