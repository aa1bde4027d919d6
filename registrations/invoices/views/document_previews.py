"""Previews of credit notes and deposit invoices, in words and tables."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registrations.invoices.documents.credit_preview import CreditNotePreview, WithdrawnCreditPreview
from registrations.invoices.documents.invoice_writer import DraftLine
from registrations.invoices.documents.issuing import DepositPreview
from registrations.invoices.formatting import format_cents
from registrations.invoices.models import Invoice, InvoiceLine, Receivable

from .action_pages import ActionPreview, PreviewTable
from .document_delivery import describe_delivery


def describe_credit_preview(document: Invoice, preview: CreditNotePreview) -> ActionPreview:
    heading = _(
        "Credit note of %(total)s for invoice %(number)s. Once issued, it can no longer be changed."
    ) % {"total": format_cents(preview.total, document.currency), "number": document.number}
    sentences = [
        _("Balance due: %(before)s before the credit note, %(after)s after it.")
        % {
            "before": format_cents(max(0, preview.due_before), document.currency),
            "after": format_cents(max(0, preview.due_after), document.currency),
        }
    ]
    if preview.due_after < 0:
        overpaid = format_cents(-preview.due_after, document.currency)
        sentences.append(_("Overpaid after the credit note, to be refunded: %(sum)s.") % {"sum": overpaid})
    if preview.excess_deposit_cents:
        deposits = format_cents(preview.excess_deposit_cents, document.currency)
        sentences.append(
            _("The deposits of %(sum)s are then no longer deducted from an invoice: credit them too.")
            % {"sum": deposits}
        )
    sentences.extend(describe_delivery(document.receivable))
    return ActionPreview(
        heading=heading, sentences=sentences, tables=[PreviewTable(lines=build_draft_lines(preview.lines))]
    )


def describe_withdrawn_preview(receivable: Receivable, preview: WithdrawnCreditPreview) -> ActionPreview:
    """Return the credit notes for what is no longer due, and what is then left to invoice."""
    count = len(preview.credit_notes)
    total = sum(credit_note.total for credit_note, _lines in preview.credit_notes)
    tables = [
        # The lead paragraph names a single one.
        PreviewTable(
            heading=_describe_credit_note(credit_note) if count > 1 else "", lines=build_draft_lines(lines)
        )
        for credit_note, lines in preview.credit_notes
    ]
    cents_left = sum(line.gross_cents for line in preview.lines_to_invoice)
    if cents_left > 0:
        left = format_cents(cents_left, receivable.currency)
        heading = _("Left to invoice: %(left)s") % {"left": left}
        tables.append(PreviewTable(heading=heading, lines=preview.lines_to_invoice))
    heading = (
        _("%(count)d credit notes, %(total)s in total. Once issued, they can no longer be changed.")
        % {"count": count, "total": format_cents(total, receivable.currency)}
        if count > 1
        else _describe_final_credit_note(preview.credit_notes[0][0])
    )
    return ActionPreview(heading=heading, sentences=describe_delivery(receivable, count=count), tables=tables)


def _describe_credit_note(credit_note: Invoice) -> str:
    return _("Credit note of %(total)s for invoice %(number)s") % _get_credit_note_values(credit_note)


def _describe_final_credit_note(credit_note: Invoice) -> str:
    return _(
        "Credit note of %(total)s for invoice %(number)s. Once issued, it can no longer be changed."
    ) % _get_credit_note_values(credit_note)


def _get_credit_note_values(credit_note: Invoice) -> dict[str, str]:
    return {
        "total": format_cents(credit_note.total, credit_note.currency),
        # The constraint `credit_note_has_origin` requires it.
        "number": credit_note.origin.number if credit_note.origin else "",
    }


def describe_deposit_preview(receivable: Receivable, preview: DepositPreview) -> ActionPreview:
    """Return amount and VAT of a deposit invoice, and what the final invoice will ask for."""
    heading = _(
        "Deposit invoice of %(total)s, including %(vat)s VAT. Once issued, it can no longer be changed."
    ) % {
        "total": format_cents(preview.total, receivable.currency),
        "vat": format_cents(preview.vat, receivable.currency),
    }
    left = format_cents(preview.cents_left, receivable.currency)
    return ActionPreview(
        heading=heading,
        sentences=[
            _("Left for the next invoice: %(left)s.") % {"left": left},
            *describe_delivery(receivable),
        ],
        tables=[PreviewTable(lines=build_draft_lines(preview.lines))],
    )


def build_draft_lines(lines: Sequence[InvoiceLine]) -> list[DraftLine]:
    """Return the lines of a document that was rolled back, as the table shows them."""
    return [
        DraftLine(line.description, line.quantity, line.amount, line.vat_rate, line.exemption)
        for line in lines
    ]
