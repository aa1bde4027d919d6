"""Test that staff notes and unpaid amounts reach scanners as changes of attendee records."""

import pytest
from django.utils import timezone

from badges.attendance.scanning.record_encryption import decrypt_record, make_registration_key
from badges.desk.payments import invoice_later, sync_amount_due, take_payment
from badges.desk.search import load_guests
from convention.events.sequence import advance_sequence
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.refunds import request_refund
from registrations.models import Order, Registration
from registrations.notes.staff_notes import write_staff_note
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_token,
    make_device,
    make_event,
    make_registration,
)
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    made = make_event()
    advance_sequence(made.pk)
    made.refresh_from_db()
    return made


def make_priced_registration(event, payment, **fields):
    """Create a registration with a badge, in an order of 120 euros."""
    guest = make_registration(event, price=12_000, vat_rate=2000, **fields)
    Order.objects.filter(pk=guest.order_id).update(payment=payment, total=12_000, billing_name="Acme")
    guest.refresh_from_db()
    return guest


def fetch_record(event, guest, **cursors):
    """Return the guest's record as a scanner decrypts it, or None if the snapshot does not contain it."""
    event.refresh_from_db()
    snapshot = build_snapshot(make_device(event, can_override=False)[0], **cursors)
    key = make_registration_key(guest.reference)
    sealed = [row["sealed"] for row in snapshot["registrations"] if row["key"] == key]
    return decrypt_record(make_badge_token(guest), sealed[0]) if sealed else None


def test_staff_note_is_sent_to_scanner_and_removed_after_deletion(event):
    guest, other = make_registration(event), make_registration(event)
    first = fetch_record(event, guest)
    since = event.sequence

    write_staff_note(registration=guest, text="Badge VIP, l’accompagner", written_by=None)
    written = fetch_record(event, guest, since=since)
    unchanged = fetch_record(event, other, since=event.sequence - 1)
    since = event.sequence
    write_staff_note(registration=guest, text="", written_by=None)
    deleted = fetch_record(event, guest, since=since)

    assert first["note"] == ""
    assert written["note"] == "Badge VIP, l’accompagner"
    assert unchanged is None
    assert deleted["note"] == ""


def test_unpaid_amount_is_sent_to_scanner_until_paid(event, django_capture_on_commit_callbacks):
    guest = make_priced_registration(event, "card")
    before = fetch_record(event, guest)
    _receivable, cents_due = sync_amount_due(guest)
    event.refresh_from_db()
    since = event.sequence

    with django_capture_on_commit_callbacks(execute=True):
        payment = take_payment(guest=guest, amount=cents_due, method="cash", external_id="desk-1")
    paid = fetch_record(event, guest, since=since)
    since = event.sequence
    with django_capture_on_commit_callbacks(execute=True):
        request_refund(payment=payment, amount=500, reason="Remise")
    refunded = fetch_record(event, guest, since=since)

    assert before["to_pay"] is True
    assert "to_pay" not in paid
    assert refunded["to_pay"] is True


def test_invoiced_order_is_not_to_be_paid_at_scanner(event, django_capture_on_commit_callbacks):
    guest = make_priced_registration(event, "card")
    before = fetch_record(event, guest)
    since = event.sequence

    with django_capture_on_commit_callbacks(execute=True):
        invoice_later(guest=guest)
    invoiced = fetch_record(event, guest, since=since)

    assert before["to_pay"] is True
    assert "to_pay" not in invoiced


def test_scanner_and_desk_show_same_payment_state(event):
    guests = [
        make_priced_registration(event, "card"),
        make_priced_registration(event, "invoice"),
        make_registration(event),
    ]
    billed = make_priced_registration(event, "card")
    _receivable, cents_due = sync_amount_due(billed)
    take_payment(guest=billed, amount=cents_due - 1, method="cash", external_id="desk-2")
    guests.append(billed)
    make_priced_registration(event, "card", cancelled_at=timezone.now())

    shown = load_guests(event, [guest.pk for guest in guests])
    records = {guest.pk: fetch_record(event, guest) for guest in guests}

    assert [guest.payment_state for guest in shown] == ["to_pay", "to_invoice", "free", "to_pay"]
    for guest in shown:
        assert records[guest.registration.pk].get("to_pay", False) == (guest.payment_state == "to_pay")


def test_cancelled_order_on_invoice_is_not_shown_as_paid(event):
    unbilled = make_priced_registration(event, "invoice", cancelled_at=timezone.now())
    billed = make_priced_registration(event, "invoice")
    sync_amount_due(billed)
    Registration.objects.filter(pk=billed.pk).update(cancelled_at=timezone.now())
    sync_amount_due(billed)

    shown = load_guests(event, [unbilled.pk, billed.pk])

    assert [guest.payment_state for guest in shown] == ["free", "free"]


@pytest.mark.parametrize("is_whole", [True, False])
def test_fully_credited_order_is_not_due_at_scanner(event, django_capture_on_commit_callbacks, is_whole):
    make_issuer()
    guest = make_priced_registration(event, "card")
    receivable, cents_due = sync_amount_due(guest)
    invoice = issue_invoice(receivable=receivable)
    before = fetch_record(event, guest)
    since = event.sequence

    with django_capture_on_commit_callbacks(execute=True):
        if is_whole:
            credit_invoice(invoice=invoice, reason="Geste")
        else:
            credit_invoice_amount(invoice=invoice, amount=cents_due, reason="Geste")
    credited = fetch_record(event, guest, since=since)

    assert before["to_pay"] is True
    assert "to_pay" not in credited
