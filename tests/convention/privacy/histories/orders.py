"""Histories of orders and of their money."""

import datetime

from django.test import Client
from django.utils import timezone

from badges.attendance.merge import merge
from convention.jobs.models import Job
from convention.tables import Table
from registrations.bill import receivable_of
from registrations.cancel import cancel
from registrations.checkout.assign import ignore
from registrations.checkout.bank_files import read_statement
from registrations.checkout.import_statement import import_statement
from registrations.checkout.models import BankLine
from registrations.checkout.play_payment import play_payment
from registrations.company.book import book
from registrations.import_list import import_list
from registrations.invoices.credit import credit
from registrations.invoices.issue import issue
from registrations.invoices.owe import Buyer, Owed, owe
from registrations.invoices.pay import record_payment
from registrations.invoices.refund import refund, refund_done
from registrations.join_waiting import Wish, join_for_ticket
from registrations.leave_waiting import leave_waiting
from registrations.order_request import Billing, OrderRequest, Place
from registrations.quotation import ask_quotation
from registrations.register import Means, register
from registrations.sponsors.take_package import Sponsor, take_package
from registrations.substitute import substitute
from registrations.undo_import import undo_import
from tests.convention.privacy.traces import ADDRESS, FIRST, LAST, NAME, OLD_ADDRESS, STREET
from tests.factories import (
    make_contact,
)
from tests.registrations.checkout.statements import camt
from tests.registrations.invoices.makers import make_issuer
from tests.registrations.sponsors.makers import make_package
from tests.registrations.test_pages import BILLING, who

from .person import (
    HERS,
    Subject,
    account,
    colleague_order,
    event_on_sale,
    ordered,
    place,
    request,
)


def registered_alone() -> Subject:
    """A guest whose firm has their name registers, is cancelled, and owes nothing."""
    order = ordered(event_on_sale(), company=f"{NAME} Conseil", places=(place(company=f"Cabinet {NAME}"),))
    receivable_of(order)
    cancel(registration=order.registrations.get())
    return None


def half_filled_form() -> Subject:
    """A visitor types names and a billing address and leaves."""
    event_on_sale()
    client = Client()
    named = {f"person-0-{name}": text for name, text in HERS.items()}
    client.post("/events/congress/register/", who(**named))
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    billed = {"billing_name": NAME, "billing_street": STREET}
    client.post("/events/congress/register/check/", {**BILLING, **billed, "billing_city": ""})
    return None


def hold_that_expired() -> Subject:
    """An order that was never confirmed and whose hold is over."""
    order = register(event=event_on_sale(), request=request(), means=Means())
    receivable_of(order)
    order.registrations.update(held_until=timezone.now() - datetime.timedelta(days=3), confirmed_at=None)
    return None


def member_of_company_order() -> Subject:
    """The company's contact registers the person, a member; it is settled and nothing was invoiced."""
    person = account()
    event, company = event_on_sale(), person.employments.get().company
    order = book(
        event=event, company=company, contact=make_contact(company), key="k",
        request=request(email="contact@acme.example", billing=Billing(name="Acme SA")),
    )  # fmt: skip
    receivable_of(order)
    cancel(registration=order.registrations.get())
    return person


def named_on_company_invoice() -> Subject:
    """Somebody else orders for the person, and the invoice names them on its lines."""
    order = colleague_order(event_on_sale())
    receivable = receivable_of(order)
    issue(receivable=receivable)
    record_payment(receivable=receivable, amount=16_500, method="transfer", note=f"de la part de {NAME}")
    return None


def quotation_of_their_own() -> Subject:
    """The person asks for a quotation and orders nothing."""
    ask_quotation(event=event_on_sale(), request=request(), means=Means())
    return account()


def quotation_by_a_colleague() -> Subject:
    """Somebody else asks for a quotation that names the person on its lines."""
    asked = request(
        place(), place(first_name="Bo", last_name="Roi", email="bo@x.example"),
        email="b@x.example", billing=Billing(name="Acme SA"),
    )  # fmt: skip
    ask_quotation(event=event_on_sale(), request=asked, means=Means())
    return account()


def billed_but_ordered_by_another() -> Subject:
    """Somebody else asks for a quotation and orders; both are billed to the person at home."""
    person, event = account(), event_on_sale()
    ask_quotation(event=event, request=request(email="boss@acme.example"), means=Means())
    order = ordered(event, email="boss@acme.example")
    receivable_of(order)
    cancel(registration=order.registrations.get())
    return person


def invoiced_and_paid() -> Subject:
    """The person orders, gets an invoice and pays it by a transfer that the bank statement names."""
    person = account()
    order = ordered(event_on_sale())
    order.registrations.update(person=person)
    receivable = receivable_of(order)
    issue(receivable=receivable)
    statement = camt((16_500, NAME.upper(), f"FACTURE {LAST} {order.reference}", ""))
    import_statement(file=read_statement("releve.xml", statement))
    return person


def credited() -> Subject:
    """The same by hand, then credited and given back with reasons that name the person."""
    order = ordered(event_on_sale())
    receivable = receivable_of(order)
    document = issue(receivable=receivable)
    paid = record_payment(receivable=receivable, amount=16_500, method="transfer", note=f"chèque de {LAST}")
    credit(invoice=document, reason="Empêchement")
    given = refund(payment=paid, amount=16_500, reason=f"À la demande de {NAME}")
    refund_done(refund=given)
    return None


