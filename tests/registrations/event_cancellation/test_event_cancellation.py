"""The cancellation of an event: registrations, refunds, waiting list, e-mails, and no new registrations."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone, translation

from convention.errors import NotOpenNow
from convention.events.models import Event
from convention.events.publishing.cancel_event import cancel_event, load_effects, restore_event
from convention.jobs.models import Job
from convention.tables.files import ParsedTable
from registrations.billing.receivables import sync_receivable
from registrations.booking.confirm import confirm_paid_items
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.booking.validation import refuse_if_closed
from registrations.booking.walk_in import register_walk_in
from registrations.changes.cancel import cancel_registration
from registrations.event_cancellation.follow import EventEnding, cancel_registrations_of_event
from registrations.import_export.import_registrations import preview_import
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Refund
from registrations.models import Order, RefundRule, Registration, SessionBooking, Ticket
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.sponsors.sponsorships import check_package_on_sale
from registrations.visits.planning.season import find_season
from schedule.proposals.submit import check_call_is_open
from tests.factories import (
    make_administrator,
    make_event,
    make_member,
    make_order,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.sponsors.factories import make_package
from tests.schedule.proposals.factories import make_call
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

REASON = "The venue is flooded"
PLACE = RequestedPlace(ticket="guest", first_name="Ana", last_name="Silva", email="ana@example.org")


@pytest.fixture
def ticket() -> Ticket:
    return make_ticket(make_event(slug="x", name="Convention"), price=10_000, capacity=2)


def cancel(event: Event, refund: str = "") -> Event:
    with translation.override("en"):
        return cancel_event(event=event, reason=REASON, refund=refund, requested_by=make_administrator())


def make_paid(ticket: Ticket, name: str = "zoe") -> Registration:
    """Create a registration of a buyer who reads English and has paid by card."""
    order = make_order(
        ticket.event, email=f"{name}@example.org", payment="card", total=ticket.price, language="en"
    )
    registration = make_registration(ticket, order=order, email=order.email, price=ticket.price)
    record_payment(receivable=sync_receivable(order), amount=ticket.price, method="card")
    return registration


def wait(ticket: Ticket, name: str = "Bo"):
    request = WaitingRequest(first_name=name, last_name="Roi", email=f"{name}@example.org", language="en")
    return join_ticket_list(ticket=Ticket.objects.get(pk=ticket.pk), request=request)


def list_subjects(mailoutbox, address: str) -> list[str]:
    return [mail.subject for mail in mailoutbox if mail.to == [address]]


def test_page_states_effects_before_cancellation(ticket):
    first, _second = make_paid(ticket), make_paid(ticket, "yan")
    wait(ticket)
    SessionBooking.objects.create(registration=first, session=make_session(ticket.event))
    RefundRule.objects.create(event=ticket.event, days_before=1, refund_percent=50)
    organizer = make_client(make_staff(ticket.event))

    page = organizer.get("/en/organize/x/cancel/").content.decode()

    assert "2 registrations (2 orders) will be cancelled" in page
    assert "1 session booking will be cancelled." in page
    assert "1 person will be removed from the waiting list." in page
    assert "3 e-mails with your reason will be sent" in page
    assert "Full refund, no cancellation fee: €200 refunded" in page
    assert "Under the refund rules: €100 refunded, €100 in cancellation fees" in page


@pytest.mark.parametrize(("refund", "cents"), [("full", 10_000), ("rules", 5_000), ("", 10_000)])
def test_registrations_are_cancelled_with_chosen_refund(ticket, run_tasks, refund, cents):
    registration = make_paid(ticket)
    RefundRule.objects.create(event=ticket.event, days_before=1, refund_percent=50)
    badge_version = registration.badge_version

    cancel(ticket.event, refund)
    run_tasks()

    registration.refresh_from_db()
    assert registration.cancelled_at is not None
    assert registration.badge_version > badge_version
    assert Refund.objects.get().amount == cents
    assert Job.objects.get(kind="cancel-event").outcome == "1 registration has been cancelled."


def test_refund_defaults_to_full_on_page_and_other_values_are_refused(ticket):
    make_paid(ticket)
    RefundRule.objects.create(event=ticket.event, days_before=1, refund_percent=50)
    organizer = make_client(make_staff(ticket.event))

    choices = load_effects(ticket.event).refund_choices
    answer = organizer.post("/en/organize/x/cancel/", {"reason": REASON, "refund": "everything"})

    ticket.event.refresh_from_db()
    assert [value for value, _label in choices] == ["full", "rules"]
    assert answer.status_code == 200
    assert ticket.event.cancelled_at is None


def test_buyer_gets_one_mail_with_reason_and_refund(ticket, run_tasks, mailoutbox):
    make_paid(ticket)
    run_tasks()
    mailoutbox.clear()

    cancel(ticket.event)
    run_tasks()
    run_tasks()

    [mail] = mailoutbox
    parts = [" ".join(part.split()) for part in (mail.body, mail.alternatives[0].content)]
    assert mail.subject == "Event cancelled: Convention"
    for part in parts:
        assert "Reason: The venue is flooded" in part
        assert "€100" in part
        assert "the place is available again" not in part
        assert "Register again" not in part


def test_waiting_list_ends_with_one_mail_and_without_offer(ticket, run_tasks, mailoutbox):
    for name in ("zoe", "yan"):
        make_paid(ticket, name)
    entry = wait(ticket)
    run_tasks()
    mailoutbox.clear()

    cancel(ticket.event)
    run_tasks()

    entry.refresh_from_db()
    [mail] = [mail for mail in mailoutbox if mail.to == ["Bo@example.org"]]
    assert entry.state == "left"
    assert entry.offer_count == 0
    assert mail.subject == "Event cancelled: Convention"
    assert "Reason: The venue is flooded" in mail.body


def test_waiting_page_shows_cancellation_instead_of_the_list(ticket, run_tasks):
    for name in ("zoe", "yan"):
        make_paid(ticket, name)
    path = f"/en/waiting/{wait(ticket).link_token}/"
    cancel(ticket.event)

    before = Client().get(path).content.decode()
    run_tasks()
    after = Client().get(path).content.decode()

    for page in (before, after):
        assert "Reason: The venue is flooded" in page
        assert "rejoin" not in page
        assert "Leave the waiting list" not in page


def test_restored_event_keeps_registrations_that_are_not_cancelled_yet(ticket, run_tasks):
    registration = make_paid(ticket)
    event = cancel(ticket.event)

    restore_event(event=event)
    run_tasks()

    registration.refresh_from_db()
    assert registration.cancelled_at is None
    assert Job.objects.get().outcome == "The event was restored, so the remaining registrations stay valid."


def test_job_of_earlier_cancellation_does_nothing_after_second_one(ticket):
    make_paid(ticket)
    first = cancel(ticket.event)
    earlier = EventEnding(first.cancelled_at - datetime.timedelta(seconds=1), "full")

    with pytest.raises(NotOpenNow):
        cancel_registrations_of_event(event=first, ending=earlier)

    assert Registration.objects.active().count() == 1


def test_interrupted_job_cancels_the_rest(ticket):
    first, second = make_paid(ticket), make_paid(ticket, "yan")
    event = cancel(ticket.event)
    ending = EventEnding(event.cancelled_at, "full")

    def stop(done: int, total: int) -> None:
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cancel_registrations_of_event(event=event, ending=ending, report=stop)
    outcome = cancel_registrations_of_event(event=event, ending=ending)

    first.refresh_from_db()
    second.refresh_from_db()
    assert outcome.done_count == 1
    assert first.cancelled_at
    assert second.cancelled_at
    assert Refund.objects.count() == 2


def test_nobody_can_register_for_cancelled_event(ticket):
    package, call = make_package(ticket.event), make_call(ticket.event)
    pending = make_registration(
        ticket, confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(hours=1)
    )
    event = cancel(ticket.event)
    ticket, package.event, call.event = Ticket.objects.get(pk=ticket.pk), event, event
    pending.order.refresh_from_db()
    table = ParsedTable(["Prénom", "Nom", "E-mail"], [["Ana", "Silva", "ana@example.org"]])
    request = OrderRequest(email="ana@example.org", places=(PLACE,))

    attempts = {
        "order": lambda: place_order(event=event, request=request),
        "earlier rules": lambda: refuse_if_closed(event, at=timezone.now() - datetime.timedelta(days=1)),
        "waiting list": lambda: wait(ticket),
        "walk-in": lambda: register_walk_in(event=event, place=PLACE, idempotency_key="1"),
        "by hand": lambda: register_walk_in(
            event=event, place=PLACE, idempotency_key="2", source=Order.Source.ORGANIZER
        ),
        "import": lambda: preview_import(event=event, table=table),
        "hold": lambda: confirm_paid_items(order=Order.objects.get(pk=pending.order_id)),
        "package": lambda: check_package_on_sale(package),
        "proposal": lambda: check_call_is_open(call),
    }

    for attempt in attempts.values():
        with pytest.raises(NotOpenNow, match=REASON):
            attempt()


def test_order_by_api_says_that_event_is_cancelled(ticket):
    cancel(ticket.event)
    body = {
        "email": "ana@example.org",
        "registrations": [{"ticket": "guest", "first_name": "Ana", "last_name": "Silva"}],
    }

    answer = Client().post(
        "/api/v1/events/x/orders/", body, content_type="application/json", headers={"Accept-Language": "en"}
    )

    assert answer.status_code == 409
    assert REASON in answer.json()["detail"]


def test_attendee_cannot_cancel_on_worse_terms_while_job_waits(ticket):
    registration = make_paid(ticket)
    cancel(ticket.event)
    registration = Registration.objects.get(pk=registration.pk)

    with pytest.raises(NotOpenNow):
        cancel_registration(registration=registration)


def test_place_whose_hold_expired_can_still_be_cancelled(ticket):
    registration = make_paid(ticket)
    Registration.objects.update(
        confirmed_at=None, hold_expires_at=timezone.now() - datetime.timedelta(hours=1)
    )
    cancel(ticket.event)

    cancelled = cancel_registration(registration=Registration.objects.get(pk=registration.pk))

    assert cancelled.cancelled_at is not None


def test_order_page_shows_cancellation_before_and_after_the_job(ticket, run_tasks):
    path = make_paid(ticket).order.manage_path
    cancel(ticket.event)

    before = Client().get(path).content.decode()
    run_tasks()
    after = Client().get(path).content.decode()

    assert "We are cancelling your registration" in before
    assert "Cancel the registration" not in before
    assert "Your registration is cancelled and the badge is no longer valid." in after
    assert "Reason: The venue is flooded" in after
    assert "free of charge" not in after


def test_own_registrations_and_company_pages_show_cancellation(run_tasks):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", desk.colleague.email, ticket="guest"))
    cancel(desk.event)
    run_tasks()

    company = [desk.client.get(f"/en{desk.at}{page}").content.decode() for page in ("/", "/registrations/")]
    own = make_client(desk.contact).get("/en/me/").content.decode()

    for page in company:
        assert desk.event.name in page
        assert '<span class="tag struck">cancelled</span>' in page
        assert "Register colleagues" not in page
    assert desk.event.name not in own


def test_seasons_show_cancellation():
    event = make_event(kind="group_meeting", visibility="members")
    make_event(starts_at=event.starts_at, ends_at=event.ends_at, name="Same day")
    year = find_season(event.starts_at.date()).year
    cancel(event)

    members = make_client(make_member()).get(f"/en/season/?season={year}").content.decode()
    planners = make_client(make_administrator()).get(f"/en/organize/season/?season={year}").content.decode()

    assert '<span class="tag struck">cancelled</span>' in members
    assert '<span class="tag struck">cancelled</span>' in planners
    assert "same day:" not in planners


def test_buyer_of_private_place_reads_the_reason(ticket, run_tasks, mailoutbox):
    order = make_order(ticket.event, email="buyer@example.org", language="en")
    make_registration(ticket, order=order, email="ana@example.org", is_private=True)
    run_tasks()
    mailoutbox.clear()

    cancel(ticket.event)
    run_tasks()

    mails = {mail.to[0]: " ".join(mail.body.split()) for mail in mailoutbox}
    assert set(mails) == {"ana@example.org", "buyer@example.org"}
    for body in mails.values():
        assert "Reason: The venue is flooded" in body
        assert "available again" not in body
