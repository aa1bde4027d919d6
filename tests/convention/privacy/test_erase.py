"""Erasure: no value of the person is left, and nothing else is lost."""

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from badges.attendance.models import Presence, Scan
from badges.reports.event_facts import load_event_facts
from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Employment, Person, Seat
from convention.club.permissions import get_member_company
from convention.errors import NotOpenNow
from convention.events.models import EventRole
from convention.privacy.erase import ErasureBlocked, erase_people, execute_erasure
from convention.privacy.models import Consent, PrivacyCase
from convention.privacy.registry import find_erasure_blockers
from convention.privacy.subjects import get_subject
from registrations.invoices.accounting.fec_export import render_fec
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.models.documents import Invoice, Issuer, Payment
from registrations.models import Order, Registration, WaitingEntry
from registrations.visits.models import Application, NdaAcceptance, Visit, VisitorList
from tests.convention.backup.site import list_all_rows
from tests.convention.privacy.person_fixtures import (
    ADDRESS,
    FIRST,
    LAST,
    PERSONAL_VALUES,
    find_columns_with,
    find_files_with,
    make_past_visit,
    make_person_with_data,
    past_event,
)
from tests.factories import make_administrator, make_event, make_person, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
ACCOUNTING_TABLE_PREFIX = "invoices_"


def make_erasure_case(person, **fields):
    return PrivacyCase.objects.create(
        kind="erasure", **{"person": person, "email": person.email, "language": "fr", **fields}
    )


def read_rows(*tables):
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found[table] = [{name: row[name] for name in row if name != "attendee"} for row in rows]
    return found


def test_values_remain_only_in_accounting_tables():
    person = make_person_with_data()
    before = find_columns_with(PERSONAL_VALUES)

    assert {
        "registrations_order.billing_name",
        "mailings_unsubscription.email",
        "club_person.email",
    } <= before

    execute_erasure(case=make_erasure_case(person))
    left = find_columns_with(PERSONAL_VALUES)

    assert {column for column in left if not column.startswith(ACCOUNTING_TABLE_PREFIX)} == set()
    assert find_columns_with([ADDRESS]) <= {"invoices_invoice.buyer"}
    assert find_files_with(PERSONAL_VALUES) == []


def test_invoices_payments_scans_and_hashes_are_unchanged():
    person = make_person_with_data()
    tables = (
        "invoices_invoice", "invoices_invoiceline", "invoices_charge", "invoices_payment", "attendance_scan",
        "attendance_presence", "registrations_sessionbooking",
    )  # fmt: skip
    before, lists = (
        read_rows(*tables),
        list(VisitorList.objects.values("number", "hash", "count", "created_at")),
    )
    event = Registration.objects.get(person=person).event
    [totals] = load_event_facts([event], at=timezone.now())

    execute_erasure(case=make_erasure_case(person))

    assert read_rows(*tables) == before
    assert list(VisitorList.objects.values("number", "hash", "count", "created_at")) == lists

    [facts] = load_event_facts([event], at=timezone.now())

    assert (
        (facts.confirmed_count, facts.arrived_count)
        == (totals.confirmed_count, totals.arrived_count)
        == (1, 1)
    )
    assert Invoice.objects.count() == 1
    assert Payment.objects.count() == 1
    assert Scan.objects.count() == 1
    assert Presence.objects.get().registration.name == "Nom à préciser"
    assert NdaAcceptance.objects.get().hash == NdaAcceptance.objects.get().nda.hash


def test_erased_person_has_no_access(client):
    person = make_person_with_data()
    client.force_login(person)

    assert client.get("/me/").status_code == 200

    execute_erasure(case=make_erasure_case(person))

    assert client.get("/me/").status_code == 302
    person.refresh_from_db()
    assert not person.is_active
    assert person.email is None
    assert person.name == ""
    assert get_member_company(person) is None

    today = timezone.localdate()

    for model in (Employment, Seat, ClubRole):
        assert model.objects.get(person=person).ends_on < today
    assert EventRole.objects.filter(person=person).count() == 0
    assert Consent.objects.filter(person=person).count() == 1


