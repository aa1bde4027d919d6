"""Compare charges with issued lines: what is still to be invoiced, deducted or credited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from convention.text.dates import format_date
from registrations.invoices.ledger.balance import ReceivableBalance, compute_balance
from registrations.invoices.models import Charge, Invoice, InvoiceLine, Receivable

from .invoice_writer import DraftLine, build_charge_line


@dataclass(frozen=True)
class InvoicedBalance:
    """Charges of a receivable and the issued lines that are still in force."""

    charges: Sequence[Charge]
    # Lines that no credit note reverses, including discounts granted by credit notes.
    lines: Sequence[InvoiceLine]

    @property
    def uninvoiced_charges(self) -> list[Charge]:
        """Return the charges owed that are on no document."""
        invoiced = {line.charge_id for line in self.lines}
        return [charge for charge in self.charges if not charge.withdrawn_at and charge.pk not in invoiced]

    @property
    def uninvoiced_cents(self) -> int:
        """Return the charges owed that are on no document, VAT included, before deposits are deducted."""
        return sum(charge.amount for charge in self.uninvoiced_charges)

    @property
    def undeducted_lines(self) -> list[InvoiceLine]:
        """Return the deposit lines that no later invoice deducts."""
        deducted = {line.origin_id for line in self.lines if line.invoice.kind == Invoice.Kind.INVOICE}
        deposits = (line for line in self.lines if line.invoice.kind == Invoice.Kind.DEPOSIT)
        return [line for line in deposits if line.pk not in deducted]

    @property
    def has_excess_deposits(self) -> bool:
        """Return whether there are deposits that would make the next invoice negative."""
        deposits = self.undeducted_lines
        return bool(deposits) and sum(line.amount for line in deposits) > self.uninvoiced_cents

    @property
    def lines_to_credit(self) -> list[InvoiceLine]:
        """Return the lines of withdrawn charges, and the deposits if they exceed what they are part of."""
        withdrawn = {charge.pk for charge in self.charges if charge.withdrawn_at}
        deposits = self.undeducted_lines if self.has_excess_deposits else []
        return [line for line in self.lines if line.charge_id in withdrawn or line in deposits]

    @property
    def last_invoice(self) -> Invoice | None:
        """Return the latest invoice or deposit with lines that no credit note reverses."""
        return next((line.invoice for line in reversed(self.lines) if not line.invoice.is_credit_note), None)

    def lines_of(self, document: Invoice) -> list[InvoiceLine]:
        """Return a document's remaining lines and the discounts that credit notes granted on it."""
        return [line for line in self.lines if document.pk in (line.invoice_id, line.invoice.origin_id)]

    def amount_of(self, document: Invoice) -> int:
        """Return the cents of a document that no credit note takes back."""
        return sum(
            line.amount if line.invoice_id == document.pk else -line.amount
            for line in self.lines_of(document)
        )


def load_invoiced_balance(receivable: Receivable) -> InvoicedBalance:
    """Return the current state, in two queries."""
    lines = list(
        InvoiceLine.objects.filter(invoice__receivable=receivable)
        .select_related("invoice", "charge")
        .order_by("invoice_id", "position")
    )
    # A credit note's line with an origin reverses that line; both drop out. One without is a discount.
    credited = {line.origin_id for line in lines if line.invoice.is_credit_note}
    uncredited = [
        line
        for line in lines
        if line.pk not in credited and not (line.invoice.is_credit_note and line.origin_id)
    ]
    return InvoicedBalance(list(receivable.charges.all()), uncredited)


@dataclass(frozen=True)
class InvoiceSettlement:
    """The total of an invoice, what credit notes take back, what was received, and what is left to pay."""

    total_cents: int
    credited_cents: int
    received_cents: int
    unpaid_cents: int

    @property
    def uncollected_cents(self) -> int:
        """Return what is no longer due, although no credit note takes it back."""
        return self.total_cents - self.credited_cents - self.received_cents - self.unpaid_cents


def compute_settlement(document: Invoice) -> InvoiceSettlement:
    """Return what was received and is unpaid of an invoice."""
    receivable = document.receivable
    return derive_settlement(document, load_invoiced_balance(receivable), compute_balance(receivable))


def derive_settlement(
    document: Invoice, invoiced_balance: InvoicedBalance, balance: ReceivableBalance
) -> InvoiceSettlement:
    """Return what was received and is unpaid of an invoice, from what was loaded of its receivable.

    Payments cover the receivable's documents in the order in which they were issued.
    """
    earlier = sum(
        line.invoice.sign * line.amount
        for line in invoiced_balance.lines
        # A credit note counts with the invoice that it credits.
        if (line.invoice.origin_id or line.invoice_id) < document.pk
    )
    retained = max(0, balance.amount_retained - earlier)
    payable = max(0, invoiced_balance.amount_of(document))
    return InvoiceSettlement(
        total_cents=document.total,
        credited_cents=document.total - payable,
        received_cents=min(payable, retained),
        unpaid_cents=max(0, min(payable - retained, balance.amount_due)),
    )


def compute_unpaid_cents(document: Invoice) -> int:
    """Return the cents left to pay of an invoice, 0 if it is paid or credited."""
    return compute_settlement(document).unpaid_cents


def select_unpaid_invoices(
    documents: Iterable[Invoice], invoiced_balance: InvoicedBalance, balance: ReceivableBalance
) -> list[Invoice]:
    """Return the invoices of a receivable that are not paid in full, without a query."""
    return [
        document
        for document in documents
        if not document.is_credit_note
        and derive_settlement(document, invoiced_balance, balance).unpaid_cents > 0
    ]


def build_lines_to_invoice(receivable: Receivable) -> list[DraftLine]:
    """Return the lines of the next invoice, in the buyer's language; deposits are deducted."""
    invoiced_balance = load_invoiced_balance(receivable)
    if not invoiced_balance.uninvoiced_charges:
        return []
    with translation.override(receivable.language):
        return [build_charge_line(charge) for charge in invoiced_balance.uninvoiced_charges] + [
            build_deduction_line(line) for line in invoiced_balance.undeducted_lines
        ]


def build_deduction_line(line: InvoiceLine) -> DraftLine:
    """Return the line that deducts a deposit."""
    values = {"number": line.invoice.number, "day": format_date(line.invoice.issued_on)}
    text = _("Deposit %(number)s of %(day)s, deducted") % values
    return DraftLine(
        # The net of the deposit itself: computing it again could differ by a cent.
        text,
        -1,
        -line.amount,
        line.vat_rate,
        line.exemption,
        origin_line_id=line.pk,
        net_cents=-line.net,
    )


def build_credit_line(line: InvoiceLine, document: Invoice) -> DraftLine:
    """Return the credit note's line for `line`; for a discount it restores the amount."""
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
