"""Demo data: the issuer, and receivables of a past event, one in each state."""

import datetime

from django.utils import timezone

from convention.club.models import Company
from convention.events.models import Event
from convention.seeding import DemoWorld

from .documents.credit_notes import credit_invoice, credit_invoice_amount
from .documents.issuing import issue_deposit_invoice, issue_invoice
from .ledger.charges import Buyer, ChargeItem, record_charges
from .ledger.manual_charges import MANUAL_KEY_PREFIX
from .ledger.payments import link_payout_to_bank_line, record_payment, record_payout
from .ledger.refunds import complete_refund, request_refund
from .models import Charge, Issuer, Receivable
from .vat_exemptions import DUES_EXEMPTION

STANDARD_RATE, REDUCED_RATE = 2000, 1000
# The keys are those of receivables that the treasurer enters by hand.
STAND_ITEM = ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Stand équipé, 9 m²", 240_000, STANDARD_RATE)
GUEST_TICKETS_ITEM = ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Billet Invité", 12_000, STANDARD_RATE, quantity=3)
DINNER_ITEM = ChargeItem(f"{MANUAL_KEY_PREFIX}2", "Dîner du mardi", 6_600, REDUCED_RATE, quantity=3)
DUES_ITEM = ChargeItem(f"{MANUAL_KEY_PREFIX}1", "Cotisation annuelle", 150_000, 0, exemption=DUES_EXEMPTION)


def seed(world: DemoWorld) -> None:
    """Create the issuer, and the receivables of companies in the size `club`."""
    if Issuer.get_current() is None:
        create_demo_issuer()
    if world.size == "club":
        create_past_receivables(world)


def create_demo_issuer() -> None:
    """Create an issuer whose identifiers are valid and belong to nobody."""
    Issuer.objects.create(
        pk=1,
        legal_name="Club de démonstration",
        legal_form="Association régie par la loi du 1er juillet 1901",
        street="1 place de l’Exemple",
        postcode="75000",
        city="Paris",
        email="tresorerie@club.example",
        # Valid by its checksum, but assigned to nobody.
        siren="900000001",
        siret="90000000100009",
        vat_number="FR68900000001",
        iban="FR7630001007941234567890185",
        bic="BDFEFRPPCCT",
    )


def create_past_receivables(world: DemoWorld) -> None:
    """Create one receivable in each state, starting six weeks before the past event."""
    event = Event.objects.filter(slug__startswith="convention-").earliest("starts_at")
    companies = list(Company.objects.order_by("pk")[:8])
    start = timezone.localdate(event.starts_at) - datetime.timedelta(days=42)
    days = [start + datetime.timedelta(days=3 * number) for number in range(len(companies))]
    new_receivables = [
        create_company_receivable(world, company, event, day, number)
        for number, (company, day) in enumerate(zip(companies, days, strict=True))
    ]
    for make_state, receivable, day in zip(STATE_MAKERS, new_receivables, days, strict=True):
        make_state(receivable, day)
    create_demo_payout(days[-1] + datetime.timedelta(days=5))
    recent_receivable = create_company_receivable(world, companies[0], event, world.today, len(companies))
    issue_invoice(receivable=recent_receivable, issued_on=world.today)


def create_company_receivable(
    world: DemoWorld, company: Company, event: Event, owed_on: datetime.date, number: int
) -> Receivable:
    is_public_buyer = number == 2
    buyer = Buyer(
        name=company.name,
        street=company.street or f"{number + 1} rue des Serveurs",
        postcode=company.postcode or "69002",
        city=company.city or "Lyon",
        siren=company.siren,
        email=f"comptabilite@{company.slug}.example",
        purchase_order=f"BC-{owed_on.year}-{100 + number}",
        service_code="SERVICE-12" if is_public_buyer else "",
        engagement_number=f"EJ{owed_on.year}00{number}" if is_public_buyer else "",
    )
    charges = (
        [STAND_ITEM] if number % 3 == 2 else [DUES_ITEM] if number == 4 else [GUEST_TICKETS_ITEM, DINNER_ITEM]
    )
    receivable = record_charges(
        reference=f"DEMO{number + 1:03}",
        buyer=buyer,
        items=charges,
        event=event,
        subject=event.name,
        service_from=timezone.localdate(event.starts_at),
        service_to=timezone.localdate(event.ends_at),
    )
    at = timezone.make_aware(datetime.datetime.combine(owed_on, datetime.time(9)))
    # Backdated, because the VAT report and the lists use these days.
    Receivable.objects.filter(pk=receivable.pk).update(created_at=at)
    Charge.objects.filter(receivable=receivable).update(added_at=at)
    return receivable


