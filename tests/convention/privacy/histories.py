"""Histories that one person may have with the site, made by its own actions where there is one.

Each function leaves rows of the person named in `traces.py` and returns whom an erasure is asked for: the
person, or None for somebody known by address alone.
"""

import datetime
import json

from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.check_in import check_in
from badges.attendance.merge import merge
from badges.attendance.pair import entrance_of, pair
from badges.mailings.models import Mailing, Recipient, Unsubscription
from convention.api.tokens import create_token
from convention.audit.record import record
from convention.club.import_directory import import_directory
from convention.club.models import ClubRole, CompanyContact, Mandate, Membership, Person, WorkingGroup
from convention.club.undo_directory import undo_directory
from convention.events.models import Event, EventRole
from convention.jobs.models import Job
from convention.models import BouncedAddress
from convention.privacy.models import Case
from convention.tables import Table
from registrations.bill import receivable_of
from registrations.cancel import cancel
from registrations.checkout.assign import ignore
from registrations.checkout.import_statement import import_statement, read_statement
from registrations.checkout.models import BankLine
from registrations.checkout.play_payment import play_payment
from registrations.company.book import book
from registrations.correct import Correction, correct_for
from registrations.import_list import import_list
from registrations.invoices.credit import credit
from registrations.invoices.issue import issue
from registrations.invoices.models import Invoice
from registrations.invoices.owe import Buyer, Owed, owe
from registrations.invoices.pay import record_payment
from registrations.invoices.refund import refund, refund_done
from registrations.join_waiting import Wish, join_for_ticket
from registrations.leave_waiting import leave_waiting
from registrations.models import Delivery, Order, Registration
from registrations.order_request import Billing, OrderRequest, Place
from registrations.quotation import ask_quotation
from registrations.receive import receive
from registrations.register import Means, register
from registrations.sponsors.take_package import Sponsor, take_package
from registrations.substitute import substitute
from registrations.undo_import import undo_import
from registrations.visits.host_contacts import add_host_contact
from registrations.visits.host_proposals import propose_as_host
from registrations.visits.models import Debrief, DebriefNote, FeedbackAnswer, FeedbackQuestion, Visit
from registrations.visits.propose import propose
from registrations.visits.purge import purge
from schedule.models import Upload
from tests.convention.privacy.traces import ADDRESS, FIRST, LAST, NAME, OLD_ADDRESS, PHONE, STREET
from tests.factories import (
    LONG_AGO,
    make_addon,
    make_answer_file,
    make_company,
    make_contact,
    make_event,
    make_member,
    make_person,
    make_question,
    make_registration,
    make_session,
    make_ticket,
    make_voucher,
)
from tests.registrations.checkout.statements import camt
from tests.registrations.invoices.makers import make_issuer
from tests.registrations.sponsors.makers import make_package
from tests.registrations.test_pages import BILLING, who
from tests.registrations.visits.hosted import agree, answers_of, give_identity, make_hosted, make_sent_list

BILLED = Billing(name=NAME, street=STREET, postcode="69001", city="Lyon", country="FR")
HERS = {"first_name": FIRST, "last_name": LAST, "email": ADDRESS}
type Subject = Person | None


def account() -> Person:
    """Return the person as a member of the club with a proven address."""
    person = make_member(make_company(), **HERS)
    EmailAddress.objects.create(user=person, email=ADDRESS, verified=True, primary=True)
    return person


def event_on_sale() -> Event:
    """Return an event with an invoiced ticket, a dinner and a question, and somebody who invoices."""
    make_issuer()
    event = make_event(slug="congress")
    make_ticket(event, price=12_000, is_default=True)
    make_addon(event)
    make_question(event, "phone", text="Téléphone")
    return event


def place(**fields) -> Place:
    """Return the person's place with a dinner and an answer."""
    values = {"ticket": "guest", "addons": ("dinner",), "answers": {"phone": PHONE}, **HERS}
    return Place(**{**values, **fields})


def request(*places: Place, **fields) -> OrderRequest:
    """Return an order in the person's name, on invoice, for these places or their own."""
    values = {"email": ADDRESS, "places": places or (place(),), "billing": BILLED, "payment": "invoice"}
    return OrderRequest(**{**values, **fields})


def ordered(event: Event, **fields) -> Order:
    """Return an order of the person."""
    order = register(event=event, request=request(**fields), means=Means())
    Registration.objects.filter(order=order).update(confirmed_at=timezone.now(), held_until=None)
    return order


def colleague_order(event: Event, **fields) -> Order:
    """Return an order that somebody else made for the person, billed to a company."""
    billed = Billing(name="Acme SA", street="1 quai", postcode="69002", city="Lyon", country="FR")
    return ordered(event, email="boss@acme.example", billing=billed, company="Acme SA", **fields)


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


