"""Places held unproven: strangers never keep members out, however many addresses they invent."""

import datetime
import threading

import pytest
from django.utils import timezone

from badges.confirmations.mail_throttle import MAILS_PER_HOUR
from convention.errors import InvalidFields, SoldOut
from convention.events.models import Event
from convention.tables.files import ParsedTable
from registrations.booking import holds
from registrations.booking.idempotency import KeyReused
from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.import_export.import_registrations import import_registrations
from registrations.inventory.stock import release_ticket_holds
from registrations.models import IdempotencyKey, Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_event, make_member, make_ticket
from tests.threads import in_threads

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _limits_on(settings):
    settings.RATE_LIMITS = "on"


def ask(event: Event, *addresses: str, ticket: str = "member", key: str = "") -> Order:
    places = tuple(RequestedPlace(ticket=ticket, first_name="A", last_name="B", email=a) for a in addresses)
    request = OrderRequest(email=addresses[0], places=places)
    return place_order(event=event, request=request, context=OrderContext(idempotency_key=key))


def members_ticket(capacity: int) -> Ticket:
    return make_ticket(make_event(), slug="member", audience="member", capacity=capacity)


def taken(ticket: Ticket) -> int:
    return Ticket.objects.get(pk=ticket.pk).reserved


def test_invented_addresses_hold_half_and_members_get_the_rest(run_tasks, mailoutbox):
    ticket = members_ticket(10)
    orders = [ask(ticket.event, f"nobody{number}@example.org") for number in range(30)]
    states = {registration.state for order in orders for registration in order.registrations.all()}
    assert (taken(ticket), states) == (5, {"pending"})
    members = [make_member() for _each in range(6)]
    asked = [ask(ticket.event, str(member.email)).registrations.get() for member in members]
    assert [registration.is_reserved for registration in asked] == [False] * 6
    run_tasks()
    mailed = {message.to[0] for message in mailoutbox}
    assert {member.email for member in members} <= mailed
    for registration in asked[:5]:
        assert verify_membership(registration=registration).state == "confirmed"
    assert taken(ticket) == 10
    with pytest.raises(SoldOut):
        verify_membership(registration=asked[5])
    soon = timezone.now() + datetime.timedelta(minutes=31)
    assert release_ticket_holds([ticket.pk], at=soon) == 5
    assert taken(ticket) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "in_turn", [True, pytest.param(False, marks=pytest.mark.postgresql)], ids=["in turn", "control"]
)
def test_at_the_same_moment_no_more_are_held_than_one_by_one(monkeypatch, in_turn):
    ticket, at_once = members_ticket(8), 8
    if not in_turn:
        gate, look = threading.Barrier(at_once, timeout=20), holds.find_held_addresses
        monkeypatch.setattr(holds, "acquire_advisory_lock", lambda _name: None)
        monkeypatch.setattr(holds, "find_held_addresses", lambda *a, **k: (look(*a, **k), gate.wait())[0])
    orders = in_threads(
        [lambda n=n: ask(ticket.event, f"nobody{n}@example.org") for n in range(at_once)], threads=at_once
    )
    assert {type(order).__name__ for order in orders} == {"Order"}
    held = Registration.objects.filter(is_reserved=True).count()
    assert (held, taken(ticket)) == ((4, 4) if in_turn else (8, 8))


def test_one_address_holds_one_place():
    ticket = members_ticket(100)
    for _each in range(3):
        ask(ticket.event, "same@example.org")
    assert taken(ticket) == 1
    with pytest.raises(InvalidFields) as refusal:
        ask(ticket.event, "twice@example.org", "TWICE@example.org")
    assert list(refusal.value.field_errors) == ["registrations.1.email"]


def test_the_last_place_is_held_for_the_first():
    ticket = members_ticket(1)
    assert ask(ticket.event, "a@example.org").registrations.get().is_reserved


def test_cancelling_or_lapsing_of_what_was_not_held_frees_nothing():
    ticket = members_ticket(2)
    ask(ticket.event, "a@example.org")
    unheld = ask(ticket.event, "b@example.org").registrations.get()
    assert not unheld.is_reserved
    assert not unheld.occupies_place
    assert taken(ticket) == 1


def test_an_import_takes_the_place_that_was_not_held():
    ticket = members_ticket(2)
    ask(ticket.event, "a@example.org")
    unheld = ask(ticket.event, "b@example.org").registrations.get()
    rows = [["A", "B", "b@example.org", "member"]]
    import_registrations(
        event=ticket.event, table=table(["first_name", "last_name", "email", "ticket"], rows)
    )
    unheld.refresh_from_db()
    assert unheld.state == "confirmed"
    assert unheld.is_reserved
    assert taken(ticket) == 2


def table(header: list[str], rows: list[list[str]]) -> ParsedTable:
    return ParsedTable(header, list(enumerate(rows, start=2)))


def test_a_key_is_good_for_a_day():
    event = make_event()
    make_ticket(event)
    order = ask(event, "a@example.org", ticket="guest", key="k")
    assert ask(event, "a@example.org", ticket="guest", key="k") == order
    with pytest.raises(KeyReused):
        ask(event, "b@example.org", ticket="guest", key="k")
    IdempotencyKey.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))
    with pytest.raises(KeyReused):
        ask(event, "a@example.org", ticket="guest", key="k")
    assert Registration.objects.count() == 1


def test_a_mailbox_gets_so_many_mails_an_hour_and_the_rest_later(run_tasks, mailoutbox):
    event = make_event()
    make_ticket(event)
    for _each in range(MAILS_PER_HOUR + 2):
        ask(event, "assistant@example.org", ticket="guest")
    results = run_tasks()
    assert (len(results), len(mailoutbox)) == (MAILS_PER_HOUR + 2, MAILS_PER_HOUR)
    unsent = Registration.objects.filter(confirmation_sent_at__isnull=True)
    assert unsent.count() == 2
