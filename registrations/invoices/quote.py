"""Quote: give a quotation its number and keep what it says."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record
from convention.events.models import Event

from .amounts import Priced, taxed
from .complete import clean
from .documents import BUYER, SELLER, issuer_now, sums
from .models import Quotation
from .numbering import day_for, next_number, written
from .owe import Buyer, Owed

SERIES = "D"
VALID = datetime.timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a quotation is for: its event if any, words, and the days of the service."""

    text: str
    event: Event | None = None
    service_from: datetime.date | None = None
    service_to: datetime.date | None = None
    valid_until: datetime.date | None = None


@transaction.atomic
def quote(*, buyer: Buyer, lines: Sequence[Owed], subject: Subject, currency: str = "EUR") -> Quotation:
    """Say what these lines would cost for thirty days, or until the subject's last day; nothing is owed.

    Its number is of the series D, never of the invoices'. Raises NoIssuer.
    """
    issuer = issuer_now()
    day = max(timezone.localdate(), day_for(SERIES))
    amounts = [Priced(one.unit_price * one.quantity, one.vat_rate, one.exemption) for one in lines]
    nets, taxes = taxed(amounts)
    number = next_number(code=SERIES, on=day)
    quotation = Quotation.objects.create(
        number=written(issuer.number_pattern, series=SERIES, year=day.year, number=number),
        event=subject.event,
        seller={name: getattr(issuer, name) for name in SELLER},
        buyer={name: clean(getattr(buyer, name)) for name in BUYER},
        buyer_name=clean(buyer.name)[:300],
        details={
            "subject": clean(subject.text),
            "service_from": subject.service_from and subject.service_from.isoformat(),
            "service_to": subject.service_to and subject.service_to.isoformat(),
            "purchase_order": clean(buyer.purchase_order),
            "paid": 0,
        },
        lines=[
            {
                "description": clean(one.description),
                "attendee": clean(one.attendee),
                "quantity": one.quantity,
                "vat_rate": one.vat_rate,
                "net": net,
            }
            for one, net in zip(lines, nets, strict=True)
        ],
        taxes=[{**asdict(tax), "exemptions": list(tax.exemptions)} for tax in taxes],
        currency=currency,
        language=buyer.language,
        given_on=day,
        valid_until=min(day + VALID, max(day, subject.valid_until or day + VALID)),
        **sums(taxes),
    )
    record("quotation.give", quotation, event=subject.event)
    return quotation
