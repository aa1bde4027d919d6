"""Erasing somebody: nothing of them is found any more, and nothing else is lost."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from badges.reports.facts import facts_of
from convention.audit.models import Entry
from convention.club.doors import member_company
from convention.club.models import ClubRole, Employment, Person, Seat
from convention.errors import Closed
from convention.events.models import EventRole
from convention.privacy.erase import NotSettled, erase, erase_quietly
from convention.privacy.models import Case, Consent
from convention.privacy.subjects import subject_of
from convention.privacy.walk import obstacles
from registrations.invoices.credit import credit
from registrations.invoices.fec import fec
from registrations.invoices.models import Invoice, Issuer, Payment
from registrations.models import Order, Registration, WaitingEntry
from registrations.visits.models import Application, NdaAcceptance, Visit, VisitorList
from tests.convention.privacy.somebody import (
    ADDRESS,
    FIRST,
    LAST,
    VALUES,
    files_with,
    make_somebody,
    past_event,
    visited,
    where,
)
from tests.factories import make_administrator, make_event, make_person, make_registration, make_ticket

pytestmark = pytest.mark.django_db
BOOKS = "invoices_"


def case_of(person, **fields):
    return Case.objects.create(
        kind="erasure", **{"person": person, "email": person.email, "language": "fr", **fields}
    )


def rows_of(*tables):
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = [{name: row[name] for name in row if name != "attendee"} for row in rows]
    return found


def test_the_values_are_found_nowhere_but_in_the_books():
    person = make_somebody()
    before = where(VALUES)
    assert {
        "registrations_order.billing_name",
        "mailings_unsubscription.email",
        "club_person.email",
    } <= before
    erase(case=case_of(person))
    left = where(VALUES)
    assert {column for column in left if not column.startswith(BOOKS)} == set()
    assert where([ADDRESS]) <= {"invoices_invoice.buyer"}
    assert files_with(VALUES) == []


def test_invoices_payments_scans_and_hashes_stay_as_they_were():
    person = make_somebody()
    tables = (
        "invoices_invoice", "invoices_line", "invoices_charge", "invoices_payment", "attendance_scan",
        "attendance_presence", "registrations_sessionseat",
    )  # fmt: skip
    before, lists = rows_of(*tables), list(VisitorList.objects.values("number", "hash", "count", "made_at"))
    event = Registration.objects.get(person=person).event
    [totals] = facts_of([event], at=timezone.now())
    erase(case=case_of(person))
    assert rows_of(*tables) == before
    assert list(VisitorList.objects.values("number", "hash", "count", "made_at")) == lists
    [facts] = facts_of([event], at=timezone.now())
    assert (facts.confirmed, facts.arrived) == (totals.confirmed, totals.arrived) == (1, 1)
    assert (Invoice.objects.count(), Payment.objects.count(), Scan.objects.count()) == (1, 1, 1)
    assert Presence.objects.get().registration.name == "Nom à suivre"
    assert NdaAcceptance.objects.get().hash == NdaAcceptance.objects.get().nda.hash


def test_what_is_left_opens_nothing(client):
    person = make_somebody()
    client.force_login(person)
    assert client.get("/me/").status_code == 200
    erase(case=case_of(person))
    assert client.get("/me/").status_code == 302
    person.refresh_from_db()
    assert (person.is_active, person.email, person.name) == (False, None, "")
    assert member_company(person) is None
    today = timezone.localdate()
    for model in (Employment, Seat, ClubRole):
        assert [row.ends_on < today for row in model.objects.filter(person=person)] == [True]
    assert EventRole.objects.filter(person=person).count() == 0
    assert Consent.objects.filter(person=person).count() == 1


def test_who_was_there_stays_countable():
    person = make_somebody()
    application = Application.objects.get()
    erase(case=case_of(person))
    application.refresh_from_db()
    assert application.person == person
    assert str(application.person) == f"#{person.pk}"
    assert Registration.objects.get(person=person).ticket.taken == 1


def test_the_case_says_what_was_done_and_forgets_the_address(mailoutbox, django_capture_on_commit_callbacks):
    person, by = make_somebody(), make_administrator()
    case = case_of(person)
    with django_capture_on_commit_callbacks(execute=True):
        erase(case=case, by=by)
    case.refresh_from_db()
    assert (case.email, case.answer, case.answered_by) == ("", "erased", by)
    assert Case.objects.open().count() == 0  # the request to see what is held, too
    assert case.counts["registrations.registration"] == {"emptied": 1}
    assert case.counts["attendance.scan"] == {"kept": 1}
    assert case.counts["registrations.waitingentry"] == {"gone": 1}
    [mail] = mailoutbox
    assert mail.to == [ADDRESS]
    entry = Entry.objects.get(verb="person.erase")
    assert (entry.subject, "club.employment" in entry.fields) == (f"club.person:{person.pk}", True)
    with pytest.raises(Closed):
        erase(case=case)


def test_a_coming_place_stands_in_the_way():
    person = make_person()
    registration = make_registration(make_ticket(make_event()), person=person)
    with pytest.raises(NotSettled) as error:
        erase(case=case_of(person))
    assert registration.event.title in str(error.value)
    person.refresh_from_db()
    assert person.is_active


def test_places_ordered_for_others_stand_in_the_way_too():
    person = make_person()
    other = make_registration(make_ticket(make_event()))
    Order.objects.filter(pk=other.order_id).update(email=person.email)
    assert len(obstacles(subject_of(person))) == 1


def test_a_wait_and_a_list_at_a_hosts_stand_in_the_way():
    person = make_person(first_name=FIRST, last_name=LAST, email=ADDRESS)
    ticket = make_ticket(make_event())
    WaitingEntry.objects.create(event=ticket.event, ticket=ticket, email=ADDRESS, address=ADDRESS)
    visited(person)
    VisitorList.objects.update(sealed=b"rows")
    assert len(obstacles(subject_of(person))) == 2
    WaitingEntry.objects.update(left_at=timezone.now())
    VisitorList.objects.update(sealed=None)
    assert obstacles(subject_of(person)) == []


def test_the_last_administrator_stays():
    boss = make_administrator()
    assert len(obstacles(subject_of(boss))) == 1
    make_administrator()
    assert obstacles(subject_of(boss)) == []


def test_a_debt_stands_in_the_way():
    person = make_somebody()
    receivable = Invoice.objects.get().receivable
    other = Registration.objects.get(person=person)
    receivable.charges.create(
        key="more", description="Dîner", unit_price=100, amount=100, vat_rate=2000, quantity=1
    )
    assert [other.order.reference in str(sentence) for sentence in obstacles(subject_of(person))] == [True]


def test_an_assistant_is_forgotten_and_the_boss_stays():
    assistant = make_person(first_name="Asta", last_name="Assist", email="asta@example.org")
    place = make_registration(
        make_ticket(past_event()), first_name="Bo", last_name="Boss", email="asta@example.org"
    )
    erase(case=case_of(assistant))
    place.refresh_from_db()
    assert (place.name, place.email) == ("Bo Boss", "")
    assert "asta" not in place.search


def test_an_address_on_somebody_else_s_wait_goes_and_the_wait_stays():
    """Who applied for a visit is known by account: the address on the wait is the one of that day."""
    former, waits = make_person(email=ADDRESS), make_person(first_name="Bo", last_name="Boss")
    event = past_event(kind="site_visit")
    visit, fields = Visit.objects.create(event=event), {"email": ADDRESS, "address": ADDRESS}
    tickets = [make_ticket(event, slug=slug) for slug in ("one", "two")]
    entries = [
        WaitingEntry.objects.create(event=event, ticket=ticket, last_name="Boss", **fields)
        for ticket in tickets
    ]
    for entry in entries:
        Application.objects.create(
            visit=visit, person=waits, waiting=entry, withdrawn_at=entry.joined_at, company=None
        )
    case = case_of(former)
    erase(case=case)
    assert where([ADDRESS]) == set()
    kept = WaitingEntry.objects.order_by("pk").values_list("pk", "last_name", "email")
    assert list(kept) == [(entry.pk, "Boss", "") for entry in entries]
    case.refresh_from_db()
    assert case.counts["registrations.waitingentry"] == {"emptied": 2}


def test_a_guest_known_by_address_alone_is_forgotten():
    place = make_registration(make_ticket(past_event()), last_name="Gast", email="Gast@example.org")
    case = Case.objects.create(kind="erasure", email="gast@example.org")
    erase(case=case)
    place.refresh_from_db()
    assert (place.last_name, place.email, place.search.strip()) == ("", "", f"acme {place.reference.lower()}")
    assert where(["gast@example.org"]) == set()


def test_erasing_twice_and_nobody_changes_nothing():
    person = make_person()
    assert erase_quietly(people=[person]) == [person]
    again = Case.objects.create(kind="erasure", person=person)
    assert erase(case=again).keys() == {"club.person", "audit.entry", "privacy.case"}
    nobody = Case.objects.create(kind="erasure", email="nobody@example.org")
    assert set(erase(case=nobody)) == {"privacy.case"}


def test_someone_else_of_that_name_stays():
    make_somebody()
    namesake = make_person(first_name=FIRST, last_name=LAST, email="other@firm.example")
    erase(case=case_of(Person.objects.get(email=ADDRESS)))
    namesake.refresh_from_db()
    assert (namesake.first_name, namesake.is_active) == (FIRST, True)


def test_what_was_given_today_is_taken_back():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=timezone.localdate())
    erase(case=case_of(person))
    assert ClubRole.objects.filter(person=person).count() == 0


def erased_buyer():
    """A buyer whose order was invoiced and paid, and who was erased since."""
    person = make_somebody()
    erase(case=case_of(person))
    return Invoice.objects.get()


def test_a_credit_note_after_an_erasure_names_the_buyer_of_its_invoice():
    invoice = erased_buyer()
    assert invoice.receivable.name == ""
    note = credit(invoice=invoice, reason="Litige")
    assert (note.buyer, note.buyer_name) == (invoice.buyer, f"{FIRST} {LAST}")


def test_the_books_still_name_the_customer_of_an_invoice():
    invoice = erased_buyer()
    today = timezone.localdate()
    lines = fec(Issuer.current(), today.replace(month=1, day=1), today).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    label = rows[0].index("CompAuxLib")
    reference = rows[0].index("CompAuxNum")
    of_buyer = {row[label] for row in rows[1:] if row[reference] == invoice.receivable.reference}
    assert of_buyer == {f"{FIRST} {LAST}"}


def test_the_treasurers_pages_name_the_order_of_an_erased_buyer(client):
    reference = erased_buyer().receivable.reference
    client.force_login(make_administrator())
    page = client.get("/organize/money/").content.decode()
    assert f">{reference}</a>" in page
    assert client.get(reverse("money-owed", args=[reference])).status_code == 200