def test_application_and_reserved_place_of_erased_person_remain():
    person = make_person_with_data()
    application = Application.objects.get()

    execute_erasure(case=make_erasure_case(person))

    application.refresh_from_db()
    assert application.person == person
    assert str(application.person) == f"#{person.pk}"
    assert Registration.objects.get(person=person).ticket.reserved == 1


def test_case_reports_erasure_and_drops_email_address(mailoutbox, django_capture_on_commit_callbacks):
    person, by = make_person_with_data(), make_administrator()
    case = make_erasure_case(person)

    with django_capture_on_commit_callbacks(execute=True):
        execute_erasure(case=case, answered_by=by)

    case.refresh_from_db()
    assert case.email == ""
    assert case.answer == "erased"
    assert case.answered_by == by
    assert PrivacyCase.objects.unanswered().count() == 0  # the access request is answered, too
    assert case.counts["registrations.registration"] == {"blanked": 1}
    assert case.counts["attendance.scan"] == {"anonymized": 1}
    assert case.counts["registrations.waitingentry"] == {"deleted": 1}

    [mail] = mailoutbox

    assert mail.to == [ADDRESS]
    entry = AuditEntry.objects.get(verb="person.erase")
    assert entry.subject == f"club.person:{person.pk}"
    assert "club.employment" in entry.fields
    with pytest.raises(NotOpenNow):
        execute_erasure(case=case)


def test_upcoming_registration_blocks_erasure():
    person = make_person()
    registration = make_registration(make_ticket(make_event()), person=person)

    with pytest.raises(ErasureBlocked) as error:
        execute_erasure(case=make_erasure_case(person))
    assert registration.event.title in str(error.value)
    person.refresh_from_db()
    assert person.is_active


def test_upcoming_registration_ordered_for_others_without_address_blocks_erasure():
    person = make_person()
    other = make_registration(make_ticket(make_event()), email="")

    Order.objects.filter(pk=other.order_id).update(email=person.email)

    assert len(find_erasure_blockers(get_subject(person))) == 1


def test_waiting_entry_and_visitor_list_block_erasure():
    person = make_person(first_name=FIRST, last_name=LAST, email=ADDRESS)
    ticket = make_ticket(make_event())
    WaitingEntry.objects.create(event=ticket.event, ticket=ticket, email=ADDRESS, address=ADDRESS)
    make_past_visit(person)

    VisitorList.objects.update(encrypted_data=b"rows")

    assert len(find_erasure_blockers(get_subject(person))) == 2

    WaitingEntry.objects.update(left_at=timezone.now())
    VisitorList.objects.update(encrypted_data=None)

    assert find_erasure_blockers(get_subject(person)) == []


def test_last_administrator_cannot_be_erased():
    boss = make_administrator()

    assert len(find_erasure_blockers(get_subject(boss))) == 1

    make_administrator()

    assert find_erasure_blockers(get_subject(boss)) == []


@pytest.mark.django_db(transaction=True)
def test_concurrent_erasures_leave_one_administrator():
    cases = [make_erasure_case(make_administrator()) for _number in range(3)]

    results = run_in_threads([lambda case=case: execute_erasure(case=case) for case in cases])

    assert [type(result) for result in results].count(ErasureBlocked) == 1
    assert ClubRole.objects.open().filter(role="administrator").count() == 1


def test_unpaid_charge_blocks_erasure():
    person = make_person_with_data()
    receivable = Invoice.objects.get().receivable
    other = Registration.objects.get(person=person)
    receivable.charges.create(
        key="more", description="Dîner", unit_price=100, amount=100, vat_rate=2000, quantity=1
    )

    [blocker] = find_erasure_blockers(get_subject(person))

    assert other.order.reference in str(blocker)


def test_erasing_assistant_keeps_name_of_attendee():
    assistant = make_person(first_name="Asta", last_name="Assist", email="asta@example.org")
    place = make_registration(
        make_ticket(past_event()), first_name="Bo", last_name="Boss", email="asta@example.org"
    )

    execute_erasure(case=make_erasure_case(assistant))

    place.refresh_from_db()
    assert place.name == "Bo Boss"
    assert place.email == ""
    assert "asta" not in place.search


