"""Holds of unverified orders: invented addresses cannot keep members out."""

import datetime
import threading

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.confirmations.mail_throttle import CONFIRMATIONS_PER_HOUR
from convention.errors import InvalidFields, SoldOut
from convention.events.models import Event
from convention.tables.files import ParsedTable
from convention.web.rate_limit_cache import limits_cache
from registrations.booking import holds
from registrations.booking.idempotency import KeyReused
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.changes.cancel import cancel_registration
from registrations.import_export.import_registrations import import_registrations
from registrations.inventory.stock import release_ticket_holds
from registrations.models import IdempotencyKey, Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_event, make_member, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = "on"


def submit_order(event: Event, *addresses: str, ticket: str = "member", key: str = "") -> Order:
    places = tuple(RequestedPlace(ticket=ticket, first_name="A", last_name="B", email=a) for a in addresses)
    request = OrderRequest(email=addresses[0], places=places)
    return place_order(event=event, request=request, context=OrderContext(idempotency_key=key))


def make_member_ticket(capacity: int) -> Ticket:
    return make_ticket(make_event(), slug="member", audience="member", capacity=capacity)


def count_reserved(ticket: Ticket) -> int:
    return Ticket.objects.get(pk=ticket.pk).reserved


def test_unverified_addresses_hold_at_most_half_of_places(run_tasks, mailoutbox):
    ticket = make_member_ticket(10)
    orders = [submit_order(ticket.event, f"nobody{number}@example.org") for number in range(30)]

    states = {registration.state for order in orders for registration in order.registrations.all()}

    assert count_reserved(ticket) == 5
    assert states == {"pending"}

    members = [make_member() for _each in range(6)]
    asked = [submit_order(ticket.event, str(member.email)).registrations.get() for member in members]

    assert [registration.is_reserved for registration in asked] == [False] * 6

    run_tasks()
    mailed = {message.to[0] for message in mailoutbox}

    assert {member.email for member in members} <= mailed
    for registration in asked[:5]:
        assert verify_membership(registration=registration).state == "confirmed"
    assert count_reserved(ticket) == 10
    with pytest.raises(SoldOut):
        verify_membership(registration=asked[5])

    soon = timezone.now() + datetime.timedelta(minutes=31)

    assert release_ticket_holds([ticket.pk], at=soon) == 5
    assert count_reserved(ticket) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "in_turn", [True, pytest.param(False, marks=pytest.mark.postgresql)], ids=["in turn", "control"]
)
def test_concurrent_unverified_orders_hold_at_most_half(monkeypatch, in_turn):
    ticket, at_once = make_member_ticket(8), 8
    if not in_turn:
        gate, look = threading.Barrier(at_once, timeout=20), holds.find_held_addresses
        monkeypatch.setattr(holds, "acquire_advisory_lock", lambda _name: None)
        monkeypatch.setattr(holds, "find_held_addresses", lambda *a, **k: (look(*a, **k), gate.wait())[0])

    orders = run_in_threads(
        [lambda n=n: submit_order(ticket.event, f"nobody{n}@example.org") for n in range(at_once)],
        threads=at_once,
    )

    assert {type(order).__name__ for order in orders} == {"Order"}
    held = Registration.objects.filter(is_reserved=True).count()
    assert (held, count_reserved(ticket)) == ((4, 4) if in_turn else (8, 8))


def test_one_address_holds_one_place():
    ticket = make_member_ticket(100)
    for _each in range(3):
        submit_order(ticket.event, "same@example.org")

    assert count_reserved(ticket) == 1
    with pytest.raises(InvalidFields) as refusal:
        submit_order(ticket.event, "twice@example.org", "TWICE@example.org")
    assert list(refusal.value.field_errors) == ["registrations.1.email"]


def test_single_place_is_held_for_first_order():
    ticket = make_member_ticket(1)
    assert submit_order(ticket.event, "a@example.org").registrations.get().is_reserved


def cancel(registration: Registration) -> None:
    cancel_registration(registration=registration)
    assert Registration.objects.get(pk=registration.pk).state == "cancelled"


def expire(registration: Registration) -> None:
    # The hold of the other order has not expired.
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    Registration.objects.filter(pk=registration.pk).update(hold_expires_at=an_hour_ago)
    assert release_ticket_holds([registration.ticket_id], at=timezone.now()) == 0
    assert Registration.objects.get(pk=registration.pk).state == "expired"


@pytest.mark.parametrize("end", [cancel, expire])
def test_order_without_hold_occupies_no_place_and_its_end_releases_none(end):
    ticket = make_member_ticket(2)
    submit_order(ticket.event, "a@example.org")

    unheld = submit_order(ticket.event, "b@example.org").registrations.get()

    assert not unheld.is_reserved
    assert not unheld.occupies_place
    assert count_reserved(ticket) == 1

    end(unheld)

    assert count_reserved(ticket) == 1


def test_import_reserves_place_for_order_without_hold():
    ticket = make_member_ticket(2)
    submit_order(ticket.event, "a@example.org")
    unheld = submit_order(ticket.event, "b@example.org").registrations.get()
    rows = [["A", "B", "b@example.org", "member"]]

    import_registrations(
        event=ticket.event, table=table(["first_name", "last_name", "email", "ticket"], rows)
    )

    unheld.refresh_from_db()
    assert unheld.state == "confirmed"
    assert unheld.is_reserved
    assert count_reserved(ticket) == 2


def table(header: list[str], rows: list[list[str]]) -> ParsedTable:
    return ParsedTable(header, list(enumerate(rows, start=2)))


def test_idempotency_key_returns_same_order_for_a_day_and_is_refused_afterwards():
    event = make_event()
    make_ticket(event)

    order = submit_order(event, "a@example.org", ticket="guest", key="k")

    assert submit_order(event, "a@example.org", ticket="guest", key="k") == order
    with pytest.raises(KeyReused):
        submit_order(event, "b@example.org", ticket="guest", key="k")

    IdempotencyKey.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))

    with pytest.raises(KeyReused):
        submit_order(event, "a@example.org", ticket="guest", key="k")
    assert Registration.objects.count() == 1


def test_mails_to_one_mailbox_are_limited_per_hour_and_the_rest_is_sent_later(run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    for _each in range(CONFIRMATIONS_PER_HOUR + 2):
        submit_order(event, "assistant@example.org", ticket="guest")

    results = run_tasks()

    assert len(results) == CONFIRMATIONS_PER_HOUR + 2
    assert len(mailoutbox) == CONFIRMATIONS_PER_HOUR
    unsent = Registration.objects.filter(confirmation_sent_at__isnull=True)
    assert unsent.count() == 2

    now = timezone.now()

    later = DBTaskResult.objects.filter(run_after__range=(now, now + datetime.timedelta(hours=1)))
    assert later.count() == 2

    limits_cache.clear()  # as the next hour does
    later.update(run_after=now)

    run_tasks()

    assert unsent.count() == 0
    assert len(mailoutbox) == CONFIRMATIONS_PER_HOUR + 2
