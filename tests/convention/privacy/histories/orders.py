"""Histories of orders and of their payments."""

import datetime
from dataclasses import replace

from django.test import Client
from django.utils import timezone

from badges.attendance.merge import merge_registrations_and_scans
from convention.jobs.models import Job
from convention.tables.files import ParsedTable
from registrations.billing.receivables import sync_receivable
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.changes.substitute import substitute_attendee
from registrations.company.booking import book_for_company
from registrations.import_export.import_registrations import import_registrations
from registrations.import_export.undo_import import undo_import
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.charges import Buyer, ChargeItem, record_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund, request_refund
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.bank.assignments import ignore_line
from registrations.payments.bank.import_statement import import_statement
from registrations.payments.bank.statement_files import read_statement
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.models import BankLine
from registrations.quotations.create import create_order_quotation, create_package_quotation
from registrations.sponsors.sponsorships import SponsorRequest, take_package
from registrations.waiting_list.end_waiting import leave_waiting_list
from tests.convention.privacy.find_traces import ADDRESS, FIRST, LAST, NAME, OLD_ADDRESS, STREET
from tests.convention.privacy.histories.person import (
    PERSON_FIELDS,
    Subject,
    make_colleague_order,
    make_event_on_sale,
    make_order,
    make_person_account,
    make_place,
    make_request,
)
from tests.factories import (
    make_contact,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.statements import camt
from tests.registrations.sponsors.factories import make_package
from tests.registrations.test_pages import BILLING, build_person_form


def registered_alone() -> Subject:
    """A guest whose firm has their name registers, is cancelled, and owes nothing."""
    order = make_order(
        make_event_on_sale(), company=f"{NAME} Conseil", places=(make_place(company=f"Cabinet {NAME}"),)
    )
    sync_receivable(order)
    cancel_registration(registration=order.registrations.get())
    return None


def half_filled_form() -> Subject:
    """A visitor types names and a billing address and leaves."""
    make_event_on_sale()
    client = Client()
    named = {f"person-0-{name}": text for name, text in PERSON_FIELDS.items()}
    client.post("/events/congress/register/", build_person_form(**named))
    client.post("/events/congress/register/choices/", {"choice-0-ticket": "guest"})
    billed = {"billing_name": NAME, "billing_street": STREET}
    client.post("/events/congress/register/check/", {**BILLING, **billed, "billing_city": ""})
    return None


def hold_that_expired() -> Subject:
    """An order that was never confirmed and whose hold is over."""
    order = place_order(event=make_event_on_sale(), request=make_request(), context=OrderContext())
    sync_receivable(order)
    order.registrations.update(hold_expires_at=timezone.now() - datetime.timedelta(days=3), confirmed_at=None)
    return None


def member_of_company_order() -> Subject:
    """The company's contact registers the person, a member; it is settled and nothing was invoiced."""
    person = make_person_account()
    event, company = make_event_on_sale(), person.employments.get().company
    order = book_for_company(
        event=event, company=company, contact_person=make_contact(company), idempotency_key="k",
        request=make_request(email="contact@acme.example", billing=BillingDetails(name="Acme SA")),
    )  # fmt: skip
    sync_receivable(order)
    cancel_registration(registration=order.registrations.get())
    return person


def named_on_company_invoice() -> Subject:
    """Somebody else orders for the person, and the invoice names them on its lines."""
    order = make_colleague_order(make_event_on_sale())
    receivable = sync_receivable(order)
    issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=16_500, method="transfer", note=f"de la part de {NAME}")
    return None


def quotation_of_their_own() -> Subject:
    """The person asks for a quotation and orders nothing."""
    create_order_quotation(event=make_event_on_sale(), request=make_request(), context=OrderContext())
    return make_person_account()


def quotation_by_a_colleague() -> Subject:
    """Somebody else asks for a quotation that names the person on its lines."""
    asked = make_request(
        make_place(), make_place(first_name="Bo", last_name="Roi", email="bo@x.example"),
        email="b@x.example", billing=BillingDetails(name="Acme SA"),
    )  # fmt: skip
    create_order_quotation(event=make_event_on_sale(), request=asked, context=OrderContext())
    return make_person_account()


def contact_on_a_package_quotation() -> Subject:
    """Somebody else asks for the quotation of a package whose contact is the person."""
    request = make_request(email="boss@acme.example", billing=BillingDetails(name="Acme SA"))
    package = make_package(make_event_on_sale())
    create_package_quotation(package=package, request=replace(request, places=()), contact=NAME)
    return make_person_account()


def billed_but_ordered_by_another() -> Subject:
    """Somebody else asks for a quotation and orders; both are billed to the person at home."""
    person, event = make_person_account(), make_event_on_sale()
    create_order_quotation(
        event=event, request=make_request(email="boss@acme.example"), context=OrderContext()
    )
    order = make_order(event, email="boss@acme.example")
    sync_receivable(order)
    cancel_registration(registration=order.registrations.get())
    return person


def invoiced_and_paid() -> Subject:
    """The person orders, gets an invoice and pays it by a transfer that the bank statement names."""
    person = make_person_account()
    order = make_order(make_event_on_sale())
    order.registrations.update(person=person)
    receivable = sync_receivable(order)
    issue_invoice(receivable=receivable)
    statement = camt((16_500, NAME.upper(), f"FACTURE {LAST} {order.reference}", ""))
    import_statement(file=read_statement("releve.xml", statement))
    return person


def credited() -> Subject:
    """The same by hand, then credited and given back with reasons that name the person."""
    order = make_order(make_event_on_sale())
    receivable = sync_receivable(order)
    document = issue_invoice(receivable=receivable)
    paid = record_payment(receivable=receivable, amount=16_500, method="transfer", note=f"chèque de {LAST}")
    credit_invoice(invoice=document, reason="Empêchement")
    given = request_refund(payment=paid, amount=16_500, reason=f"À la demande de {NAME}")
    complete_refund(refund=given)
    return None


