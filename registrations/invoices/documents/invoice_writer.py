"""Write a document: snapshot seller and buyer, assign the number, compute VAT and create the lines.

Issuing and credit notes go through `create_document`; it must run in a transaction that has locked the
receivable.
"""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.text.dates import format_date
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Charge, Invoice, InvoiceLine, Issuer, Receivable
from registrations.invoices.tax_amounts import PricedLine, TaxTotal, compute_taxes
from registrations.invoices.vat_exemptions import REVERSE_CHARGE

from .completeness import require_complete_invoice, require_reverse_charge_buyer
from .numbering import assign_next_number, format_invoice_number, get_issue_day

SELLER_FIELDS: Final = (
    "legal_name", "legal_form", "street", "postcode", "city", "country", "email", "siren", "siret",
    "vat_number", "iban", "bic",
)  # fmt: skip
BUYER_FIELDS: Final = ("name", "street", "postcode", "city", "country", "siren", "vat_number", "email")
REFERENCE_FIELDS: Final = ("reference", "subject", "purchase_order", "service_code", "engagement_number")
MAX_REASON_LENGTH: Final = 300
# Due for each late payment (Code de commerce, D. 441-5).
RECOVERY_FEE_EUROS: Final = 40


class MissingIssuer(ConventionError):
    """The issuer's data have not been entered yet."""

    kind = "no-issuer"
    status = 409


class NothingToIssue(ConventionError):
    """Everything is invoiced already, or nothing is owed."""

    kind = "nothing-to-issue"
    status = 409


@dataclass(frozen=True)
class DraftLine:
    """Line to be issued; `gross_cents` includes VAT and has the sign of `quantity`."""

    description: str
    quantity: int
    gross_cents: int
    vat_rate: int
    exemption: str = ""
    charge_id: int | None = None
    origin_line_id: int | None = None
    net_cents: int | None = None


@dataclass(frozen=True)
class DocumentHeading:
    """Kind of a document, with the invoice it credits and the reason.

    `replaced` is the invoice of the same amount that an invoice replaces: it is due on the same day.
    """

    kind: str
    origin: Invoice | None = None
    reason: str = ""
    replaced: Invoice | None = None


def build_charge_line(charge: Charge) -> DraftLine:
    """Return the line for a charge.

    A discount gets a negative quantity, because EN 16931 allows no negative price.
    """
    sign = -1 if charge.unit_price < 0 else 1
    return DraftLine(
        charge.line_text,
        sign * charge.quantity,
        charge.amount,
        charge.vat_rate,
        charge.exemption,
        charge.pk,
    )


def require_issuer() -> Issuer:
    """Return the issuer. Raise MissingIssuer."""
    issuer = Issuer.get_current()
    if issuer is None:
        raise MissingIssuer(
            _("No issuer has been set up yet. The treasurer must fill in the issuer’s settings first.")
        )
    return issuer


def _require_lines_and_issuer(receivable: Receivable, lines: Sequence[DraftLine]) -> Issuer:
    if not lines:
        raise NothingToIssue(
            _("There is nothing to invoice under %(reference)s.") % {"reference": receivable}
        )
    return require_issuer()


def _require_buyer_pays_vat(issuer: Issuer, buyer: dict[str, str], lines: Sequence[DraftLine]) -> None:
    """Raise InvalidInvoice if a line has the reverse charge, and the buyer's details do not allow it.

    Pass no lines of a credit note: what was invoiced is credited, whatever the buyer's details are by now.
    """
    if any(line.exemption == REVERSE_CHARGE for line in lines):
        require_reverse_charge_buyer(issuer, buyer)


def create_document(
    receivable: Receivable,
    heading: DocumentHeading,
    lines: Sequence[DraftLine],
    issued_on: datetime.date | None,
) -> Invoice:
    """Number and store a document; the caller's transaction must have locked the receivable."""
    issuer = _require_lines_and_issuer(receivable, lines)
    buyer = snapshot_buyer(receivable, heading.origin)
    require_complete_invoice(issuer, buyer, receivable.currency, [line.description for line in lines])
    is_credit = heading.kind == Invoice.Kind.CREDIT_NOTE
    _require_buyer_pays_vat(issuer, buyer, [] if is_credit else lines)
    code = issuer.credit_series if is_credit else issuer.invoice_series
    day = issued_on or get_issue_day(code)
    nets, taxes = compute_taxes(
        [PricedLine(line.gross_cents, line.vat_rate, line.exemption, line.net_cents) for line in lines]
    )
    if sum(tax.total for tax in taxes) < 0:
        raise NothingToIssue(_("The total cannot be negative. Issue a credit note instead."))
    # As late as possible: the series stays locked until the transaction ends.
    number = assign_next_number(series_code=code, issued_on=day)
    # Legal notes are stored as text, in the buyer's language, whatever language the treasurer uses.
    with translation.override(receivable.language):
        details = build_details(issuer, receivable, heading, sum(tax.total for tax in taxes))
    document = Invoice.objects.create(
        receivable=receivable,
        kind=heading.kind,
        series=code,
        year=day.year,
        sequence=number,
        number=format_invoice_number(issuer.number_pattern, series=code, year=day.year, number=number),
        origin=heading.origin,
        reason=heading.reason[:MAX_REASON_LENGTH],
        seller={name: getattr(issuer, name) for name in SELLER_FIELDS},
        buyer=buyer,
        buyer_name=buyer["name"],
        details=details,
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        language=receivable.language,
        currency=receivable.currency,
        issued_on=day,
        due_on=compute_due_date(issuer, heading, day),
        # A trigger refuses lines beyond `line_count`, so that none can be added later.
        **sum_totals(taxes),
        line_count=len(lines),
    )
    create_lines(document, lines, nets)
    fields, reason = [heading.kind], document.reason
    record_action("invoice.issue", document, event=receivable.event, fields=fields, reason=reason)
    return document