def visit_with_identity() -> Subject:
    """A member gives identity data for a visit, signs, comments; the lists are purged."""
    person = account()
    visit = make_hosted(fields=[*answers_of(1)])
    application = visit.applications.create(
        person=person,
        company=person.employments.get().company,
        registration=make_registration(visit.event.tickets.get(), person=person, **HERS),
    )
    agree(application)
    give_identity(application=application, answers={**answers_of(1), "birth_place": f"Ville de {LAST}"})
    make_sent_list(visit)
    question = FeedbackQuestion.objects.create(visit=visit, kind="text", text="?")
    FeedbackAnswer.objects.create(question=question, application=application, text=f"Bien, {NAME}")
    debrief = Debrief.objects.create(visit=visit)
    DebriefNote.objects.create(debrief=debrief, application=application, text=f"Écrivez-moi : {ADDRESS}")
    Event.objects.update(starts_at=_ago(31), ends_at=_ago(30))
    purge(visit=Visit.objects.select_related("event").get(pk=visit.pk))
    return person


def mailings() -> Subject:
    """The person gets mailings, one comes back, and wants no more news."""
    registration = ordered(event_on_sale()).registrations.get()
    cancel(registration=registration)
    now = timezone.now()
    mailing = Mailing.objects.create(event=registration.event, subject_fr="Bonjour", text_fr="Bonjour {name}")
    answer = f"550 5.1.1 <{ADDRESS}>: no such user"
    recipient = Recipient.objects.create(
        mailing=mailing, language="fr", due_at=now, refused_at=now, answer=answer
    )
    recipient.registrations.add(registration)
    Delivery.objects.create(
        order=registration.order, registration=registration, kind="confirmation", stem="x", answer=answer,
        refused_at=now,
    )  # fmt: skip
    BouncedAddress.objects.create(email=ADDRESS, answer=answer)
    Unsubscription.objects.create(email=ADDRESS)
    return None


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


def directory_import() -> Subject:
    """A list of the directory brings the person in; it is undone."""
    header = ["company", "first_name", "last_name", "email", "title"]
    company = make_company(name="Acme")
    table = Table(header, [[2, [company.name, FIRST, LAST, ADDRESS, f"Chef {LAST}"]]])
    done = import_directory(table=table, file_name=f"{ADDRESS} liste.csv")
    undo_directory(run=done.run)
    return Person.objects.filter(email=ADDRESS).first()


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


def speaker() -> Subject:
    """The person speaks at an event, and a file with the programme waits for its import."""
    person = account()
    event = make_event()
    make_session(event, f"Conversation avec {NAME}", speakers=(NAME,), abstract=f"{NAME} raconte.")
    event.sessions.update(slug="avec-ewzanna-qvortrup-zwick", extra={"by": NAME}, links=[{"title": NAME}])
    event.speakers.update(biography=f"{FIRST} dirige.", url="https://firm.example/wzanna")
    Upload.objects.create(event=event, token="t" * 43, name="p.xml", content=f"<person>{NAME}".encode())
    make_registration(make_ticket(event), person=person, **HERS)
    return person


def host_of_a_visit() -> Subject:
    """The person receives a visit for a vendor, acknowledges its list and proposes another visit."""
    visit = make_hosted(security_name=NAME, security_email=ADDRESS)
    contact = add_host_contact(visit=visit, name=NAME, email=ADDRESS)
    visit.lists.create(number=1, hash="a" * 64, count=1, sent_to=ADDRESS, acknowledged_by=NAME)
    Visit.objects.filter(pk=visit.pk).update(security_name=NAME, security_email=ADDRESS)
    propose_as_host(contact=contact, host=visit.event.host, title="Un centre", why=f"Écrire à {ADDRESS}")
    return None


def roles_in_the_club() -> Subject:
    """Mandates, roles, seats, representation, proposals, tokens, passkeys, sessions, and what they wrote."""
    person = account()
    job = person.employments.get()
    job.title = f"Cheffe {LAST}"
    job.save()
    Membership.objects.update(billing_contact=person, representative=person)
    CompanyContact.objects.create(company=job.company, person=person, starts_on=LONG_AGO)
    ClubRole.objects.create(person=person, role="treasurer", starts_on=LONG_AGO)
    group = WorkingGroup.objects.create(slug="cloud", name="Cloud", kind="thematic")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=LONG_AGO)
    propose(person=person, title="Un centre", why=f"J’y étais. {NAME}")
    create_token(person_id=person.pk, name=f"Programme de {FIRST}", scopes=["events:read"])
    person.authenticator_set.create(type="recovery_codes", data={"name": NAME})
    Client().post("/login/", {"login": ADDRESS, "password": "x"})
    signed_in = Client()
    signed_in.force_login(person)
    signed_in.get("/me/")
    return person


