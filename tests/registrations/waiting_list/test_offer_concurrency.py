"""Concurrent use of waiting lists: no overbooking, offers in order of joining, no duplicates."""

import datetime
import random
from collections.abc import Callable

import pytest
from django.utils import timezone

from convention.errors import ConventionError
from convention.events.models import Event
from registrations.booking.accept_offer import accept_session_offer, accept_ticket_offer
from registrations.booking.join_waiting_list import WaitingRequest, join_session_list, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.inventory import stock
from registrations.models import Registration, SessionBooking, Ticket, WaitingEntry
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.sessions.booking import book_session, leave_session, swap_session
from registrations.waiting_list.end_waiting import expire_offer, leave_waiting_list
from schedule.models import Session
from tests.factories import make_event, make_registration, make_session, make_ticket
from tests.threads import run_in_threads

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

CAPACITY, WAITERS, ROUNDS = 5, 24, 120


def make_waiting_request(number: int) -> WaitingRequest:
    return WaitingRequest(first_name="Ana", last_name=f"Silva {number}", email=f"waits{number}@example.org")


def place_newcomer_order(event: Event, number: int) -> None:
    place = RequestedPlace(
        ticket="guest", first_name="New", last_name=str(number), email=f"new{number}@example.org"
    )
    place_order(event=event, request=OrderRequest(email=place.email, places=(place,)))


def make_full_ticket() -> Ticket:
    ticket = make_ticket(make_event(), capacity=CAPACITY)
    for _each in range(CAPACITY):
        make_registration(ticket)
    return ticket


def pick_random(rows):
    return rows.order_by("?").first()


def cancel_one(ticket: Ticket, _number: int) -> None:
    if one := pick_random(Registration.objects.confirmed().filter(ticket=ticket)):
        cancel_registration(registration=one)


def accept_one(_ticket: Ticket, _number: int) -> None:
    if one := pick_random(WaitingEntry.objects.with_offer()):
        accept_ticket_offer(entry=one)


def expire_one(_ticket: Ticket, _number: int) -> None:
    if one := pick_random(WaitingEntry.objects.with_offer()):
        expire_offer(entry=one, at=timezone.now() + datetime.timedelta(days=90))


def leave_one(_ticket: Ticket, _number: int) -> None:
    if one := pick_random(WaitingEntry.objects.active()):
        leave_waiting_list(entry=one)


def join_one(ticket: Ticket, number: int) -> None:
    join_ticket_list(ticket=ticket, request=make_waiting_request(1000 + number))


def order_late(ticket: Ticket, number: int) -> None:
    place_newcomer_order(ticket.event, number)


ACTIONS = [*[cancel_one] * 2, *[accept_one] * 2, expire_one, leave_one, join_one, *[order_late] * 3]


def make_random_action(ticket: Ticket, number: int) -> Callable[[], None]:
    """Return a possible action on the ticket, chosen at random with the seed `number`."""
    kind = random.Random(number).choice(ACTIONS)
    return lambda: kind(ticket, number)


def list_unexpected_errors(results) -> list[Exception]:
    """Return the exceptions that are not refusals by the application."""
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)]


def run_random_actions(ticket: Ticket) -> list[Exception]:
    for number in range(WAITERS):
        join_ticket_list(ticket=ticket, request=make_waiting_request(number))
    return list_unexpected_errors(
        run_in_threads([make_random_action(ticket, number) for number in range(ROUNDS)], threads=8)
    )


def count_held_places(ticket: Ticket) -> int:
    """Count the confirmed and offered places from the rows themselves."""
    held = WaitingEntry.objects.with_offer().filter(ticket=ticket).count()
    return Registration.objects.confirmed().filter(ticket=ticket).count() + held


