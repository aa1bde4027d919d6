"""Payment reminders."""

import datetime

import pytest
from django.utils import timezone

from registrations.invoices.documents.corrections import correct_invoice
from registrations.invoices.documents.credit_notes import credit_invoice
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.formatting import format_transfer_reference
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Issuer, Reminder
from registrations.invoices.reminders import find_due_step, queue_due_reminders, send_reminder
from tests.registrations.invoices.factories import make_receivable

pytestmark = pytest.mark.django_db
STEPS = [-3, 7, 21, 45]


STEP_BY_DELAY = [(-10, None), (-3, -3), (-1, -3), (0, None), (6, None), (7, 7), (20, 7), (21, 21), (300, 45)]


@pytest.mark.parametrize(("late", "step"), STEP_BY_DELAY)
def test_due_step_is_last_one_reached(late, step):
    assert find_due_step(STEPS, datetime.timedelta(days=late)) == step


def make_issued_invoice(days_late: int, **fields):
    """Issue an invoice that was due so many days ago."""
    on = timezone.localdate() - datetime.timedelta(days=30 + days_late)
    return issue_invoice(receivable=make_receivable(**fields), issued_on=on)


@pytest.fixture
def remind(run_tasks, mailoutbox):
    """Run the periodic job and its tasks; return the mails."""

    def run():
        queue_due_reminders()
        run_tasks()
        return list(mailoutbox)

    return run


def test_overdue_invoice_is_mailed_once_with_pdf(issuer, remind):
    document = make_issued_invoice(8)
    for _ in range(3):
        mails = remind()

    [mail] = mails

    assert mail.to == [document.receivable.email]
    assert (
        mail.subject
        == f"Relance\u202f: facture {document.number} échue le " + mail.subject.rpartition(" le ")[2]
    )
    assert [attachment.filename for attachment in mail.attachments] == [f"{document.number}.pdf"]
    assert "120,00\u00a0€" in mail.body
    assert format_transfer_reference(document.receivable.reference) in mail.body
    assert list(Reminder.objects.values_list("invoice", "step")) == [(document.pk, 7)]


def test_each_reached_step_sends_one_reminder(issuer, remind):
    document = make_issued_invoice(8, language="en")
    remind()
    Issuer.objects.update(reminder_days=[-3, 7, 8])

    subjects = [mail.subject.partition(" ")[0] for mail in remind()]

    assert subjects == ["Reminder:", "Reminder:"]
    assert list(Reminder.objects.filter(invoice=document).values_list("step", flat=True)) == [7, 8]


def test_corrected_invoice_is_not_reminded_of_a_step_again(issuer, remind):
    document = make_issued_invoice(8)
    remind()
    document.receivable.street = "2 rue Neuve"
    document.receivable.save()
    correct_invoice(invoice=document, reason="address")

    mails = remind()

    assert len(mails) == 1


def test_corrected_invoice_is_reminded_of_the_next_step(issuer, remind):
    document = make_issued_invoice(8, language="en")
    remind()
    document.receivable.street = "2 rue Neuve"
    document.receivable.save()
    _credit_note, replacement = correct_invoice(invoice=document, reason="address")
    Issuer.objects.update(reminder_days=[-3, 7, 8])

    mails = remind()

    assert replacement.number in mails[-1].subject


def test_reminder_before_due_date_is_friendly(issuer, remind):
    document = make_issued_invoice(-2, language="en")
    [mail] = remind()

    assert mail.subject.startswith(f"Invoice {document.number} is due on ")


@pytest.mark.parametrize("step_back", ["paid", "credited", "no address", "no steps"])
def test_no_reminder_if_settled_or_without_address_or_steps(issuer, remind, step_back):
    document = make_issued_invoice(60, email="" if step_back == "no address" else "buyer@example.org")
    if step_back == "paid":
        record_payment(receivable=document.receivable, amount=12_000, method="transfer")
    if step_back == "credited":
        credit_invoice(invoice=document, reason="annulé")

    if step_back == "no steps":
        Issuer.objects.update(reminder_days=[])

    assert remind() == []


def test_payment_after_queueing_stops_reminder(issuer, run_tasks, mailoutbox):
    document = make_issued_invoice(8)
    queue_due_reminders()
    record_payment(receivable=document.receivable, amount=12_000, method="transfer")
    run_tasks()

    send_reminder.func(document.pk, 7)

    assert mailoutbox == []
    assert Reminder.objects.count() == 0


def test_reminder_asks_for_remaining_balance(issuer, remind):
    document = make_issued_invoice(8)
    record_payment(receivable=document.receivable, amount=5_000, method="transfer")

    [mail] = remind()

    assert "70,00\u00a0€" in mail.body
