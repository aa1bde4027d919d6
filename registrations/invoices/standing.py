"""What of a receivable is invoiced and not credited, what is to be invoiced, and what is to be credited."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_day

from .documents import DraftLine, charge_line
from .models import Charge, Invoice, Line, Receivable


@dataclass(frozen=True)
class Standing:
    """The charges of a receivable beside the lines that stand for them."""

    charges: Sequence[Charge]
    lines: Sequence[Line]
    """Lines that no credit note has answered; a discount that a credit note gave is one of them."""

    @property
    def uninvoiced(self) -> list[Charge]:
        """What is owed and stands on no document."""
        invoiced = {line.charge_id for line in self.lines}
        return [charge for charge in self.charges if not charge.withdrawn_at and charge.pk not in invoiced]

    @property
    def undeducted(self) -> list[Line]:
        """Lines of deposits that no later invoice has deducted."""
        deducted = {line.origin_id for line in self.lines if line.invoice.kind == Invoice.Kind.INVOICE}
        deposits = (line for line in self.lines if line.invoice.kind == Invoice.Kind.DEPOSIT)
        return [line for line in deposits if line.pk not in deducted]

    @property
    def to_credit(self) -> list[Line]:
        """Lines for what is owed no longer; deposits where nothing is."""
        gone = {charge.pk for charge in self.charges if charge.withdrawn_at}
        deposits = self.undeducted if len(gone) == len(self.charges) else []
        return [line for line in self.lines if line.charge_id in gone or line in deposits]

    def of(self, document: Invoice) -> list[Line]:
        """What stands of one document: its own lines, and discounts that credit notes gave on it."""
        return [line for line in self.lines if document.pk in (line.invoice_id, line.invoice.origin_id)]


def standing_of(receivable: Receivable) -> Standing:
    """As it is now, in two queries."""
    lines = list(
        Line.objects.filter(invoice__receivable=receivable)
        .select_related("invoice", "charge")
        .order_by("invoice_id", "position")
    )
    answered = {line.origin_id for line in lines if line.invoice.is_credit_note}
    kept = [
        line
        for line in lines
        if line.pk not in answered and not (line.invoice.is_credit_note and line.origin_id)
    ]
    return Standing(list(receivable.charges.all()), kept)


def lines_to_invoice(receivable: Receivable) -> list[DraftLine]:
    """What the next invoice says: what is owed and not invoiced yet, less the deposits."""
    standing = standing_of(receivable)
    if not standing.uninvoiced:
        return []
    with translation.override(receivable.language):
        return [charge_line(charge) for charge in standing.uninvoiced] + [
            deduction(line) for line in standing.undeducted
        ]


def deduction(line: Line) -> DraftLine:
    """The line that takes a deposit off."""
    what = {"number": line.invoice.number, "day": say_day(line.invoice.issued_on)}
    text = _("Deposit %(number)s of %(day)s, deducted") % what
    return DraftLine(text, -1, -line.amount, line.vat_rate, line.exemption, origin=line.pk, net=-line.net)


def answer(line: Line, document: Invoice) -> DraftLine:
    """The line of a credit note that takes a line of `document` back; a discount given on it is undone."""
    sign = 1 if line.invoice_id == document.pk else -1
    return DraftLine(
        line.description,
        sign * line.quantity,
        sign * line.amount,
        line.vat_rate,
        line.exemption,
        line.charge_id,
        line.pk,
        sign * line.net,
    )
