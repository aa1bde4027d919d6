"""Test that the desk undoes its own mistakes on the same day: walk-ins and payments."""

import datetime
import errno
import re
import uuid

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from convention.audit.models import AuditEntry
from registrations.billing.receivables import sync_receivable
from registrations.booking.walk_in import register_walk_in
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Payment
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from tests.factories import make_event, make_person, make_registration, make_staff, make_ticket
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = [pytest.mark.django_db, pytest.mark.once]

REASON = {"reason": "Saisie en double"}
BUTTON = "Cancel the registration"


@pytest.fixture
def walk_in(client):
    """Return a walk-in of today whose ticket has a price; sign in at the desk."""
    event = make_event(slug="x")
    make_ticket(event, slug="press", price=12_000, capacity=5)
    client.force_login(make_staff(event, "desk"))
    place = RequestedPlace(ticket="press", first_name="Inès", last_name="Durand", email="ines@example.org")
    return register_walk_in(event=event, place=place, idempotency_key="1", language="en")


@pytest.fixture
def guest_path(walk_in):
    return f"/en/desk/x/guests/{walk_in.reference}/"


def make_it_yesterday(row):
    type(row).objects.filter(pk=row.pk).update(created_at=timezone.now() - datetime.timedelta(days=1))


def take_payment(client, guest_path):
    typed = {"key": str(uuid.uuid4()), "amount": "120", "method": "cash"}
    client.post(f"{guest_path}payment/", typed)
    return Payment.objects.get()


def test_walk_in_is_cancelled_with_reason_at_no_fee(walk_in, client, guest_path):
    page = client.get(guest_path).text
    question = client.get(f"{guest_path}cancel/").text
    answer = client.post(f"{guest_path}cancel/", REASON, follow=True)

    walk_in.refresh_from_db()
    assert BUTTON in page
    assert "ines@example.org receives an e-mail" in question
    assert "registration has been cancelled" in answer.text
    assert BUTTON not in answer.text
    assert walk_in.state == "cancelled"
    assert walk_in.cancellation_fee == 0
    assert walk_in.event.tickets.get().reserved == 0
    assert AuditEntry.objects.get(verb="registration.cancel").reason == "Saisie en double"


def test_second_click_on_cancel_leads_to_the_page_of_the_guest(walk_in, client, guest_path):
    client.post(f"{guest_path}cancel/", REASON)

    again = client.post(f"{guest_path}cancel/", REASON)

    assert again.status_code == 302
    assert again.url == guest_path
    assert AuditEntry.objects.filter(verb="registration.cancel").count() == 1


def test_page_names_the_buyer_and_the_new_attendee_as_mailed(walk_in, client, guest_path):
    Registration.objects.update(email="new@example.org")

    page = client.get(f"{guest_path}cancel/").text

    assert "ines@example.org receives an e-mail" in page
    assert "new@example.org receives an e-mail" in page


def test_cancelled_walk_in_is_not_counted_as_arrived(walk_in, client, guest_path):
    client.post(f"{guest_path}check-in/", {"direction": "in"})

    client.post(f"{guest_path}cancel/", REASON)

    assert not Presence.objects.filter(is_inside=True).exists()


def refuse_scans(execute, sql, params, many, context):
    """Fail on a scan as the database does when its disk is full."""
    if Checkpoint.tickets.through._meta.db_table in sql:
        raise OperationalError("full") from OSError(errno.ENOSPC, "full")
    return execute(sql, params, many, context)


def test_walk_in_stays_valid_if_its_entry_cannot_be_undone(walk_in, client, guest_path):
    client.post(f"{guest_path}check-in/", {"direction": "in"})

    with connection.execute_wrapper(refuse_scans):
        page = client.post(f"{guest_path}cancel/", REASON).text

    walk_in.refresh_from_db()
    assert "disk is full" in page
    assert walk_in.state == "confirmed"


def test_walk_in_is_not_cancelled_without_reason(walk_in, client, guest_path):
    page = client.post(f"{guest_path}cancel/", {"reason": " "}).text

    walk_in.refresh_from_db()
    assert "Enter the reason" in page
    assert walk_in.state == "confirmed"


def test_walk_in_of_yesterday_is_left_to_organizers(walk_in, client, guest_path):
    make_it_yesterday(walk_in)

    page = client.get(guest_path).text
    question = client.get(f"{guest_path}cancel/")
    answer = client.post(f"{guest_path}cancel/", REASON).text

    walk_in.refresh_from_db()
    assert BUTTON not in page
    assert question["Location"] == guest_path
    assert "ask an organizer" in answer
    assert walk_in.state == "confirmed"