def paid_by_card() -> Subject:
    """The person pays by card; no invoice is issued."""
    person = account()
    order = register(event=event_on_sale(), request=request(payment="card"), means=Means())
    play_payment(order=order)
    return person


def bank_line_set_aside() -> Subject:
    """The bank names the person on money that came in twice and was set aside."""
    person = invoiced_and_paid()
    again = camt((16_500, NAME, f"deuxième fois {ADDRESS}", ""), (100, "Durand", "autre", ""))
    import_statement(file=read_statement("again.xml", again))
    for line in BankLine.objects.filter(assignments=None):
        ignore(line=line, reason=f"{line.party} a payé deux fois")
    return person


def handed_to_a_colleague() -> Subject:
    """The person orders for themself, then somebody else takes the place."""
    person = account()
    order = ordered(event_on_sale())
    receivable_of(order)
    taker = Place(ticket="", first_name="Bo", last_name="Roi", email="bo@x.example")
    substitute(registration=order.registrations.get(), by=taker)
    record_payment(receivable=receivable_of(order), amount=16_500, method="transfer")
    return person


def former_attendee() -> Subject:
    """Somebody else orders for the person, and gives the place to another one before it is invoiced."""
    person = account()
    order = colleague_order(event_on_sale())
    receivable_of(order)
    one = order.registrations.get()
    chosen = one.addons.get()
    chosen.cancelled_at = timezone.now()
    chosen.save()
    receivable_of(order)
    substitute(registration=one, by=Place(ticket="", first_name="Bo", last_name="Roi", email="bo@x.example"))
    return person


def waiting_list() -> Subject:
    """The person waits for a place and leaves the list."""
    event = event_on_sale()
    ticket = event.tickets.get()
    ticket.capacity = 0
    ticket.save()
    leave_waiting(entry=join_for_ticket(ticket=ticket, wish=Wish(**HERS)))
    return None


def ordered_under_a_former_address() -> Subject:
    """The person orders under an address that the account has no longer."""
    person = account()
    order = ordered(event_on_sale(), email=OLD_ADDRESS, places=(place(email=OLD_ADDRESS),))
    order.registrations.update(person=person)
    record_payment(receivable=receivable_of(order), amount=16_500, method="transfer")
    return person


def import_taken_back() -> Subject:
    """Lists bring the person in and change the name; both are undone."""
    event = event_on_sale()
    header = ["first_name", "last_name", "email", "company", "ticket"]
    rows = [[2, ["X", "Y", ADDRESS, "Acme", "guest"]], [3, [FIRST, LAST, OLD_ADDRESS, "Acme", "guest"]]]
    import_list(event=event, table=Table(header, rows), file_name=f"liste_{FIRST}_{LAST}.csv")
    again = import_list(event=event, table=Table(header, [[2, [FIRST, LAST, ADDRESS, "Acme", "guest"]]]))
    for one in event.registrations.all():
        receivable_of(one.order)
    undo_import(run=again.run)
    person = account()
    people = event.registrations.all()
    people.update(person=person)
    for one in people:
        cancel(registration=one)
    Job.objects.create(
        event=event, kind="import", title=f"{NAME}.csv", language="fr", given=f"{FIRST};{LAST};{ADDRESS}",
        asked_by=person, finished_at=timezone.now(), outcome=f"{NAME}, 1", errors=[f"2: {ADDRESS}"],
    )  # fmt: skip
    return person


def merged_registrations() -> Subject:
    """Two registrations of the person under two addresses become one."""
    person = account()
    event = event_on_sale()
    kept, other = (
        ordered(event, email=address, places=(place(email=address),)).registrations.get()
        for address in (ADDRESS, OLD_ADDRESS)
    )
    kept.person = person
    kept.save()
    for one in (kept, other):
        receivable_of(one.order)
    merge(kept=kept, other=other, taken=["answers"], reason=f"{NAME} s’est inscrite deux fois")
    record_payment(receivable=receivable_of(kept.order), amount=16_500, method="transfer")
    return person


def sponsor_contact() -> Subject:
    """The person is a sponsor's contact and takes a package."""
    event = event_on_sale()
    package = make_package(event)
    billed = Billing(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    order = OrderRequest(email=ADDRESS, places=(), billing=billed)
    one = take_package(package=package, sponsor=Sponsor(name="Acme", contact=NAME, order=order), key="k")
    receivable = receivable_of(one.order)
    issue(receivable=receivable)
    record_payment(receivable=receivable, amount=120_000, method="transfer")
    return None


def owed_by_hand() -> Subject:
    """The treasurer notes a debt of the person that no order stands for, and it is paid."""
    make_issuer()
    receivable = owe(
        reference="HAND-1", subject=f"Dîner de {NAME}",
        buyer=Buyer(name=NAME, street=STREET, postcode="1", city="Lyon", email=ADDRESS, purchase_order=LAST),
        charges=[Owed("hand-1", f"Repas de {NAME}", 5_000, 2000)],
    )  # fmt: skip
    record_payment(receivable=receivable, amount=5_000, method="cash")
    return account()
