"""Audit trail of one receivable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from convention.audit.models import AuditEntry
from registrations.invoices.formatting import format_cents
from registrations.invoices.models import Charge, Invoice, Receivable

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
    "payment.acknowledge": _("payment confirmed by e-mail"),
    "payment.cancel": _("payment cancelled"),
    "refund.request": _("refund recorded"),
    "refund.done": _("refund done"),
    "refund.fail": _("refund failed"),
    "dispute.open": _("payment disputed by the cardholder"),
    "dispute.lose": _("dispute lost"),
}
MAX_ENTRIES_SHOWN = 100
MAX_ITEMS_NAMED = 3


@dataclass(frozen=True)
class LabelledEntry:
    """Entry with its action in words; `detail` is the document's number, or the amount and what it is for."""

    action_label: Any
    detail: str
    entry: AuditEntry


def list_audit_entries(
    receivable: Receivable, documents: Sequence[Invoice], charge_texts: Mapping[int, str]
) -> list[LabelledEntry]:
    """Return the latest entries of a receivable, its documents, payments and refunds.

    `charge_texts` are those of `describe_charges`.
    """
    # The trail stores subjects as text (app, model, id), so that entries outlive their rows.
    details = {f"invoices.receivable:{receivable.pk}": ""}
    details |= {f"invoices.invoice:{document.pk}": document.number for document in documents}
    # Of a cancelled payment the trail has the cancellation; its counter-entry would read as money returned.
    refunds = [refund for refund in receivable.refunds.all() if not refund.is_counter_entry]
    details |= {
        f"invoices.payment:{payment.pk}": (
            f"{format_cents(payment.amount, payment.currency)}, {payment.get_method_display()}"
        )
        for payment in receivable.payments.all()
    }
    details |= {
        f"invoices.refund:{refund.pk}": format_cents(refund.amount, receivable.currency) for refund in refunds
    }
    entries = AuditEntry.objects.filter(subject__in=details).select_related("actor")[:MAX_ENTRIES_SHOWN]
    charges = {charge.pk: charge for charge in receivable.charges.all()}
    return [
        LabelledEntry(
            ACTION_LABELS.get(entry.verb, _("other change")),
            details[entry.subject] or _describe_changed(receivable, entry, charges, charge_texts),
            entry,
        )
        for entry in entries
    ]


def _describe_changed(
    receivable: Receivable, entry: AuditEntry, charges: Mapping[int, Charge], charge_texts: Mapping[int, str]
) -> str:
    """Return the items that were added or cancelled with their amounts; of many, number and sum."""
    changed = [charges[pk] for pk in entry.details.get("charges", []) if pk in charges]
    if len(changed) <= MAX_ITEMS_NAMED:
        return ", ".join(
            f"{charge_texts[charge.pk]} ({format_cents(charge.amount, receivable.currency)})"
            for charge in changed
        )
    total = format_cents(sum(charge.amount for charge in changed), receivable.currency)
    return gettext("%(count)d items, %(total)s") % {"count": len(changed), "total": total}
