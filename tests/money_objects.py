"""Make documents, bank lines and mailings, as arguments of URLs, for `tests/site_objects.py`."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone

from badges.mailings.models import Mailing, Recipient
from badges.mailings.unsubscribe import make_unsubscribe_url
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models import Charge, Issuer
from registrations.models import Registration
from registrations.payments.models import BankLine, BankLineAssignment, BankStatement
from tests.factories import START_OF_2020
from tests.registrations.invoices.factories import make_issuer, make_receivable


def issue_order_invoice(registration: Registration) -> int:
    """Issue a document for the registration's order, even if it costs nothing; return its key."""
    receivable = sync_receivable(registration.order)
    # An invoice needs a name, which an order without billing details may not have.
    receivable.name = receivable.name or "Acme"
    receivable.save(update_fields=["name"])
    owed = ChargeItem(key="door", description="Place", unit_price=1_000, vat_rate=2000)
    Charge.objects.create(receivable=receivable, amount=1_000, **asdict(owed))
    return issue_invoice(receivable=receivable).pk


DRAFT_PAGE_ENDINGS = ["", "-edit", "-preview", "-preview-html", "-test", "-send", "-schedule", "-remove"]
RECEIVABLE_PAGES = [
    "receivable",
    *(f"receivable-{name}" for name in ("pro-forma", "buyer", "issue", "deposit", "pay", "credit")),
]
STARTED_PAGE_ENDINGS = ["-cancel", "-resume", "-log", "-copy"]


def make_mailings(registration: Registration) -> tuple[Mailing, Recipient]:
    """Return a draft to everybody, and a recipient of a mailing in progress."""
    texts = {"subject_fr": "Bonjour", "text_fr": "Bonjour {first_name}"}
    draft = Mailing.objects.create(event=registration.event, **texts)
    now = timezone.now()
    moments = {"send_at": now, "due_at": now, "started_at": now}
    mailing = Mailing.objects.create(event=registration.event, **texts, **moments)
    recipient = Recipient.objects.create(mailing=mailing, language="fr", due_at=now, accepted_at=now)
    recipient.registrations.add(registration)
    return draft, recipient


def make_unsubscribe_token(recipient: Recipient) -> str:
    """Return the token of a recipient's unsubscribe link."""
    address = recipient.registrations.get().email
    url = make_unsubscribe_url(recipient_id=recipient.pk, address=address, language="fr")
    return url.rstrip("/").rpartition("/")[2]


def make_money_arguments(slug: str, event: Event) -> dict[str, Any]:
    """Return a receivable of the event, invoiced, paid and refunded, as URL arguments."""
    if Issuer.get_current() is None:
        make_issuer()
    receivable = make_receivable(reference=f"OWED-{slug}", event=event)
    document = issue_invoice(receivable=receivable)
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer")
    asked = request_refund(payment=payment, amount=1_000, reason="geste")
    payout = record_payout(external_id=f"po-{slug}", amount=11_000, arrived_on=payment.received_on)
    return {
        "owed": receivable.reference, "invoice_id": document.pk, "payment_id": payment.pk,
        "refund_id": asked.pk, "payout_id": payout.pk, "event_slug": slug,
    }  # fmt: skip


def make_bank_line(registration: Registration, spare: int) -> tuple[int, int]:
    """Return a bank line and its assignment: a part of it is recorded as a payment of the order."""
    statement = BankStatement.objects.create(name=f"{registration.event.slug}.xml")
    line = BankLine.objects.create(
        statement=statement,
        fingerprint=f"{registration.pk}-{spare}",
        booked_on=START_OF_2020,
        amount=1_000,
        counterparty="Acme",
    )
    receivable = sync_receivable(registration.order)
    payment = record_payment(receivable=receivable, amount=400, method="transfer")
    made = BankLineAssignment.objects.create(line=line, receivable=receivable, payment=payment, amount=400)
    return line.pk, made.pk


def record_registration_payment(registration: Registration) -> int:
    """Record a payment of the registration's order; return its key."""
    return record_payment(receivable=sync_receivable(registration.order), amount=100, method="cash").pk
