"""Cancel selected registrations without a refund, or without an e-mail."""

import datetime

import pytest
from django.core import mail
from django.utils import timezone, translation

from registrations.changes import selections
from registrations.invoices.models import Receivable, Refund
from registrations.models import Registration
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.organizer.selections import confirm, make_people, pay, post_selection
from tests.registrations.payments.factories import get_balance_cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(event):
    event.tickets.update(capacity=100)
    return event.tickets.get()


def preview_in_english(client, action: str, *people: Registration):
    with translation.override("en"):
        return post_selection(client, action, *people)


def test_no_refund_needs_a_reason_and_keeps_what_was_paid(organizer, ticket):
    paid, unpaid = people = make_people(ticket, 2)
    pay(paid, 12_000)

    preview = preview_in_english(organizer, "cancel", *people)
    refused = confirm(organizer, preview, refund="none")
    answer = confirm(organizer, refused, refund="none", reason="no-shows of last year")

    assert "No refund, the full price as a cancellation fee: €240 in cancellation fees" in preview.text
    assert "Enter a reason for refunding nothing." in refused.text
    assert "2 registrations have been cancelled. Cancellation fees: €240." in answer.text
    assert not Refund.objects.exists()
    assert {*Registration.objects.values_list("cancellation_fee", flat=True)} == {12_000}
    assert get_balance_cents(unpaid.order) == (12_000, 0, 0)


def test_a_place_that_was_never_confirmed_costs_nothing_without_refund_either(organizer, ticket):
    confirmed, held = people = make_people(ticket, 2)
    Registration.objects.filter(pk=held.pk).update(
        confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(hours=1)
    )

    preview = preview_in_english(organizer, "cancel", *people)
    confirm(organizer, preview, refund="none", reason="late")

    confirmed.refresh_from_db()
    held.refresh_from_db()
    assert confirmed.cancellation_fee == 12_000
    assert held.cancelled_at
    assert held.cancellation_fee == 0


@pytest.mark.parametrize(("box", "addresses"), [("on", ["p0@example.org"]), ("", [])])
def test_cancellation_is_e_mailed_unless_the_box_is_unticked(organizer, ticket, run_tasks, box, addresses):
    [person] = make_people(ticket, 1)
    run_tasks()
    mail.outbox.clear()

    preview = preview_in_english(organizer, "cancel", person)
    confirm(organizer, preview, is_notified=box)
    run_tasks()

    person.refresh_from_db()
    assert "1 cancellation e-mail will be sent. Without it, only you can tell them" in preview.text
    assert person.cancelled_at
    assert [message.to[0] for message in mail.outbox] == addresses


@pytest.mark.parametrize(("is_sent", "is_shown"), [(True, True), (False, False)])
def test_page_says_that_documents_are_sent_all_the_same(organizer, ticket, is_sent, is_shown):
    make_issuer(sends_since=timezone.now() if is_sent else None)
    people = make_people(ticket, 1)

    preview = preview_in_english(organizer, "cancel", *people)

    assert ("Credit notes and invoices are still sent to the buyers." in preview.text) is is_shown


def test_page_does_not_mention_documents_where_nothing_is_owed(organizer, ticket):
    make_issuer(sends_since=timezone.now())
    [person] = make_people(ticket, 1)
    Registration.objects.filter(pk=person.pk).update(price=0)
    Receivable.objects.all().delete()

    preview = preview_in_english(organizer, "cancel", person)

    assert "Credit notes and invoices" not in preview.text


def test_buyer_of_a_private_place_gets_no_e_mail_if_the_box_is_unticked(organizer, ticket, run_tasks):
    [person] = make_people(ticket, 1)
    Registration.objects.filter(pk=person.pk).update(is_private=True, email="member@example.org")
    run_tasks()
    mail.outbox.clear()

    preview = preview_in_english(organizer, "cancel", person)
    confirm(organizer, preview, is_notified="")
    run_tasks()

    assert mail.outbox == []


def test_job_cancels_without_e_mails(organizer, ticket, run_tasks):
    people = make_people(ticket, selections.MAX_IMMEDIATE_CHANGES + 1)
    run_tasks()
    mail.outbox.clear()

    preview = preview_in_english(organizer, "cancel", *people)
    confirm(organizer, preview, refund="none", reason="late", is_notified="")
    run_tasks()

    assert not Registration.objects.filter(cancelled_at__isnull=True).exists()
    assert {*Registration.objects.values_list("cancellation_fee", flat=True)} == {12_000}
    assert mail.outbox == []
