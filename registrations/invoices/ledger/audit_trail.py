"""Audit trail of one receivable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.audit.models import AuditEntry
from registrations.invoices.formatting import format_cents
from registrations.invoices.models import Invoice, Receivable

ACTION_LABELS = {
    "receivable.owe": _("amount added"),
    "receivable.withdraw": _("amount cancelled"),
    "receivable.correct": _("buyer’s details corrected"),
    "invoice.issue": _("document issued"),
    "invoice.send": _("document e-mailed"),
    "invoice.send_refused": _("document refused by the mail server"),
    "invoice.remind": _("reminder sent"),
    "invoice.remind_refused": _("reminder refused by the mail server"),
    "payment.record": _("payment recorded"),
    "payment.cancel": _("payment cancelled"),
    "refund.request": _("refund recorded"),
    "refund.done": _("refund done"),
    "refund.fail": _("refund failed"),
    "dispute.open": _("payment disputed by the cardholder"),
    "dispute.lose": _("dispute lost"),
}
MAX_ENTRIES_SHOWN = 100


@dataclass(frozen=True)
class LabelledEntry:
    """Entry with its action in words; `detail` is the document's number, or the amount."""

    action_label: Any
    detail: str
    entry: AuditEntry


def list_audit_entries(receivable: Receivable, documents: Sequence[Invoice]) -> list[LabelledEntry]:
    """Return the latest entries of a receivable, its documents, payments and refunds."""
    # The trail stores subjects as text (app, model, id), so that entries outlive their rows.
    details = {f"invoices.receivable:{receivable.pk}": ""}
    details |= {f"invoices.invoice:{document.pk}": document.number for document in documents}
    # Of a cancelled payment the trail has the cancellation; its counter-entry would read as money returned.
    refunds = [refund for refund in receivable.refunds.all() if not refund.is_counter_entry]
    details |= {
        f"invoices.payment:{payment.pk}": format_cents(payment.amount, payment.currency)
        for payment in receivable.payments.all()
    }
    details |= {
        f"invoices.refund:{refund.pk}": format_cents(refund.amount, receivable.currency) for refund in refunds
    }
    entries = AuditEntry.objects.filter(subject__in=details).select_related("actor")[:MAX_ENTRIES_SHOWN]
    return [
        LabelledEntry(ACTION_LABELS.get(entry.verb, _("other change")), details[entry.subject], entry)
        for entry in entries
    ]
