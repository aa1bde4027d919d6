"""Audit trail of one receivable."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.audit.models import AuditEntry
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


def list_audit_entries(receivable: Receivable, documents: Sequence[Invoice]) -> list[tuple[Any, AuditEntry]]:
    """Return the latest (label, entry) pairs of a receivable, its documents, payments and refunds."""
    # The trail stores subjects as text (app, model, id), so that entries outlive their rows.
    subjects = [f"invoices.receivable:{receivable.pk}"]
    subjects += [f"invoices.invoice:{document.pk}" for document in documents]
    subjects += [f"invoices.payment:{payment.pk}" for payment in receivable.payments.all()]
    # Of a cancelled payment the trail has the cancellation; its counter-entry would read as money returned.
    refunds = [refund for refund in receivable.refunds.all() if not refund.is_counter_entry]
    subjects += [f"invoices.refund:{refund.pk}" for refund in refunds]
    entries = AuditEntry.objects.filter(subject__in=subjects).select_related("actor")[:MAX_ENTRIES_SHOWN]
    return [(ACTION_LABELS.get(entry.verb, _("other change")), entry) for entry in entries]