def paid_by_card() -> Subject:
    """The person pays by card; no invoice is issued."""
    person = make_person_account()
    order = place_order(
        event=make_event_on_sale(), request=make_request(payment="card"), context=OrderContext()
    )
    record_demo_payment(order=order)
    return person


def bank_line_set_aside() -> Subject:
    """The bank names the person on money that came in twice and was set aside."""
    person = invoiced_and_paid()
    again = camt((16_500, NAME, f"deuxième fois {ADDRESS}", ""), (100, "Durand", "autre", ""))
    import_statement(file=read_statement("again.xml", again))
    for line in BankLine.objects.filter(assignments=None):
        ignore_line(line=line, reason=f"{line.counterparty} a payé deux fois")
    return person


def handed_to_a_colleague() -> Subject:
    """The person orders for themself, then somebody else takes the place."""
    person = make_person_account()
    order = make_order(make_event_on_sale())
    sync_receivable(order)
    taker = RequestedPlace(ticket="", first_name="Bo", last_name="Roi", email="bo@x.example")
    substitute_attendee(registration=order.registrations.get(), new_attendee=taker)
    record_payment(receivable=sync_receivable(order), amount=16_500, method="transfer")
    return person


def former_attendee() -> Subject:
    """Somebody else orders for the person, and gives the place to another one before it is invoiced."""
    person = make_person_account()
    order = make_colleague_order(make_event_on_sale())
    sync_receivable(order)
    one = order.registrations.get()
    chosen = one.addons.get()
    chosen.cancelled_at = timezone.now()
    chosen.save()
    sync_receivable(order)
    substitute_attendee(
        registration=one,
        new_attendee=RequestedPlace(ticket="", first_name="Bo", last_name="Roi", email="bo@x.example"),
    )
    return person


def waiting_list() -> Subject:
    """The person waits for a place and leaves the list."""
    event = make_event_on_sale()
    ticket = event.tickets.get()
    ticket.capacity = 0
    ticket.save()
    leave_waiting_list(entry=join_ticket_list(ticket=ticket, request=WaitingRequest(**PERSON_FIELDS)))
    return None


def ordered_under_a_former_address() -> Subject:
    """The person orders under an address that the account has no longer."""
    person = make_person_account()
    order = make_order(make_event_on_sale(), email=OLD_ADDRESS, places=(make_place(email=OLD_ADDRESS),))
    order.registrations.update(person=person)
    record_payment(receivable=sync_receivable(order), amount=16_500, method="transfer")
    return person


def import_taken_back() -> Subject:
    """Lists bring the person in and change the name; both are undone."""
    event = make_event_on_sale()
    header = ["first_name", "last_name", "email", "company", "ticket"]
    rows = [[2, ["X", "Y", ADDRESS, "Acme", "guest"]], [3, [FIRST, LAST, OLD_ADDRESS, "Acme", "guest"]]]
    import_registrations(event=event, table=ParsedTable(header, rows), file_name=f"liste_{FIRST}_{LAST}.csv")
    again = import_registrations(
        event=event, table=ParsedTable(header, [[2, [FIRST, LAST, ADDRESS, "Acme", "guest"]]])
    )
    for registration in event.registrations.all():
        sync_receivable(registration.order)
    undo_import(import_run=again.import_run)
    person = make_person_account()
    people = event.registrations.all()
    people.update(person=person)
    for one in people:
        cancel_registration(registration=one)
    Job.objects.create(
        event=event, kind="import", title=f"{NAME}.csv", language="fr", payload=f"{FIRST};{LAST};{ADDRESS}",
        requested_by=person, finished_at=timezone.now(), outcome=f"{NAME}, 1", errors=[f"2: {ADDRESS}"],
    )  # fmt: skip
    return person


def merged_registrations() -> Subject:
    """Two registrations of the person under two addresses become one."""
    person = make_person_account()
    event = make_event_on_sale()
    kept, other = (
        make_order(event, email=address, places=(make_place(email=address),)).registrations.get()
        for address in (ADDRESS, OLD_ADDRESS)
    )
    kept.person = person
    kept.save()
    for one in (kept, other):
        sync_receivable(one.order)
    merge_registrations_and_scans(
        survivor=kept, other=other, fields_from_other=["answers"], reason=f"{NAME} s’est inscrite deux fois"
    )
    record_payment(receivable=sync_receivable(kept.order), amount=16_500, method="transfer")
    return person


def sponsor_contact() -> Subject:
    """The person is a sponsor's contact and takes a package."""
    event = make_event_on_sale()
    package = make_package(event)
    billed = BillingDetails(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    order = OrderRequest(email=ADDRESS, places=(), billing=billed)
    one = take_package(
        package=package,
        sponsor_request=SponsorRequest(name="Acme", contact=NAME, order=order),
        idempotency_key="k",
    )
    receivable = sync_receivable(one.order)
    issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=120_000, method="transfer")
    return None


def owed_by_hand() -> Subject:
    """The treasurer notes a debt of the person that no order stands for, and it is paid."""
    make_issuer()
    receivable = record_charges(
        reference="HAND-1", subject=f"Dîner de {NAME}",
        buyer=Buyer(name=NAME, street=STREET, postcode="1", city="Lyon", email=ADDRESS, purchase_order=LAST),
        items=[ChargeItem("hand-1", f"Repas de {NAME}", 5_000, 2000)],
    )  # fmt: skip
    record_payment(receivable=receivable, amount=5_000, method="cash")
    return make_person_account()