def compute_due_date(issuer: Issuer, heading: DocumentHeading, issued_on: datetime.date) -> datetime.date:
    """Return when a document is due: a credit note at once, a replacement when the first invoice was."""
    if heading.kind == Invoice.Kind.CREDIT_NOTE:
        return issued_on
    if heading.replaced:
        return heading.replaced.due_on
    return issued_on + datetime.timedelta(days=issuer.payment_days)


def snapshot_buyer(receivable: Receivable, origin: Invoice | None) -> dict[str, str]:
    """Return the buyer's data; for a buyer who was erased, those on the credited invoice."""
    # The buyer was erased, but a credit note must name the same buyer as its invoice.
    if origin and not receivable.name:
        return dict(origin.buyer)
    return {name: getattr(receivable, name) for name in BUYER_FIELDS}


def sum_totals(taxes: Sequence[TaxTotal]) -> dict[str, int]:
    """Return net, VAT and total of all rates."""
    net, vat = sum(tax.net for tax in taxes), sum(tax.vat for tax in taxes)
    return {"net": net, "vat": vat, "total": net + vat}


def create_lines(document: Invoice, lines: Sequence[DraftLine], nets: Sequence[int]) -> None:
    # After the document, whose `line_count` the trigger compares with each position.
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            invoice=document,
            position=position,
            charge_id=line.charge_id,
            origin_id=line.origin_line_id,
            description=line.description,
            quantity=line.quantity,
            vat_rate=line.vat_rate,
            exemption=line.exemption,
            amount=line.gross_cents,
            net=net,
        )
        for position, (line, net) in enumerate(zip(lines, nets, strict=True), start=1)
    )


def build_details(
    issuer: Issuer, receivable: Receivable, heading: DocumentHeading, total: int
) -> dict[str, Any]:
    """Return references, service period, amount paid before and legal notes."""
    paid, paid_on = compute_paid_before(receivable, total, heading)
    period = {name: getattr(receivable, name) for name in ("service_from", "service_to")}
    return {
        **{name: getattr(receivable, name) for name in REFERENCE_FIELDS},
        **{name: day and day.isoformat() for name, day in period.items()},
        # Stored with the document: the option may change, and each document is booked by its own.
        "vat_due": get_vat_due(issuer, heading),
        "paid": paid,
        "paid_on": paid_on and paid_on.isoformat(),
        "replaced_numbers": list_replaced_numbers(heading),
        "notes": list(list_legal_notes(issuer, heading)),
    }


def list_replaced_numbers(heading: DocumentHeading) -> list[str]:
    """Return the numbers of the invoices that a document replaces, the latest first."""
    replaced = heading.replaced
    return [replaced.number, *replaced.details.get("replaced_numbers", [])] if replaced else []


def get_vat_due(issuer: Issuer, heading: DocumentHeading) -> str:
    """Return the option by which the document's VAT is due; a credit note has that of its invoice."""
    # Otherwise a credit note on debits would take back VAT that never became due with its unpaid invoice.
    return heading.origin.details["vat_due"] if heading.origin else issuer.vat_due


def compute_paid_before(
    receivable: Receivable, total: int, heading: DocumentHeading
) -> tuple[int, datetime.date | None]:
    """Return the cents of a new document that were paid before it is issued, and the last day."""
    if heading.kind == Invoice.Kind.CREDIT_NOTE:
        return 0, None
    # Payments cover earlier documents first.
    invoiced = sum(document.sign * document.total for document in receivable.invoices.all())
    paid = max(0, min(total, compute_balance(receivable).amount_retained - invoiced))
    last = receivable.payments.order_by("-received_on").first() if paid else None
    return paid, last.received_on if last else None


def list_legal_notes(issuer: Issuer, heading: DocumentHeading) -> list[list[str]]:
    """Return the mandatory notes as [UNTDID 4451 code, text] pairs in the active language."""
    uses_english = translation.get_language() == "en"
    notes = list_credit_note_texts(heading) if heading.origin else []
    notes += [
        ["AAI", _("Category of operation: supply of services.")],
        ["PMD", issuer.late_penalties_en if uses_english else issuer.late_penalties],
        [
            "PMT",
            _("Fixed compensation for recovery costs in the event of late payment: €%(sum)d.")
            % {"sum": RECOVERY_FEE_EUROS},
        ],
        ["AAB", _("No discount for early payment.")],
    ]
    if get_vat_due(issuer, heading) == Issuer.VatDue.DEBITS:
        notes.append(["TXD", _("VAT is paid on debits, by option.")])
    return notes


def list_credit_note_texts(heading: DocumentHeading) -> list[list[str]]:
    """Return the notes naming the credited invoice and the reason."""
    assert heading.origin is not None
    values = {"number": heading.origin.number, "day": format_date(heading.origin.issued_on)}
    return [
        ["AAI", _("Credit note for invoice %(number)s of %(day)s.") % values],
        ["AAI", _("Reason: %(reason)s") % {"reason": heading.reason}],
    ]
