"""The demo’s issuer, and what companies owe for the past edition: one receivable in each state."""

import datetime

from django.utils import timezone

from convention.club.models import Company
from convention.events.models import Event
from convention.seeding import World

from .credit import credit, credit_amount
from .exemptions import DUES
from .issue import issue, issue_deposit
from .models import Charge, Issuer, Receivable
from .owe import Buyer, Owed, owe
from .pay import match_payout, record_payment, record_payout
from .refund import refund, refund_done

STANDARD, REDUCED = 2000, 1000
STAND = Owed("stand", "Stand équipé, 9 m²", 240_000, STANDARD)
GUESTS = Owed("guest", "Billet Invité", 12_000, STANDARD, quantity=3)
DINNER = Owed("dinner", "Dîner du mardi", 6_600, REDUCED, quantity=3)
YEAR = Owed("dues", "Cotisation annuelle", 150_000, 0, exemption=DUES)


def seed(world: World) -> None:
    """Who invoices, in every demo; what is owed, in the club's."""
    if Issuer.current() is None:
        make_issuer()
    if world.size == "club":
        make_past(world)


def make_issuer() -> None:
    """An association with numbers that are valid and belong to nobody."""
    Issuer.objects.create(
        pk=1,
        legal_name="Club de démonstration",
        legal_form="Association régie par la loi du 1er juillet 1901",
        street="1 place de l’Exemple",
        postcode="75000",
        city="Paris",
        email="tresorerie@club.example",
        siren="900000001",
        siret="90000000100009",
        vat_number="FR68900000001",
        iban="FR7630001007941234567890185",
        bic="BDFEFRPPCCT",
    )


def make_past(world: World) -> None:
    """One of each state, from six weeks before the past edition on."""
    event = Event.objects.filter(slug__startswith="convention-").earliest("starts_at")
    companies = list(Company.objects.order_by("pk")[:8])
    start = timezone.localdate(event.starts_at) - datetime.timedelta(days=42)
    days = [start + datetime.timedelta(days=3 * number) for number in range(len(companies))]
    owed = [
        owed_by(world, company, event, on, number)
        for number, (company, on) in enumerate(zip(companies, days, strict=True))
    ]
    for make, receivable, on in zip(STATES, owed, days, strict=True):
        make(receivable, on)
    make_payout(days[-1] + datetime.timedelta(days=5))
    recent = owed_by(world, companies[0], event, world.today, len(companies))
    issue(receivable=recent, on=world.today)


def owed_by(world: World, company: Company, event: Event, on: datetime.date, number: int) -> Receivable:
    """What a company owes since that day."""
    public = number == 2
    buyer = Buyer(
        name=company.name,
        street=company.street or f"{number + 1} rue des Serveurs",
        postcode=company.postcode or "69002",
        city=company.city or "Lyon",
        siren=company.siren,
        email=f"comptabilite@{company.slug}.example",
        purchase_order=f"BC-{on.year}-{100 + number}",
        service_code="SERVICE-12" if public else "",
        engagement_number=f"EJ{on.year}00{number}" if public else "",
    )
    charges = [STAND] if number % 3 == 2 else [YEAR] if number == 4 else [GUESTS, DINNER]
    receivable = owe(
        reference=f"DEMO{number + 1:03}",
        buyer=buyer,
        charges=charges,
        event=event,
        subject=event.name,
        service_from=timezone.localdate(event.starts_at),
        service_to=timezone.localdate(event.ends_at),
    )
    at = timezone.make_aware(datetime.datetime.combine(on, datetime.time(9)))
    Receivable.objects.filter(pk=receivable.pk).update(created_at=at)
    Charge.objects.filter(receivable=receivable).update(added_at=at)
    return receivable


def later(on: datetime.date, days: int) -> datetime.date:
    """Some days after."""
    return on + datetime.timedelta(days=days)


def paid(receivable: Receivable, on: datetime.date) -> None:
    """Invoiced, paid by transfer."""
    total = issue(receivable=receivable, on=on).total
    record_payment(receivable=receivable, amount=total, method="transfer", received_on=later(on, 12))


def by_card(receivable: Receivable, on: datetime.date) -> None:
    """Paid by card, then invoiced as paid."""
    total = sum(charge.amount for charge in receivable.charges.all())
    fee = total * 15 // 1000 + 25
    record_payment(
        receivable=receivable, amount=total, method="card", received_on=on, fee=fee, external_id="demo_pi_1"
    )
    issue(receivable=receivable, on=on)


def by_deposit(receivable: Receivable, on: datetime.date) -> None:
    """A deposit of 30 %, paid, and the balance still to be paid."""
    total = sum(charge.amount for charge in receivable.charges.all())
    deposit = issue_deposit(receivable=receivable, amount=total * 3 // 10, on=on)
    record_payment(receivable=receivable, amount=deposit.total, method="transfer", received_on=later(on, 2))
    issue(receivable=receivable, on=later(on, 2))


def overdue(receivable: Receivable, on: datetime.date) -> None:
    """Invoiced, and nothing came."""
    issue(receivable=receivable, on=on)


def too_much(receivable: Receivable, on: datetime.date) -> None:
    """Paid twice."""
    total = issue(receivable=receivable, on=on).total
    for wait in (10, 11):
        record_payment(receivable=receivable, amount=total, method="transfer", received_on=later(on, wait))


def too_little(receivable: Receivable, on: datetime.date) -> None:
    """Paid in part, late."""
    total = issue(receivable=receivable, on=on).total
    record_payment(receivable=receivable, amount=total // 2, method="transfer", received_on=later(on, 40))


def credited(receivable: Receivable, on: datetime.date) -> None:
    """Paid, cancelled, credited and given back."""
    document = issue(receivable=receivable, on=on)
    payment = record_payment(
        receivable=receivable, amount=document.total, method="card", received_on=on, fee=615,
        external_id="demo_pi_2",
    )  # fmt: skip
    credit(invoice=document, reason="Annulation", on=later(on, 1))
    gone = refund(payment=payment, amount=document.total, reason="Annulation", external_id="demo_re_1")
    refund_done(refund=gone, on=later(on, 1))


def discounted(receivable: Receivable, on: datetime.date) -> None:
    """Invoiced, with a discount given later."""
    document = issue(receivable=receivable, on=on)
    credit_amount(invoice=document, amount=10_000, reason="Geste commercial", on=later(on, 1))


STATES = (paid, by_card, by_deposit, overdue, too_much, too_little, credited, discounted)


def make_payout(on: datetime.date) -> None:
    """The card payments reach the bank, less fees and what was given back."""
    receivables = Receivable.objects.filter(reference__startswith="DEMO")
    payments = [payment for row in receivables for payment in row.payments.filter(method="card")]
    refunds = [row for receivable in receivables for row in receivable.refunds.filter(state="done")]
    amount = sum(payment.amount - payment.fee for payment in payments) - sum(row.amount for row in refunds)
    payout = record_payout(
        external_id="demo_po_1", amount=amount, arrived_on=on, payments=payments, refunds=refunds
    )
    match_payout(payout=payout, bank_line=f"VIR PRESTATAIRE {on:%d%m%y}")
