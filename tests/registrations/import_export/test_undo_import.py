"""Undoing an import restores counters and registrations, and skips and names later changes."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.confirmations.send import send_order_mails
from convention.audit.models import AuditEntry
from convention.events.models import Event
from convention.tables.files import ParsedTable
from registrations.billing.receivables import sync_receivable
from registrations.billing.unbilled import bill_unbilled_orders
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import CORRECTABLE_FIELDS, Correction, correct_as_organizer
from registrations.changes.resend import resend_mail
from registrations.import_export.import_registrations import import_registrations
from registrations.import_export.undo_import import UndoRefused, preview_undo, undo_import
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Payment, Receivable
from registrations.models import (
    Addon,
    ImportedRow,
    ImportRun,
    MailDelivery,
    Order,
    QuestionOption,
    Registration,
    Ticket,
)
from registrations.periodic_jobs import delete_old_import_rows
from tests.factories import make_addon, make_event, make_order, make_question, make_registration, make_ticket
from tests.registrations.test_pages import read_page_text

pytestmark = pytest.mark.django_db

# As many as a limited ticket has places: two random lists together never exceed it.
PEOPLE = "abcdefgh"
HEADER = ["first_name", "last_name", "email", "company", "ticket", "addons", "diet", "purchase order"]


def congress() -> Event:
    event = make_event()
    make_ticket(event, is_default=True, price=12_000)
    make_ticket(event, slug="press", name="Presse", capacity=len(PEOPLE))
    make_addon(event, slug="dinner")
    make_question(event, "diet", options=[("vegan", 9), ("all", 9)])
    return event


def capture_state(event: Event) -> tuple[object, ...]:
    """Return the values of active registrations, and all counters."""
    people = Registration.objects.active().filter(event=event).order_by("pk")
    kept = people.values(
        "pk", "ticket", "price", "company", "answers", "no_photo", "badge_version", "reductions",
        "is_reserved", "confirmed_at", "order__purchase_order", "first_name", "last_name",
    )  # fmt: skip
    counters = [
        model.objects.order_by("pk").values_list("pk", "reserved")
        for model in (Ticket, Addon, QuestionOption)
    ]
    return list(kept), *map(list, counters)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(["", "Acme", "Beta"]),
        st.sampled_from(["", "guest", "press"]), st.sampled_from(["", "dinner"]),
        st.sampled_from(["", "vegan", "all"]), st.sampled_from(["", "PO 1"]),
    ),
    max_size=5, unique_by=lambda row: row[0],
)  # fmt: skip


def import_rows(event: Event, rows) -> ImportRun:
    table = [["N", who.upper(), f"{who}@example.org", *rest] for who, *rest in rows]
    done = import_registrations(event=event, table=ParsedTable(HEADER, list(enumerate(table, start=2))))
    assert done.import_run is not None
    return done.import_run


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=ROWS, second=ROWS)
def test_undo_restores_state_before_import(first, second):
    event = congress()
    import_rows(event, first)
    before = capture_state(event)
    run = import_rows(event, second)
    foreseen = str(preview_undo(run))

    if run.created_count or run.changed_count:
        done = undo_import(import_run=run)
        assert str(done) == foreseen
        assert done.skipped_registrations == []
        with pytest.raises(UndoRefused):
            undo_import(import_run=run)

    assert capture_state(event) == before


def get_registration(event: Event, who: str) -> Registration:
    return Registration.objects.get(event=event, email=f"{who}@example.org")


def test_undo_skips_and_names_registrations_changed_since():
    event = congress()
    door = Checkpoint.objects.create(event=event, name="Entrée")

    run = import_rows(event, [(who, "Acme", "guest", "", "", "") for who in "abcdefg"])

    check_in_registration(registration=get_registration(event, "a"), checkpoint=door, operator=None)

    Registration.objects.filter(email="b@example.org").update(confirmation_sent_at=timezone.now())
    owed = sync_receivable(get_registration(event, "c").order)
    record_payment(receivable=owed, amount=1, method=Payment.Method.CASH)
    one = get_registration(event, "d")
    said = {name: getattr(one, name) for name in CORRECTABLE_FIELDS} | {"company": "Autre"}
    correct_as_organizer(registration=one, correction=Correction(**said))
    cancel_registration(registration=get_registration(event, "e"))

    done = undo_import(import_run=run)

    assert [(one.email[0], why) for one, why in done.skipped_registrations] == [
        ("a", "arrivée déjà enregistrée"), ("b", "e-mail déjà envoyé"),
        ("c", "facture ou paiement enregistré"),
        ("d", "inscription modifiée depuis"), ("e", "inscription modifiée depuis"),
    ]  # fmt: skip
    assert [row.registration.email[0] for row in done.cancelled_rows] == ["f", "g"]
    assert event.tickets.get(slug="guest").reserved == 4
    entry = AuditEntry.objects.get(verb="registration.undo_import")
    assert entry.event == event.slug
    assert run.rows.count() == 7


def test_undo_withdraws_charges_that_are_not_invoiced():
    event = congress()
    run = import_rows(event, [(who, "", "guest", "", "", "") for who in "ab"])

    bill_unbilled_orders()

    owed = {
        receivable.reference: compute_balance(receivable).amount_owed
        for receivable in Receivable.objects.all()
    }
    assert set(owed) == {get_registration(event, who).order.reference for who in "ab"}
    assert all(owed.values())
    assert undo_import(import_run=run).skipped_registrations == []
    assert [compute_balance(receivable).amount_owed for receivable in Receivable.objects.all()] == [0, 0]


def test_undo_of_billed_orders_needs_constant_query_count():
    counts = []
    for people in ("ab", "cdefghijkl"):
        event = congress()
        run = import_rows(event, [(who, "", "guest", "", "", "") for who in people])
        bill_unbilled_orders()
        with CaptureQueriesContext(connection) as asked:
            assert undo_import(import_run=run).skipped_registrations == []
        counts.append(len(asked))

    assert counts[0] == counts[1]
    assert {compute_balance(receivable).amount_owed for receivable in Receivable.objects.all()} == {0}


def test_undo_sends_no_mail_and_revokes_badges(run_tasks, mailoutbox):
    event = congress()
    run = import_rows(event, [("a", "", "guest", "", "", "")])
    before = get_registration(event, "a")
    undo_import(import_run=run)
    run_tasks()

    after = get_registration(event, "a")

    event.refresh_from_db()
    assert mailoutbox == []
    assert after.badge_version == before.badge_version + 1
    assert after.state == "cancelled"
    assert after.sequence == event.sequence


def test_former_values_are_deleted_after_thirty_days():
    event = congress()
    run = import_rows(event, [("a", "", "guest", "", "", "")])

    delete_old_import_rows()

    assert ImportedRow.objects.count() == 1

    ImportRun.objects.update(imported_at=timezone.now() - datetime.timedelta(days=31))
    delete_old_import_rows()

    assert ImportedRow.objects.count() == 0
    assert ImportRun.objects.count() == 1
    with pytest.raises(UndoRefused):
        undo_import(import_run=run)


def test_undo_skips_registration_confirmed_by_import():
    event = congress()
    order = make_order(event, email="a@example.org")

    make_registration(
        event.tickets.get(slug="guest"), order=order, email="a@example.org", confirmed_at=None,
        hold_expires_at=timezone.now() + datetime.timedelta(minutes=5),
    )  # fmt: skip

    [(one, why)] = undo_import(
        import_run=import_rows(event, [("a", "", "", "", "", "")])
    ).skipped_registrations
    assert one.state == "confirmed"
    assert why == "inscription confirmée par la liste"


def test_pages_list_and_undo_imports(organizer: Client, event: Event):
    text_of = "first_name,last_name,ticket\nA,B,guest\n"
    organizer.post("/organize/congress/registrations/import/", {"checked": text_of, "name": "mine.csv"})
    run = ImportRun.objects.get()

    listed = read_page_text(organizer.get("/organize/congress/registrations/imports/"))

    assert "mine.csv" in listed
    page = f"/organize/congress/registrations/imports/{run.pk}/undo/"
    assert "Inscriptions à annuler\u202f: 1" in organizer.get(page).content.decode()
    assert Registration.objects.active().count() == 1
    assert organizer.post(page).status_code == 302
    run.refresh_from_db()
    assert Registration.objects.active().count() == 0
    assert run.undone_by is not None
    assert Order.objects.count() == 1
    assert organizer.post(page).status_code == 409


def confirm_by_mail(registration: Registration, run_tasks) -> None:
    """Send the confirmation of an existing registration, and date it to yesterday."""
    send_order_mails.enqueue(registration.order_id)
    run_tasks()
    yesterday = timezone.now() - datetime.timedelta(days=1)
    MailDelivery.objects.update(queued_at=yesterday)
    Registration.objects.update(confirmation_sent_at=yesterday)


def book_guest(event: Event) -> Registration:
    guest, address = event.tickets.get(slug="guest"), "a@example.org"
    order = make_order(event, email=address, source=Order.Source.ORGANIZER, total=guest.price)
    return make_registration(
        guest, order=order, email=address, price=guest.price, first_name="N", last_name="A"
    )


def test_undo_restores_ticket_of_a_person_confirmed_before_the_import(run_tasks):
    event = congress()
    registration = book_guest(event)
    confirm_by_mail(registration, run_tasks)
    run = import_rows(event, [("a", "", "press", "", "", "")])

    result = undo_import(import_run=run)

    registration.refresh_from_db()
    assert result.skipped_registrations == []
    assert registration.ticket.slug == "guest"
    assert registration.price == 12_000


def test_undo_skips_ticket_of_a_person_notified_after_the_import(run_tasks):
    event = congress()
    registration = book_guest(event)
    confirm_by_mail(registration, run_tasks)
    run = import_rows(event, [("a", "", "press", "", "", "")])
    resend_mail(registration=get_registration(event, "a"))
    run_tasks()

    result = undo_import(import_run=run)

    registration.refresh_from_db()
    assert [why for _row, why in result.skipped_registrations] == ["e-mail déjà envoyé"]
    assert registration.ticket.slug == "press"


def test_undo_ignores_the_mail_that_the_import_sent_to_a_new_attendee(run_tasks):
    event = congress()
    registration = book_guest(event)
    Registration.objects.update(first_name="Zoé", last_name="Martin")
    confirm_by_mail(registration, run_tasks)
    run = import_rows(event, [("a", "", "press", "", "", "")])
    run_tasks()
    sent_mails = MailDelivery.objects.filter(queued_at__gt=run.imported_at)

    assert sent_mails.count() == 1

    result = undo_import(import_run=run)

    registration.refresh_from_db()
    assert result.skipped_registrations == []
    assert registration.ticket.slug == "guest"
    assert registration.name == "Zoé Martin"


def test_undo_skips_a_new_attendee_who_was_mailed_again(run_tasks):
    event = congress()
    registration = book_guest(event)
    Registration.objects.update(first_name="Zoé", last_name="Martin")
    confirm_by_mail(registration, run_tasks)
    # Confirmed before the first mail, so that the import announces a change of holder to the buyer.
    Registration.objects.update(confirmed_at=timezone.now() - datetime.timedelta(days=2))
    run = import_rows(event, [("a", "", "press", "", "", "")])
    run_tasks()
    import_mail = MailDelivery.objects.get(queued_at__gt=run.imported_at)
    resend_mail(registration=get_registration(event, "a"))
    run_tasks()

    result = undo_import(import_run=run)

    registration.refresh_from_db()
    assert import_mail.message_key.startswith("handover-")
    assert [row for row, _why in result.skipped_registrations] == [registration]
    assert registration.ticket.slug == "press"
