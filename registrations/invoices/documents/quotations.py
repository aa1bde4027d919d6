"""Create quotations."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from convention.audit.record import record_action
from convention.events.models import Event
from registrations.invoices.formatting import clean_line
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.models import Quotation
from registrations.invoices.tax_amounts import PricedLine, compute_taxes

from .invoice_writer import BUYER_FIELDS, SELLER_FIELDS, require_issuer, sum_totals
from .numbering import assign_next_number, format_invoice_number, get_issue_day

QUOTATION_SERIES = "D"
QUOTATION_VALIDITY = datetime.timedelta(days=30)


@dataclass(frozen=True)
class QuotedAttendee:
    """Attendee of a quoted place; `number` begins the keys of the place's lines."""

    number: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class QuotationSubject:
    """Subject of a quotation: event, text, service period and last day of validity.

    `company`, `voucher_code` and `attendees` are those of the quoted order, for an order of the same;
    `company_id` is that of the directory, if a company's contact asked. `contact` and `website` are
    a sponsor's. `unit_prices` are the prices in cents by the lines' keys, before passes and vouchers.
    `agreed_valid_until` is the last day that staff promised, also later than the usual one; `reason` is
    theirs for a lower price. `request_hash` recognizes a form that is sent again.
    """

    text: str
    event: Event | None = None
    service_from: datetime.date | None = None
    service_to: datetime.date | None = None
    valid_until: datetime.date | None = None
    company: str = ""
    voucher_code: str = ""
    company_id: int | None = None
    attendees: Sequence[QuotedAttendee] = ()
    contact: str = ""
    website: str = ""
    unit_prices: Mapping[str, int] = field(default_factory=dict)
    agreed_valid_until: datetime.date | None = None
    reason: str = ""
    request_hash: str = ""

    def get_valid_until(self, issued_on: datetime.date) -> datetime.date:
        """Return the last day of validity, never before the day of issue."""
        if self.agreed_valid_until:
            return max(issued_on, self.agreed_valid_until)
        latest = issued_on + QUOTATION_VALIDITY
        return min(latest, max(issued_on, self.valid_until or latest))


@transaction.atomic
def create_quotation(
    *, buyer: Buyer, items: Sequence[ChargeItem], subject: QuotationSubject, currency: str = "EUR"
) -> Quotation:
    """Store a quotation valid for 30 days, until `subject.valid_until` if that is earlier, or as agreed.

    Its number is of the series D. Nothing becomes owed. Raise MissingIssuer.
    """
    issuer = require_issuer()
    day = get_issue_day(QUOTATION_SERIES)
    amounts = [PricedLine(item.unit_price * item.quantity, item.vat_rate, item.exemption) for item in items]
    nets, taxes = compute_taxes(amounts)
    # A series of its own: gaps in the numbers of invoices would have to be explained to the tax office.
    number = assign_next_number(series_code=QUOTATION_SERIES, issued_on=day)
    quotation = Quotation.objects.create(
        number=format_invoice_number(
            issuer.number_pattern, series=QUOTATION_SERIES, year=day.year, number=number
        ),
        event=subject.event,
        seller={name: getattr(issuer, name) for name in SELLER_FIELDS},
        buyer={name: clean_line(getattr(buyer, name)) for name in BUYER_FIELDS},
        buyer_name=clean_line(buyer.name)[:300],
        details=_make_details(buyer, subject),
        lines=[
            {
                # By it, an order can be filled with what was quoted (`orders.quotations`).
                "key": item.key,
                "description": clean_line(item.description),
                "attendee": clean_line(item.attendee),
                "quantity": item.quantity,
                "vat_rate": item.vat_rate,
                "exemption": item.exemption,
                "net": net,
                "total": item.unit_price * item.quantity,
            }
            for item, net in zip(items, nets, strict=True)
        ],
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        currency=currency,
        language=buyer.language,
        issued_on=day,
        valid_until=subject.get_valid_until(day),
        **sum_totals(taxes),
    )
    record_action("quotation.give", quotation, event=subject.event, reason=subject.reason)
    return quotation


def _make_details(buyer: Buyer, subject: QuotationSubject) -> dict[str, Any]:
    return {
        "subject": clean_line(subject.text),
        "service_from": subject.service_from and subject.service_from.isoformat(),
        "service_to": subject.service_to and subject.service_to.isoformat(),
        "purchase_order": clean_line(buyer.purchase_order),
        "company": clean_line(subject.company),
        "voucher_code": subject.voucher_code,
        "company_id": subject.company_id,
        # Personal data: `invoices.privacy` finds people by these and removes them.
        "attendees": [asdict(attendee) for attendee in subject.attendees],
        "contact": clean_line(subject.contact),
        "website": subject.website,
        "unit_prices": dict(subject.unit_prices),
        "request_hash": subject.request_hash,
        "paid": 0,
    }