def test_address_is_blanked_on_waiting_entry_of_another_person():
    """An applicant is known by account; the entry stores the address used for the application."""
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
            visit=visit, person=waits, waiting_entry=entry, withdrawn_at=entry.joined_at, company=None
        )
    case = make_erasure_case(former)

    execute_erasure(case=case)

    assert find_columns_with([ADDRESS]) == set()
    kept = WaitingEntry.objects.order_by("pk").values_list("pk", "last_name", "email")
    assert list(kept) == [(entry.pk, "Boss", "") for entry in entries]
    case.refresh_from_db()
    assert case.counts["registrations.waitingentry"] == {"blanked": 2}


def test_guest_known_only_by_address_is_erased():
    place = make_registration(make_ticket(past_event()), last_name="Gast", email="Gast@example.org")
    case = PrivacyCase.objects.create(kind="erasure", email="gast@example.org")

    execute_erasure(case=case)

    place.refresh_from_db()
    assert place.last_name == ""
    assert place.email == ""
    assert place.search.strip() == f"acme {place.reference.lower()}"
    assert find_columns_with(["gast@example.org"]) == set()


def read_other_rows():
    """Return all rows but cases and the trail, without the two values that each erasure makes anew."""
    rows = list_all_rows()
    for table, column in (("club.Person", "password"), ("registrations.Registration", "badge_version")):
        for row in rows[table]:
            del row[column]
    return {table: rows[table] for table in rows if table not in ("audit.AuditEntry", "privacy.PrivacyCase")}


def test_erasing_again_or_unknown_address_changes_no_other_data():
    person = make_person_with_data()

    assert erase_people(people=[person]) == [person]

    again = PrivacyCase.objects.create(kind="erasure", person=person)
    nobody = PrivacyCase.objects.create(kind="erasure", email="nobody@example.org")
    before = read_other_rows()

    execute_erasure(case=again)

    assert set(execute_erasure(case=nobody)) == {"privacy.privacycase"}
    assert read_other_rows() == before


def test_namesake_is_not_erased():
    make_person_with_data()
    namesake = make_person(first_name=FIRST, last_name=LAST, email="other@firm.example")

    execute_erasure(case=make_erasure_case(Person.objects.get(email=ADDRESS)))

    namesake.refresh_from_db()
    assert namesake.first_name == FIRST
    assert namesake.is_active


def test_role_given_today_is_deleted():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=timezone.localdate())

    execute_erasure(case=make_erasure_case(person))

    assert ClubRole.objects.filter(person=person).count() == 0


def make_invoice_of_erased_buyer():
    """Return the invoice of a buyer who was erased after paying."""
    person = make_person_with_data()
    execute_erasure(case=make_erasure_case(person))
    return Invoice.objects.get()


def test_a_credit_note_after_an_erasure_names_the_buyer_of_its_invoice():
    invoice = make_invoice_of_erased_buyer()

    assert invoice.receivable.name == ""

    note = credit_invoice(invoice=invoice, reason="Litige")

    assert note.buyer == invoice.buyer
    assert note.buyer_name == f"{FIRST} {LAST}"


def test_fec_export_still_names_erased_buyer():
    invoice = make_invoice_of_erased_buyer()
    today = timezone.localdate()
    lines = render_fec(Issuer.get_current(), today.replace(month=1, day=1), today).decode().splitlines()
    rows = [line.split("\t") for line in lines]
    label = rows[0].index("CompAuxLib")
    reference = rows[0].index("CompAuxNum")

    of_buyer = {row[label] for row in rows[1:] if row[reference] == invoice.receivable.reference}

    assert of_buyer == {f"{FIRST} {LAST}"}


def test_treasurer_pages_show_order_of_erased_buyer(client):
    reference = make_invoice_of_erased_buyer().receivable.reference
    client.force_login(make_administrator())

    page = client.get("/organize/money/").content.decode()

    assert f">{reference}</a>" in page
    assert client.get(reverse("receivable", args=[reference])).status_code == 200