def staff_of_an_event() -> Subject:
    """The person runs the desk: pairs a phone, scans by hand, writes a mailing, is an event's contact."""
    person = account()
    event = event_on_sale()
    EventRole.objects.create(event=event, person=person, role="organizer", starts_on=LONG_AGO)
    Event.objects.filter(pk=event.pk).update(contact_email=ADDRESS)
    other = make_registration(event.tickets.get())
    device = pair(checkpoint=entrance_of(event), name=f"Téléphone de {FIRST}", by=person).device
    check_in(registration=other, door=device.checkpoint, operator=person, reason=f"vue par {NAME}")
    Mailing.objects.create(
        event=event, subject_fr="Bonjour", text_fr=f"Répondez à {ADDRESS}", written_by=person
    )
    make_voucher(event, label=f"De la part de {NAME}", for_address=ADDRESS)
    return person


def at_the_desk() -> Subject:
    """A walk-in is registered, scanned with a reason, checked in a list, and sends a file in."""
    event = event_on_sale()
    one = receive(event=event, place=place(addons=(), answers={}), key="k")
    check_in(registration=one, door=entrance_of(event), operator=None, reason=f"{NAME} est au jury")
    make_answer_file(one)
    job = Job.objects.create(
        event=event, kind="badges", title="Badges", language="fr", finished_at=timezone.now()
    )
    job.file.save("list.csv", ContentFile(f"{FIRST};{LAST};{ADDRESS}".encode()))
    record_payment(receivable=receivable_of(one.order), amount=12_000, method="cash", note=f"{NAME}, espèces")
    return None


def corrected_by_the_organizer() -> Subject:
    """The organizer corrects the name with a reason that names the person; it goes to the audit trail."""
    one = ordered(event_on_sale()).registrations.get()
    right = Correction(first_name=FIRST, last_name=f"{LAST}-Roi", email=ADDRESS, company="", no_photo=True)
    correct_for(registration=one, correction=right, reason=f"{LAST} a épousé Roi")
    record("registration.note", one, event=one.event, reason=f"{FIRST} viendra le soir")
    record("event.note", one.event, event=one.event, reason=f"voir {ADDRESS}")
    cancel(registration=one)
    return None


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


def edited_in_the_back_office() -> Subject:
    """Another administrator edits the person in the back office, whose log keeps how they were called."""
    person = account()
    LogEntry.objects.create(
        user=make_person(), content_type=ContentType.objects.get_for_model(Person), object_id=person.pk,
        object_repr=NAME, action_flag=CHANGE,
        change_message=json.dumps([{"changed": {"name": "seat", "object": f"{NAME}, Acme"}}]),
    )  # fmt: skip
    return person


def failed_tasks() -> Subject:
    """Tasks about the person failed with their address in the traceback, or wait with it as an argument."""
    now = timezone.now()
    common = {"priority": 0, "task_path": "a.b", "queue_name": "default", "backend_name": "default"}
    DBTaskResult.objects.create(
        status="FAILED", args_kwargs={"args": [1], "kwargs": {}}, finished_at=now, run_after=now,
        traceback=f"SMTPRecipientsRefused: {{'{ADDRESS}': (550, b'no')}} ({NAME})", **common,
    )  # fmt: skip
    DBTaskResult.objects.create(
        status="SUCCESSFUL", args_kwargs={"args": [ADDRESS], "kwargs": {}}, finished_at=now, run_after=now,
        return_value={"to": ADDRESS}, **common,
    )  # fmt: skip
    return account()


def earlier_requests() -> Subject:
    """The privacy desk refused a request with a reason that names the person."""
    person, now = account(), timezone.now()
    values = {"answered_at": now, "answer": "refused", "reason": f"{NAME} doit encore 10 €"}
    Case.objects.create(kind="erasure", person=person, email=ADDRESS, **values)
    Case.objects.create(kind="access", email=ADDRESS.upper(), **values)
    return person


def _ago(days: int) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


HISTORIES = [
    registered_alone, half_filled_form, hold_that_expired, member_of_company_order, named_on_company_invoice,
    quotation_of_their_own, quotation_by_a_colleague, billed_but_ordered_by_another, invoiced_and_paid,
    credited, paid_by_card, bank_line_set_aside, handed_to_a_colleague, former_attendee, waiting_list,
    ordered_under_a_former_address, visit_with_identity, mailings, import_taken_back, directory_import,
    merged_registrations, speaker, host_of_a_visit, roles_in_the_club, staff_of_an_event, at_the_desk,
    corrected_by_the_organizer, sponsor_contact, owed_by_hand, edited_in_the_back_office, failed_tasks,
    earlier_requests,
]  # fmt: skip


def settle() -> None:
    """Let all events be over, so that nothing stands in the way of an erasure."""
    Event.objects.update(starts_at=_ago(31), ends_at=_ago(30))


def invoices() -> int:
    """Return how many documents were issued."""
    return Invoice.objects.count()
