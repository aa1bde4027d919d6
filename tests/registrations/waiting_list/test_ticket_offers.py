"""Waiting lists of tickets: duration of offers, removal of tickets, rate limits."""

import datetime

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from convention.api.throttles import TooManyRequests
from registrations.models import Ticket, WaitingEntry
from registrations.rate_limits import WAITING_ENTRIES_PER_HOUR, throttle_waiting_entry
from registrations.ticketing.tickets import TicketInUse, remove_ticket
from registrations.waiting_list.end_waiting import leave_waiting_list
from registrations.waiting_list.policy import MIN_OFFER_DURATION, calculate_offer_expiry
from tests.factories import make_event, make_ticket

pytestmark = pytest.mark.django_db


def test_ticket_with_waiting_entry_cannot_be_removed():
    ticket = make_ticket(capacity=0)
    make_entry = WaitingEntry.objects.create

    entry = make_entry(event=ticket.event, ticket=ticket, email="a@example.org", address="a@example.org")

    with pytest.raises(TicketInUse):
        remove_ticket(ticket=ticket)

    leave_waiting_list(entry=entry)
    remove_ticket(ticket=ticket)

    assert not Ticket.objects.exists()


def test_waiting_entries_are_rate_limited_per_address(settings):
    settings.RATE_LIMITS = "on"
    for _each in range(WAITING_ENTRIES_PER_HOUR):
        throttle_waiting_entry("ana@example.org")

    with pytest.raises(TooManyRequests):
        throttle_waiting_entry("Ana@example.org ")


def test_waiting_entries_are_limited_per_network(settings):
    settings.RATE_LIMITS, settings.UNVERIFIED_PLACES_PER_NETWORK = "on", 3
    ticket = make_ticket(make_event(slug="congress"), slug="full", capacity=0)

    def join(number: int, address: str) -> int:
        typed = {"first_name": "A", "last_name": "B", "email": f"a{number}@example.org", "language": "fr"}
        return Client(REMOTE_ADDR=address).post("/events/congress/waiting/full/", typed).status_code

    assert [join(number, "203.0.113.7") for number in range(4)] == [200, 200, 200, 429]
    assert join(4, "198.51.100.7") == 200
    assert WaitingEntry.objects.filter(ticket=ticket).count() == 4


@given(
    hours=st.integers(1, 240),
    minutes=st.integers(0, 60 * 24 * 90),
)
def test_offer_duration_shrinks_as_event_approaches(hours, minutes):
    now = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
    begins = now + datetime.timedelta(minutes=minutes)

    lasts = calculate_offer_expiry(now=now, offer_hours=hours, starts_at=begins) - now

    assert datetime.timedelta() <= lasts <= max(begins - now, datetime.timedelta())
    assert lasts <= max(datetime.timedelta(hours=hours), MIN_OFFER_DURATION)
    assert lasts == min(
        max(MIN_OFFER_DURATION, min(datetime.timedelta(hours=hours), (begins - now) / 4)), begins - now
    )
