"""Write a document: the snapshot of seller, buyer, sentences and totals, its number, and its lines."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.dates import say_day
from convention.errors import ConventionError

from .amounts import Priced, Tax, taxed
from .balance import balance_of
from .complete import require_complete
from .models import Charge, Invoice, Issuer, Line, Receivable
from .numbering import day_for, next_number, written

SELLER: Final = (
    "legal_name", "legal_form", "street", "postcode", "city", "country", "email", "siren", "siret",
    "vat_number", "iban", "bic",
)  # fmt: skip
BUYER: Final = ("name", "street", "postcode", "city", "country", "siren", "vat_number", "email")
REFERENCES: Final = ("reference", "subject", "purchase_order", "service_code", "engagement_number")
LONGEST_REASON: Final = 300
INDEMNITY: Final = 40
"""Euros that are due for each late payment (Code de commerce, D. 441-5)."""


class NoIssuer(ConventionError):
    """Nobody has said yet who invoices."""

    kind = "no-issuer"
    status = 409


class NothingToIssue(ConventionError):
    """All is invoiced already, or nothing is owed."""

    kind = "nothing-to-issue"
    status = 409


@dataclass(frozen=True)
class DraftLine:
    """A line before it is issued; `amount` is in cents with VAT, and has the sign of the quantity."""

    description: str
    quantity: int
    amount: int
    vat_rate: int
    exemption: str = ""
    charge: int | None = None
    origin: int | None = None
    net: int | None = None


@dataclass(frozen=True)
class Heading:
    """What a document is, and what it answers to."""

    kind: str
    origin: Invoice | None = None
    reason: str = ""


def charge_line(charge: Charge) -> DraftLine:
    """The line that invoices a charge; a discount has a negative quantity, as prices have no sign."""
    sign = -1 if charge.unit_price < 0 else 1
    return DraftLine(
        charge.text,
        sign * charge.quantity,
        charge.amount,
        charge.vat_rate,
        charge.exemption,
        charge.pk,
    )


def issuer_now() -> Issuer:
    """Who invoices. Raises NoIssuer."""
    issuer = Issuer.current()
    if issuer is None:
        raise NoIssuer(_("Say first who invoices: the treasurer fills in the issuer’s settings."))
    return issuer


def write(
    receivable: Receivable, heading: Heading, lines: Sequence[DraftLine], on: datetime.date | None
) -> Invoice:
    """Number and keep a document, in the caller's transaction, which holds the receivable."""
    if not lines:
        raise NothingToIssue(
            _("There is nothing to invoice under %(reference)s.") % {"reference": receivable}
        )
    issuer = issuer_now()
    buyer = buyer_snapshot(receivable, heading.origin)
    require_complete(issuer, buyer, receivable.currency, [line.description for line in lines])
    is_credit = heading.kind == Invoice.Kind.CREDIT_NOTE
    code = issuer.credit_series if is_credit else issuer.invoice_series
    day = on or day_for(code)
    nets, taxes = taxed([Priced(line.amount, line.vat_rate, line.exemption, line.net) for line in lines])
    if sum(tax.total for tax in taxes) < 0:
        raise NothingToIssue(_("A document asks for something or takes it back; its total is not negative."))
    due = day if is_credit else day + datetime.timedelta(days=issuer.payment_days)
    number = next_number(code=code, on=day)
    with translation.override(receivable.language):
        details = details_of(issuer, receivable, heading, sum(tax.total for tax in taxes))
    document = Invoice.objects.create(
        receivable=receivable,
        kind=heading.kind,
        series=code,
        year=day.year,
        sequence=number,
        number=written(issuer.number_pattern, series=code, year=day.year, number=number),
        origin=heading.origin,
        reason=heading.reason[:LONGEST_REASON],
        seller={name: getattr(issuer, name) for name in SELLER},
        buyer=buyer,
        buyer_name=buyer["name"],
        details=details,
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        language=receivable.language,
        currency=receivable.currency,
        issued_on=day,
        due_on=due,
        **sums(taxes),
        line_count=len(lines),
    )
    write_lines(document, lines, nets)
    record("invoice.issue", document, event=receivable.event, fields=[heading.kind], reason=document.reason)
    return document


def buyer_snapshot(receivable: Receivable, origin: Invoice | None) -> dict[str, str]:
    """Return the buyer as a document says it; of a buyer who was erased, as the credited invoice says it."""
    if origin and not receivable.name:
        return dict(origin.buyer)
    return {name: getattr(receivable, name) for name in BUYER}


def sums(taxes: Sequence[Tax]) -> dict[str, int]:
    """The totals of all rates."""
    net, vat = sum(tax.net for tax in taxes), sum(tax.vat for tax in taxes)
    return {"net": net, "vat": vat, "total": net + vat}


def write_lines(document: Invoice, lines: Sequence[DraftLine], nets: Sequence[int]) -> None:
    """Keep the lines in their order."""
    Line.objects.bulk_create(
        Line(
            invoice=document,
            position=position,
            charge_id=line.charge,
            origin_id=line.origin,
            description=line.description,
            quantity=line.quantity,
            vat_rate=line.vat_rate,
            exemption=line.exemption,
            amount=line.amount,
            net=net,
        )
        for position, (line, net) in enumerate(zip(lines, nets, strict=True), start=1)
    )


def details_of(issuer: Issuer, receivable: Receivable, heading: Heading, total: int) -> dict[str, Any]:
    """References, the period of the service, what is paid already, and the sentences of the law."""
    kept, paid_on = paid_before(receivable, total, heading)
    period = {name: getattr(receivable, name) for name in ("service_from", "service_to")}
    return {
        **{name: getattr(receivable, name) for name in REFERENCES},
        **{name: day and day.isoformat() for name, day in period.items()},
        "vat_due": issuer.vat_due,
        "paid": kept,
        "paid_on": paid_on and paid_on.isoformat(),
        "notes": list(notes(issuer, heading)),
    }


def paid_before(receivable: Receivable, total: int, heading: Heading) -> tuple[int, datetime.date | None]:
    """What of a new document was paid before it is issued, and when the last of it came."""
    if heading.kind == Invoice.Kind.CREDIT_NOTE:
        return 0, None
    invoiced = sum(document.sign * document.total for document in receivable.invoices.all())
    paid = max(0, min(total, balance_of(receivable).kept - invoiced))
    last = receivable.payments.order_by("-received_on").first() if paid else None
    return paid, last.received_on if last else None


def notes(issuer: Issuer, heading: Heading) -> list[list[str]]:
    """Each sentence that the law asks for, with the code of its subject in UNTDID 4451."""
    english = translation.get_language() == "en"
    found = credit_notes(heading) if heading.origin else []
    found += [
        ["AAI", _("Category of operation: supply of services.")],
        ["PMD", issuer.late_penalties_en if english else issuer.late_penalties],
        [
            "PMT",
            _("Fixed compensation for recovery costs of a late payment: €%(sum)d.") % {"sum": INDEMNITY},
        ],
        ["AAB", _("No discount for early payment.")],
    ]
    if issuer.vat_due == Issuer.VatDue.DEBITS:
        found.append(["TXD", _("VAT is paid on debits, by option.")])
    return found


def credit_notes(heading: Heading) -> list[list[str]]:
    """What a credit note takes back, and why."""
    assert heading.origin is not None
    what = {"number": heading.origin.number, "day": say_day(heading.origin.issued_on)}
    return [
        ["AAI", _("Credit note on invoice %(number)s of %(day)s.") % what],
        ["AAI", _("Reason: %(reason)s") % {"reason": heading.reason}],
    ]
