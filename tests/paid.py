"""What `doors.py` makes of money and mail: documents, bank lines and mailings, by address."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone

from badges.mailings.models import Mailing, Recipient
from badges.mailings.tokens import unsubscribe_url
from convention.events.models import Event
from registrations.bill import receivable_of
from registrations.checkout.models import Assignment, BankLine, Statement
from registrations.invoices.issue import issue
from registrations.invoices.models import Charge, Issuer
from registrations.invoices.owe import Owed
from registrations.invoices.pay import record_payment, record_payout
from registrations.invoices.refund import refund
from registrations.models import Registration
from tests.factories import LONG_AGO
from tests.registrations.invoices.makers import make_issuer, make_receivable


def invoice_of(registration: Registration) -> int:
    """A document that was issued for its order, whatever that costs."""
    receivable = receivable_of(registration.order)
    owed = Owed(key="door", description="Place", unit_price=1_000, vat_rate=2000)
    Charge.objects.create(receivable=receivable, amount=1_000, **asdict(owed))
    return issue(receivable=receivable).pk


DRAFTS = ["", "-edit", "-preview", "-preview-html", "-test", "-send", "-schedule", "-remove"]
UNDER_WAY = ["-cancel", "-resume", "-log", "-copy"]


def mailings_of(registration: Registration) -> tuple[Mailing, Recipient]:
    """A draft to everybody, and a recipient of a mailing under way."""
    texts = {"subject_fr": "Bonjour", "text_fr": "Bonjour {first_name}"}
    draft = Mailing.objects.create(event=registration.event, **texts)
    now = timezone.now()
    moments = {"send_at": now, "due_at": now, "started_at": now}
    mailing = Mailing.objects.create(event=registration.event, **texts, **moments)
    recipient = Recipient.objects.create(mailing=mailing, language="fr", due_at=now, accepted_at=now)
    recipient.registrations.add(registration)
    return draft, recipient


def unsubscribed_by(recipient: Recipient) -> str:
    """The token of a recipient's link."""
    address = recipient.registrations.get().email
    url = unsubscribe_url(recipient=recipient.pk, address=address, language="fr")
    return url.rstrip("/").rpartition("/")[2]


def money_of(slug: str, event: Event) -> dict[str, Any]:
    """Something owed for the event, invoiced, paid and given back, as arguments of addresses."""
    if Issuer.current() is None:
        make_issuer()
    receivable = make_receivable(reference=f"OWED-{slug}", event=event)
    document = issue(receivable=receivable)
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer")
    asked = refund(payment=payment, amount=1_000, reason="geste")
    payout = record_payout(external_id=f"po-{slug}", amount=11_000, arrived_on=payment.received_on)
    return {
        "owed": receivable.reference, "invoice": document.pk, "payment": payment.pk, "refund": asked.pk,
        "payout": payout.pk,
    }  # fmt: skip


def bank_line_of(registration: Registration, spare: int) -> tuple[int, int]:
    """A line of a bank statement, a part of it taken as a payment of the order."""
    statement = Statement.objects.create(name=f"{registration.event.slug}.xml")
    line = BankLine.objects.create(
        statement=statement,
        fingerprint=f"{registration.pk}-{spare}",
        booked_on=LONG_AGO,
        amount=1_000,
        party="Acme",
    )
    receivable = receivable_of(registration.order)
    payment = record_payment(receivable=receivable, amount=400, method="transfer")
    made = Assignment.objects.create(line=line, receivable=receivable, payment=payment, amount=400)
    return line.pk, made.pk