def test_offers_follow_order_of_joining_under_concurrency():
    ticket = make_full_ticket()

    assert run_random_actions(ticket) == []
    ticket.refresh_from_db()
    assert ticket.reserved == count_held_places(ticket)
    assert ticket.reserved <= CAPACITY

    offered = WaitingEntry.objects.filter(offered_at__isnull=False).order_by("offered_at", "pk")
    joined = [entry.pk for entry in offered.order_by("joined_at", "pk")]

    assert [entry.pk for entry in offered] == joined
    orders = list(WaitingEntry.objects.filter(order__isnull=False).values_list("order", flat=True))
    assert len(orders) == len(set(orders)) == WaitingEntry.objects.filter(accepted_at__isnull=False).count()
    assert Registration.objects.filter(order__in=orders).count() == len(orders)


def test_newcomers_cannot_overtake_waiting_list():
    """While people wait, new orders are refused, however many places become free."""
    ticket = make_full_ticket()
    for number in range(CAPACITY):
        join_ticket_list(ticket=ticket, request=make_waiting_request(number))
    first = list(Registration.objects.confirmed())
    work = [lambda r=r: cancel_registration(registration=r) for r in first]

    work += [lambda n=n: place_newcomer_order(ticket.event, n) for n in range(40)]

    assert list_unexpected_errors(run_in_threads(work, threads=8)) == []
    assert Registration.objects.filter(first_name="New").count() == 0
    assert WaitingEntry.objects.with_offer().count() == CAPACITY


def test_harness_detects_newcomers_overtaking_waiting_list(monkeypatch):
    monkeypatch.setattr(stock, "offer_free_places", lambda _kind, _pk: 0)
    ticket = make_full_ticket()
    for number in range(CAPACITY):
        join_ticket_list(ticket=ticket, request=make_waiting_request(number))
    for registration in Registration.objects.confirmed():
        cancel_registration(registration=registration)

    run_in_threads([lambda n=n: place_newcomer_order(ticket.event, n) for n in range(40)], threads=8)

    assert Registration.objects.filter(first_name="New").count() == CAPACITY


def test_concurrent_session_swaps_lose_no_booking():
    event = make_event()
    ticket = make_ticket(event)
    sessions = [make_session(event, f"S{n}", capacity=6, is_bookable=True) for n in range(3)]
    people = [make_registration(ticket, last_name=str(number)) for number in range(15)]
    for number, person in enumerate(people):
        book_session(registration=person, session=sessions[number % 3])

    def swap(person: Registration, wanted: Session) -> None:
        [seat] = SessionBooking.objects.active().filter(registration=person)
        swap_session(registration=person, old_sessions=[seat.session], new_session=wanted)

    work = [lambda p=p, s=s: swap(p, s) for p in people for s in sessions] * 2
    assert list_unexpected_errors(run_in_threads(work, threads=8)) == []
    seats = SessionBooking.objects.active()
    assert sorted(seats.values_list("registration", flat=True)) == sorted(person.pk for person in people)
    for session in Session.objects.all():
        assert session.reserved == seats.filter(session=session).count() <= 6


def test_session_with_waiting_list_is_never_overbooked():
    event = make_event()
    ticket = make_ticket(event)
    session = make_session(event, capacity=3, is_bookable=True)
    people = [make_registration(ticket, last_name=str(number)) for number in range(16)]
    for person in people[:3]:
        book_session(registration=person, session=session)
    for person in people[3:10]:
        join_session_list(registration=person, session=session)

    def accept(person: Registration) -> None:
        if entry := WaitingEntry.objects.with_offer().filter(registration=person).first():
            accept_session_offer(entry=entry)

    work = [lambda p=p: leave_session(registration=p, session=session) for p in people[:3]]
    work += [lambda p=p: accept(p) for p in people[3:10]] * 3
    work += [lambda p=p: book_session(registration=p, session=session) for p in people[10:]] * 2
    work += [lambda p=p: cancel_registration(registration=p) for p in people[4:6]]
    assert list_unexpected_errors(run_in_threads(work, threads=8)) == []
    session.refresh_from_db()
    held = WaitingEntry.objects.with_offer().filter(session=session).count()
    seats = SessionBooking.objects.active().filter(session=session)
    assert session.reserved == seats.count() + held <= 3
    assert not seats.filter(registration__in=people[10:]).exists()
