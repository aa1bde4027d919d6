"""Reinstating a cancelled registration: what returns, what is refused, who is e-mailed."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from convention import hooks
from convention.audit.models import AuditEntry
from convention.privacy.erase import erase_subject
from convention.privacy.subjects import find_subject_by_address
from registrations.billing.receivables import calculate_balance, sync_receivable
from registrations.changes.cancel import cancel_registration
from registrations.changes.move_to_waiting_list import move_to_waiting_list
from registrations.changes.reinstatement.reinstate import (
    ReinstatementRefused,
    preview_reinstatement,
    reinstate_and_notify,
    reinstate_registration,
)
from registrations.changes.reinstatement.texts import describe_reinstatement
from registrations.changes.substitute import substitute_attendee
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import cancel_payment
from registrations.models import RefundRule, Registration, RegistrationAddon, SessionBooking
from registrations.order_request import RequestedPlace
from registrations.sessions.booking import book_session
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_order,
    make_registration,
    make_session,
    make_ticket,
    make_voucher,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.visits.factories import make_application, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english():
    with translation.override("en"):
        yield


@pytest.fixture
def registration(event) -> Registration:
    return register(event)


def register(event, **fields) -> Registration:
    order = make_order(event, payment="invoice", total=12_000, billing_name="Acme", language="en")
    return make_registration(event.tickets.get(), order=order, price=12_000, **fields)


def cancel(registration: Registration) -> Registration:
    return cancel_registration(registration=registration)


def read_objection(registration: Registration) -> str:
    with pytest.raises(ReinstatementRefused) as refusal:
        preview_reinstatement(Registration.objects.get(pk=registration.pk))
    return str(refusal.value)


def test_place_and_link_are_valid_again_with_a_new_badge(registration):
    old_version, holder_count = registration.badge_version, registration.holder_count
    cancelled = cancel(registration)

    reinstate_registration(registration=cancelled, reason="Wrong person")

    registration.refresh_from_db()
    assert registration.state == Registration.State.CONFIRMED
    assert registration.badge_version > old_version
    assert registration.holder_count == holder_count
    assert registration.ticket.__class__.objects.get().reserved == 1
    assert AuditEntry.objects.get(verb="registration.reinstate").reason == "Wrong person"


def test_addon_that_is_free_is_restored_and_full_one_is_not(event, registration):
    dinner, tour = make_addon(event), make_addon(event, slug="tour", name="Tour", capacity=1, reserved=1)
    for addon in (dinner, tour):
        RegistrationAddon.objects.create(registration=registration, addon=addon, price=addon.price)
    dinner.reserved = 1
    dinner.save(update_fields=["reserved"])
    cancelled = cancel(registration)
    tour.reserved = 1
    tour.save(update_fields=["reserved"])

    reinstatement = reinstate_registration(registration=cancelled)

    dinner.refresh_from_db()
    assert [row.addon for row in reinstatement.addons] == [dinner]
    assert [row.addon for row in reinstatement.lost_addons] == [tour]
    assert [row.addon for row in registration.addons.filter(cancelled_at=None)] == [dinner]
    assert dinner.reserved == 1


def test_addon_removed_before_the_cancellation_stays_removed(event, registration):
    RegistrationAddon.objects.create(
        registration=registration, addon=make_addon(event), cancelled_at=timezone.now()
    )
    cancelled = cancel(registration)

    reinstatement = reinstate_registration(registration=cancelled)

    assert reinstatement.addons == []


def test_free_seat_is_booked_again_and_full_session_is_named(event, registration):
    sessions = [
        make_session(event, title=title, is_bookable=True, capacity=1, starts_at=starts_at)
        for title, starts_at in (
            ("Atelier", event.starts_at),
            ("Visite", event.starts_at + timezone.timedelta(hours=5)),
        )
    ]
    for session in sessions:
        book_session(registration=registration, session=session)
    cancelled = cancel(registration)
    book_session(registration=register(event, email="other@example.org"), session=sessions[1])

    reinstatement = reinstate_registration(registration=cancelled)

    booked = SessionBooking.objects.active().filter(registration=registration)
    assert [booking.session for booking in booked] == [sessions[0]]
    assert reinstatement.lost_sessions == [sessions[1]]


def test_price_is_owed_again_instead_of_the_fee(event, registration):
    sync_receivable(registration.order)
    RefundRule.objects.create(event=event, days_before=1, refund_percent=50)
    cancelled = cancel(registration)

    reinstate_registration(registration=cancelled)

    assert calculate_balance(registration.order).amount == 12_000
    assert preview_after_cancelling_again(registration).owed_cents == 12_000


def preview_after_cancelling_again(registration: Registration):
    return preview_reinstatement(cancel(registration))


def test_refunded_registration_is_not_reinstated(registration):
    record_payment(receivable=sync_receivable(registration.order), amount=12_000, method="transfer")
    cancel(registration)

    objection = read_objection(registration)

    assert objection == "The price was refunded after the cancellation. Add a new registration instead."


def test_registration_with_credit_note_is_not_reinstated(registration):
    make_issuer()
    issue_invoice(receivable=sync_receivable(registration.order))
    cancel(registration)

    objection = read_objection(registration)

    assert "credit note" in objection


def test_payment_undone_after_the_cancellation_is_no_refund(registration):
    cancelled = cancel(registration)
    payment = record_payment(
        receivable=sync_receivable(registration.order), amount=12_000, method="cash", external_id="desk-1"
    )
    cancel_payment(payment=payment, reason="Other guest")

    reinstate_registration(registration=cancelled)

    cancelled.refresh_from_db()
    assert cancelled.cancelled_at is None


def test_erased_attendee_is_not_reinstated(registration):
    cancel(registration)
    erase_subject(find_subject_by_address("zoe@example.org"))

    assert "has been erased" in read_objection(registration)


def test_place_without_a_name_is_reinstated(event):
    cancelled = cancel(register(event, first_name="", last_name="", email=""))

    reinstate_registration(registration=cancelled)

    cancelled.refresh_from_db()
    assert cancelled.cancelled_at is None


def test_preview_names_the_waiting_list_on_which_the_attendee_still_is(registration):
    ticket = make_ticket(make_event(name_en="The Visit"), name_en="Member", capacity=1, reserved=1)
    move_to_waiting_list(registration=registration, ticket=ticket, expected_fee_cents=0)
    registration.refresh_from_db()

    sentences = describe_reinstatement(registration, preview_reinstatement(registration))

    assert any("still on the waiting list of “The Visit”." in sentence for sentence in sentences)


def test_full_ticket_is_refused_with_a_reason(event, registration):
    cancel(registration)
    event.tickets.update(capacity=0)

    assert read_objection(registration) == "No places are left for “Guest”."


def test_used_up_code_is_refused(event, registration):
    voucher = make_voucher(event, reserved=1)
    Registration.objects.update(voucher=voucher)
    cancelled = cancel(Registration.objects.get())
    voucher.reserved = 1
    voucher.save(update_fields=["reserved"])

    assert read_objection(cancelled) == "The code “HALF” has been used up in the meantime."


def test_company_at_its_cap_is_refused(event):
    ticket = make_ticket(event, slug="member", audience="member", company_cap=1)
    company = make_company(name="Acme")
    people = [make_member(company), make_member(company)]
    first, second = (
        make_registration(ticket, person=person, member_of=company, email=person.email, last_name=str(n))
        for n, person in enumerate(people)
    )
    ticket.shares.create(company=company, reserved=2)
    cancel(first)

    objection = read_objection(first)

    assert "more than the maximum of 1 place per company" in objection
    assert second.state == Registration.State.CONFIRMED


def test_place_given_on_application_is_not_reinstated():
    cancelled = cancel(make_application(make_visit()).registration)

    assert "the member has to apply again" in read_objection(cancelled)


def test_attendee_who_registered_again_is_named(event, registration):
    cancel(registration)
    other = register(event)

    assert other.reference in read_objection(registration)


def test_former_member_needs_a_reason(event):
    ticket = make_ticket(event, slug="member", audience="member")
    cancelled = cancel(make_registration(ticket))

    with pytest.raises(ReinstatementRefused) as refusal:
        reinstate_registration(registration=cancelled)
    reinstate_registration(registration=cancelled, reason="Speaker")

    cancelled.refresh_from_db()
    assert "is not a member today" in str(refusal.value)
    assert cancelled.cancelled_at is None


def test_buyer_reads_that_the_registration_is_valid_again(registration, run_tasks, mailoutbox):
    cancelled = cancel(registration)
    run_tasks()
    mailoutbox.clear()

    reinstate_and_notify(registration=cancelled)
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["buyer@example.org"]
    assert [name for name, *_rest in mail.attachments if name.endswith(".pdf")]


def transfer_to_colleague(registration: Registration) -> Registration:
    return substitute_attendee(
        registration=registration,
        new_attendee=RequestedPlace(
            ticket="guest", first_name="Ana", last_name="Silva", email="ana@example.org"
        ),
    )


def test_attendee_with_own_mailbox_gets_badge_and_is_notified_of_another_cancellation(
    registration, run_tasks, mailoutbox
):
    transfer_to_colleague(registration)
    run_tasks()
    cancelled = cancel(registration)
    run_tasks()
    mailoutbox.clear()

    reinstate_and_notify(registration=cancelled)
    run_tasks()
    run_tasks()
    reinstated = [mail for mail in mailoutbox if mail.to == ["ana@example.org"]]
    mailoutbox.clear()
    cancel(registration)
    run_tasks()

    [mail] = reinstated
    assert mail.subject == "Registration reinstated: The Convention"
    assert "Ana Silva’s registration is valid again, with a new badge." in mail.body
    assert [name for name, *_rest in mail.attachments if name.endswith(".pdf")]
    assert sorted(mail.to[0] for mail in mailoutbox) == ["ana@example.org", "buyer@example.org"]


def test_private_place_is_mailed_to_its_attendee_and_the_buyer(registration, run_tasks, mailoutbox):
    Registration.objects.update(is_private=True)
    hooks.send_order_mails.enqueue(registration.order_id)
    run_tasks()
    cancelled = cancel(registration)
    run_tasks()
    mailoutbox.clear()

    reinstate_and_notify(registration=cancelled)
    run_tasks()

    by_address = {mail.to[0]: mail for mail in mailoutbox}
    assert sorted(by_address) == ["buyer@example.org", "zoe@example.org"]
    assert "is valid again, with a new badge" in by_address["zoe@example.org"].body
    assert by_address["buyer@example.org"].subject == "Place confirmed: The Convention"


def test_mail_after_two_reinstatements_says_it_once(registration, run_tasks, mailoutbox):
    hooks.send_order_mails.enqueue(registration.order_id)
    run_tasks()
    reinstate_registration(registration=cancel(registration))
    cancelled = cancel(registration)
    mailoutbox.clear()

    reinstate_and_notify(registration=cancelled)
    run_tasks()

    [mail] = mailoutbox
    assert mail.body.count("is valid again, with a new badge") == 1


def test_nobody_is_mailed_without_notification(registration, run_tasks, mailoutbox):
    cancelled = cancel(registration)
    run_tasks()
    mailoutbox.clear()

    reinstate_registration(registration=cancelled)
    run_tasks()

    assert mailoutbox == []


def test_organizer_reinstates_on_the_page(organizer, registration):
    cancel(registration)
    page = f"/en/organize/congress/registrations/{registration.reference}/"
    shown = organizer.get(page)

    answer = organizer.post(
        reverse("organize-registration-reinstate", args=["congress", registration.reference]),
        {"reinstate-reason": "Wrong person"},
        follow=True,
    )

    registration.refresh_from_db()
    assert "The buyer will owe €120 again." in shown.text
    assert registration.cancelled_at is None
    assert "registration has been reinstated" in answer.text
    assert "Reinstated<br>Wrong person" in answer.text


def test_page_says_why_a_registration_cannot_be_reinstated(organizer, event, registration):
    cancel(registration)
    event.tickets.update(capacity=0)

    page = organizer.get(f"/en/organize/congress/registrations/{registration.reference}/")

    assert "No places are left for “Guest”." in page.text
    assert "reinstate-reason" not in page.text


@pytest.fixture
def expired_hold(event, registration) -> Registration:
    """Return an expired hold of the only place, which the cancelled registration had before."""
    cancel(registration)
    event.tickets.update(capacity=1)
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    return make_registration(
        event.tickets.get(),
        last_name="Silva",
        confirmed_at=None,
        is_reserved=True,
        hold_expires_at=an_hour_ago,
    )


def test_reinstating_releases_no_holds_of_others_under_its_locks(registration, expired_hold):
    with pytest.raises(ReinstatementRefused):
        reinstate_registration(registration=registration)

    expired_hold.refresh_from_db()
    assert expired_hold.is_reserved


def test_page_counts_a_place_as_free_once_its_hold_has_expired(organizer, registration, expired_hold):
    answer = organizer.post(
        reverse("organize-registration-reinstate", args=["congress", registration.reference]),
        {"reinstate-reason": "Wrong person"},
        follow=True,
    )

    assert "Zoé Müller’s registration has been reinstated." in answer.text


def test_page_offers_reinstatement_once_a_hold_has_expired(organizer, registration, expired_hold):
    shown = organizer.get(f"/en/organize/congress/registrations/{registration.reference}/")

    assert "The buyer will owe €120 again." in shown.text
