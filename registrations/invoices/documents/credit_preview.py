"""State what a credit note would do before it is issued."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from convention import hooks
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Invoice, InvoiceLine, Receivable

from .credit_notes import credit_invoice, credit_invoice_amount, credit_withdrawn_charges
from .invoice_writer import DraftLine
from .invoiced_balance import build_lines_to_invoice, load_invoiced_balance


@dataclass(frozen=True)
class CreditScope:
    """Part of an invoice to credit: an amount in cents, some lines by primary key, or all that is left."""

    amount: int | None = None
    line_ids: Collection[int] | None = None


@dataclass(frozen=True)
class CreditNotePreview:
    """Lines and total of a credit note, and what is due before and after it; amounts in cents.

    `excess_deposit_cents` were invoiced as deposits that no invoice deducts any more.
    """

    lines: Sequence[InvoiceLine]
    total: int
    due_before: int
    due_after: int
    excess_deposit_cents: int


@dataclass(frozen=True)
class WithdrawnCreditPreview:
    """Credit notes for what is no longer due, and the lines of the invoice that can follow."""

    credit_notes: Sequence[tuple[Invoice, Sequence[InvoiceLine]]]
    lines_to_invoice: Sequence[DraftLine]


@transaction.atomic
def issue_credit_note(
    *, invoice: Invoice, scope: CreditScope, reason: str, last_document_id: int | None = None
) -> Invoice:
    """Credit this part of an invoice, and queue the hook `confirm_credited`.

    Raise InvalidCredit or DocumentIssuedMeanwhile.
    """
    credit_note = _credit_scope(invoice, scope, reason, last_document_id)
    # A task, as for payments: orders are locked before receivables.
    hooks.confirm_credited.enqueue(invoice.receivable_id)
    return credit_note


def _credit_scope(invoice: Invoice, scope: CreditScope, reason: str, last_document_id: int | None) -> Invoice:
    if scope.amount is not None:
        return credit_invoice_amount(
            invoice=invoice, amount=scope.amount, reason=reason, last_document_id=last_document_id
        )
    return credit_invoice(
        invoice=invoice, line_ids=scope.line_ids, reason=reason, last_document_id=last_document_id
    )


@transaction.atomic
def preview_credit_note(
    *, invoice: Invoice, scope: CreditScope, reason: str, last_document_id: int | None = None
) -> CreditNotePreview:
    """Return what `issue_credit_note` would do, and roll it back. Raise the same."""
    receivable = invoice.receivable
    due_before = compute_balance(receivable).amount_due
    # The credit note itself is issued and rolled back, so that the preview cannot promise anything else. Its
    # hook is not queued: where tasks run at once, an e-mail would confirm what is rolled back.
    credit_note = _credit_scope(invoice, scope, reason, last_document_id)
    invoiced_balance = load_invoiced_balance(receivable)
    deposits = invoiced_balance.undeducted_lines if invoiced_balance.has_excess_deposits else []
    preview = CreditNotePreview(
        lines=list(credit_note.lines.all()),
        total=credit_note.total,
        due_before=due_before,
        due_after=compute_balance(receivable).amount_due,
        excess_deposit_cents=sum(line.amount for line in deposits),
    )
    transaction.set_rollback(True)
    return preview


@transaction.atomic
def preview_withdrawn_credit(
    *, receivable: Receivable, reason: str, last_document_id: int | None = None
) -> WithdrawnCreditPreview:
    """Return what `credit_withdrawn_charges` would do, and roll it back. Raise the same."""
    credit_notes = credit_withdrawn_charges(
        receivable=receivable, reason=reason, last_document_id=last_document_id
    )
    preview = WithdrawnCreditPreview(
        credit_notes=[(credit_note, list(credit_note.lines.all())) for credit_note in credit_notes],
        lines_to_invoice=build_lines_to_invoice(receivable),
    )
    transaction.set_rollback(True)
    return preview
