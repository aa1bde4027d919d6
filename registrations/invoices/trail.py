"""What was done about the money of one buyer, in words."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.audit.models import Entry

from .models import Invoice, Receivable

ACTS = {
    "receivable.owe": _("noted as owed"),
    "receivable.withdraw": _("owed no longer"),
    "receivable.correct": _("buyer’s details corrected"),
    "invoice.issue": _("document issued"),
    "invoice.remind": _("reminder sent"),
    "invoice.remind_refused": _("reminder refused by the mail server"),
    "payment.record": _("payment recorded"),
    "refund.request": _("refund noted"),
    "refund.done": _("refund done"),
    "refund.fail": _("refund failed"),
}
MOST = 100


def history_of(receivable: Receivable, documents: Sequence[Invoice]) -> list[tuple[Any, Entry]]:
    """The trail of a receivable, its documents and its money, newest first, each act in words."""
    subjects = [f"invoices.receivable:{receivable.pk}"]
    subjects += [f"invoices.invoice:{document.pk}" for document in documents]
    subjects += [f"invoices.payment:{payment.pk}" for payment in receivable.payments.all()]
    subjects += [f"invoices.refund:{refund.pk}" for refund in receivable.refunds.all()]
    entries = Entry.objects.filter(subject__in=subjects).select_related("actor")[:MOST]
    return [(ACTS.get(entry.verb, entry.verb), entry) for entry in entries]