def test_outside_staff_cancel_only_walk_ins_without_a_price(walk_in, client, guest_path):
    outsider = make_person()
    make_delegated_role(make_delegation(walk_in.event), outsider, "desk")
    client.force_login(outsider)

    page = client.get(guest_path).text
    refused = client.post(f"{guest_path}cancel/", REASON)
    Order.objects.update(total=0)
    client.post(f"{guest_path}cancel/", REASON)

    walk_in.refresh_from_db()
    assert BUTTON not in page
    assert refused.status_code == 403
    assert walk_in.state == "cancelled"


def test_form_of_an_undone_payment_sent_again_records_nothing(walk_in, client, guest_path):
    typed = {"key": str(uuid.uuid4()), "amount": "120", "method": "cash"}
    client.post(f"{guest_path}payment/", typed)
    client.post(f"{guest_path}payments/{Payment.objects.get().pk}/undo/", REASON)

    page = client.post(f"{guest_path}payment/", {**typed, "method": "cheque"}).text

    assert "nothing has been recorded now" in page
    assert Payment.objects.count() == 1


def test_desk_does_not_cancel_registration_it_did_not_add(walk_in, client):
    zoe = make_registration(walk_in.ticket, first_name="Zoé", last_name="Lefèvre")

    page = client.get(f"/en/desk/x/guests/{zoe.reference}/").text
    answer = client.post(f"/en/desk/x/guests/{zoe.reference}/cancel/", REASON).text

    zoe.refresh_from_db()
    assert BUTTON not in page
    assert "ask an organizer" in answer
    assert zoe.state == "confirmed"


def test_paid_walk_in_is_cancelled_after_its_payment_is_undone(walk_in, client, guest_path):
    payment = take_payment(client, guest_path)

    refused = client.post(f"{guest_path}cancel/", REASON).text
    client.post(f"{guest_path}payments/{payment.pk}/undo/", REASON)
    client.post(f"{guest_path}cancel/", REASON)

    walk_in.refresh_from_db()
    assert "€120 has been paid for this order" in refused
    assert walk_in.state == "cancelled"


def test_payment_of_desk_is_undone_and_its_receipt_is_void(walk_in, client, guest_path):
    make_issuer()
    payment = take_payment(client, guest_path)
    undo_path = f"{guest_path}payments/{payment.pk}/undo/"
    listed = client.get(guest_path).text

    question = client.get(undo_path).text
    answer = client.post(undo_path, REASON, follow=True).text
    receipt = pdf_text(client.get(f"{guest_path}receipts/{payment.pk}.pdf").content)

    number = f"{walk_in.order.reference}-{payment.pk}"
    assert undo_path in listed
    assert f"Receipt {number} becomes void" in question
    assert f"Receipt {number} is void" in answer
    assert re.search(r"<s>€120, cash, .*</s>", answer)
    assert "on invoice: €120" in answer
    assert "Take a payment" in answer
    assert undo_path not in answer
    assert "receipts/" not in answer
    assert AuditEntry.objects.get(verb="payment.cancel").reason == "Saisie en double"
    assert "the receipt is void" in receipt


def test_page_loads_all_payments_at_once(walk_in, client, guest_path):
    record_desk_payment(walk_in, "desk-1")
    with CaptureQueriesContext(connection) as with_one_payment:
        client.get(guest_path)
    record_desk_payment(walk_in, "desk-2")

    with CaptureQueriesContext(connection) as with_two_payments:
        page = client.get(guest_path).text

    assert page.count("/undo/") == 2
    assert len(with_two_payments) == len(with_one_payment)


def record_desk_payment(walk_in, external_id):
    receivable = sync_receivable(walk_in.order)
    record_payment(receivable=receivable, amount=100, method="cash", external_id=external_id)


def test_payment_is_undone_only_once(walk_in, client, guest_path):
    payment = take_payment(client, guest_path)
    undo_path = f"{guest_path}payments/{payment.pk}/undo/"

    client.post(undo_path, REASON)
    again = client.post(undo_path, REASON).text

    assert "ask the treasurer" in again
    assert payment.refunds.count() == 1


def test_payment_of_yesterday_is_left_to_treasurer(walk_in, client, guest_path):
    payment = take_payment(client, guest_path)
    make_it_yesterday(payment)

    page = client.get(guest_path).text
    answer = client.post(f"{guest_path}payments/{payment.pk}/undo/", REASON).text

    assert f"payments/{payment.pk}/undo/" not in page
    assert "ask the treasurer" in answer
    assert not payment.refunds.exists()


def test_desk_does_not_undo_payment_of_treasurer(walk_in, client, guest_path):
    receivable = sync_receivable(walk_in.order)
    payment = record_payment(receivable=receivable, amount=100, method="cash", external_id="hand-1")

    client.post(f"{guest_path}payments/{payment.pk}/undo/", REASON)

    assert not payment.refunds.exists()
