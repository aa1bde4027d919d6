"""Test changes between queueing and sending: cancellation, payment, erasure, another address."""

import pytest
from django.utils import timezone

from badges.mailings.composing.segments import Segment
from badges.mailings.models import Recipient
from badges.mailings.sending.log import count_recipients
from badges.mailings.sending.recipients import freeze_recipients
from badges.mailings.sending.run import run_mailing
from convention.privacy.erase import erase_subject
from convention.privacy.subjects import find_subject_by_address
from registrations.billing.receivables import sync_receivable
from registrations.changes.cancel import cancel_registration
from registrations.invoices.ledger.payments import record_payment
from registrations.models import Registration
from registrations.permissions import make_own_secret
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_event, make_order, make_registration, make_ticket

pytestmark = pytest.mark.django_db


def make_frozen_mailing(event, **fields):
    """Create a mailing whose recipients are fixed and of which nothing was sent."""
    now = timezone.now()
    mailing = make_mailing(event, send_at=now, due_at=now, **fields)
    freeze_recipients(mailing=mailing)
    return mailing


def send_all(mailing, run_tasks) -> None:
    run_mailing.enqueue(mailing.pk)
    run_tasks()


def test_attendee_cancelled_or_erased_since_freezing_gets_no_mail(mailoutbox, run_tasks):
    event = make_event()
    stays, withdrew, forgotten = add_people(event, 3)
    mailing = make_frozen_mailing(event)
    for one in (withdrew, forgotten):
        cancel_registration(registration=one)
    erase_subject(find_subject_by_address(forgotten.email))
    run_tasks()
    mailoutbox.clear()

    send_all(mailing, run_tasks)

    assert [mail.to for mail in mailoutbox] == [[stays.email]]
    left = Recipient.objects.exclude(left_out="").order_by("pk")
    assert list(left.values_list("left_out", flat=True)) == ["changed", "changed"]
    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert count_recipients([mailing])[mailing.pk]["omitted"] == 2


def test_attendee_who_paid_since_freezing_gets_no_payment_mail(mailoutbox, run_tasks):
    event = make_event()
    owing = add_people(event, 2)
    for one in owing:
        one.order.payment, one.order.total, one.price = "invoice", 9_000, 9_000
        one.order.save()
        one.save()
    mailing = make_frozen_mailing(event, segment=Segment(payment="unpaid"))
    record_payment(
        receivable=sync_receivable(owing[0].order), amount=9_000, method="transfer", external_id="x"
    )

    send_all(mailing, run_tasks)

    assert [mail.to for mail in mailoutbox] == [[owing[1].email]]


def test_shared_mail_is_split_after_address_change(mailoutbox, run_tasks):
    event = make_event()
    order, ticket = make_order(event, email="boss@example.org"), make_ticket(event)
    names = ("Ana", "Bob", "Cy", "Dan")
    ana, bob, cy, dan = (make_registration(ticket, order=order, first_name=n, email="") for n in names)

    mailing = make_frozen_mailing(event)

    assert mailing.recipients.count() == 1

    Registration.objects.filter(pk=ana.pk).update(email="ana@example.org")
    cancel_registration(registration=dan)
    run_tasks()
    mailoutbox.clear()
    send_all(mailing, run_tasks)

    sent = {mail.to[0]: mail.body for mail in mailoutbox}

    assert sorted(sent) == ["ana@example.org", "boss@example.org"]
    assert "Bonjour Ana," in sent["ana@example.org"]
    assert "Bonjour Bob et Cy," in sent["boss@example.org"]
    assert make_own_secret(ana) in sent["ana@example.org"]
    assert make_own_secret(bob) not in sent["ana@example.org"]
    assert make_own_secret(cy) not in sent["ana@example.org"]
    assert order.manage_secret not in sent["ana@example.org"]
    mailing.refresh_from_db()
    assert mailing.state == "sent"
    assert count_recipients([mailing])[mailing.pk]["sent"] == 2