def add_days(start_day: datetime.date, days: int) -> datetime.date:
    return start_day + datetime.timedelta(days=days)


def make_paid(receivable: Receivable, issue_day: datetime.date) -> None:
    """Invoice it; it is paid by transfer."""
    total = issue_invoice(receivable=receivable, issued_on=issue_day).total
    record_payment(
        receivable=receivable, amount=total, method="transfer", received_on=add_days(issue_day, 12)
    )


def make_paid_by_card(receivable: Receivable, issue_day: datetime.date) -> None:
    """Pay it by card, then invoice it."""
    total = sum(charge.amount for charge in receivable.charges.all())
    fee = total * 15 // 1000 + 25
    record_payment(
        receivable=receivable,
        amount=total,
        method="card",
        received_on=issue_day,
        fee=fee,
        external_id="demo_pi_1",
    )
    issue_invoice(receivable=receivable, issued_on=issue_day)


def make_deposit_paid(receivable: Receivable, issue_day: datetime.date) -> None:
    """Invoice a deposit of 30 %, which is paid, then the balance, which is not."""
    total = sum(charge.amount for charge in receivable.charges.all())
    deposit = issue_deposit_invoice(receivable=receivable, amount=total * 3 // 10, issued_on=issue_day)
    record_payment(
        receivable=receivable, amount=deposit.total, method="transfer", received_on=add_days(issue_day, 2)
    )
    issue_invoice(receivable=receivable, issued_on=add_days(issue_day, 2))


def make_overdue(receivable: Receivable, issue_day: datetime.date) -> None:
    """Invoice it; nothing is paid."""
    issue_invoice(receivable=receivable, issued_on=issue_day)


def make_overpaid(receivable: Receivable, issue_day: datetime.date) -> None:
    """Pay it twice."""
    total = issue_invoice(receivable=receivable, issued_on=issue_day).total
    for delay in (10, 11):
        record_payment(
            receivable=receivable, amount=total, method="transfer", received_on=add_days(issue_day, delay)
        )


def make_underpaid(receivable: Receivable, issue_day: datetime.date) -> None:
    """Pay a part of it, late."""
    total = issue_invoice(receivable=receivable, issued_on=issue_day).total
    record_payment(
        receivable=receivable, amount=total // 2, method="transfer", received_on=add_days(issue_day, 40)
    )


def make_credited(receivable: Receivable, issue_day: datetime.date) -> None:
    """Pay it, withdraw and credit it, and refund the money."""
    document = issue_invoice(receivable=receivable, issued_on=issue_day)
    payment = record_payment(
        receivable=receivable, amount=document.total, method="card", received_on=issue_day, fee=615,
        external_id="demo_pi_2",
    )  # fmt: skip
    credit_invoice(invoice=document, reason="Annulation", issued_on=add_days(issue_day, 1))
    refund = request_refund(
        payment=payment, amount=document.total, reason="Annulation", external_id="demo_re_1"
    )
    complete_refund(refund=refund, refunded_on=add_days(issue_day, 1))


def make_discounted(receivable: Receivable, issue_day: datetime.date) -> None:
    """Invoice it and grant a discount later."""
    document = issue_invoice(receivable=receivable, issued_on=issue_day)
    credit_invoice_amount(
        invoice=document, amount=10_000, reason="Geste commercial", issued_on=add_days(issue_day, 1)
    )


STATE_MAKERS = (
    make_paid,
    make_paid_by_card,
    make_deposit_paid,
    make_overdue,
    make_overpaid,
    make_underpaid,
    make_credited,
    make_discounted,
)


def create_demo_payout(arrived_on: datetime.date) -> None:
    """Record the payout of the card payments, less fees and refunds."""
    receivables = Receivable.objects.filter(reference__startswith="DEMO")
    payments = [payment for row in receivables for payment in row.payments.filter(method="card")]
    refunds = [row for receivable in receivables for row in receivable.refunds.filter(state="done")]
    amount = sum(payment.amount - payment.fee for payment in payments) - sum(row.amount for row in refunds)
    payout = record_payout(
        external_id="demo_po_1", amount=amount, arrived_on=arrived_on, payments=payments, refunds=refunds
    )
    link_payout_to_bank_line(payout=payout, bank_line=f"VIR PRESTATAIRE {arrived_on:%d%m%y}")
