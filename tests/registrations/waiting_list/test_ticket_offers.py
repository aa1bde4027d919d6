"""Waiting lists of tickets: duration of offers, removal of tickets, rate limits."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from convention.api.throttles import TooManyRequests
from convention.events.models import Venue
from registrations.models import Ticket, WaitingEntry
from registrations.rate_limits import WAITING_ENTRIES_PER_HOUR, throttle_waiting_entry
from registrations.ticketing.tickets import TicketInUse, remove_ticket
from registrations.waiting_list.end_waiting import leave_waiting_list
from registrations.waiting_list.notifications import notify_waiting_entry
from registrations.waiting_list.policy import MIN_OFFER_DURATION, calculate_offer_expiry
from tests.factories import make_event, make_order, make_registration, make_room, make_session, make_ticket

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


def offer_place(entry: WaitingEntry) -> str:
    """Offer the place, and return the text of the page on which it is accepted."""
    now = timezone.now()
    WaitingEntry.objects.filter(pk=entry.pk).update(
        offered_at=now, offer_expires_at=now + datetime.timedelta(hours=24), offer_count=1
    )
    notify_waiting_entry.call(entry.pk)
    return str(Client().get(f"/en/waiting/{entry.link_token}/").text)


def test_ticket_offer_names_price_vat_and_venue(mailoutbox):
    event = make_event(slug="congress", venue=Venue.objects.create(name="Palais", city="Annecy"))
    ticket = make_ticket(event, price=12_000, vat_rate=2_000)
    entry = WaitingEntry.objects.create(event=event, ticket=ticket, email="a@example.org", language="en")

    page = offer_place(entry)

    [mail] = mailoutbox
    assert "€120" in mail.body
    assert "Palais" in mail.body
    assert "incl. €20 VAT" in page
    assert "Palais" in page


def test_session_offer_names_the_room(mailoutbox):
    event = make_event(slug="congress")
    session = make_session(event, "Atelier", room=make_room(event, "Salle B"), is_bookable=True, capacity=1)
    registration = make_registration(make_ticket(event))
    entry = WaitingEntry.objects.create(
        event=event, session=session, registration=registration, language="en"
    )

    offer_place(entry)

    [mail] = mailoutbox
    assert "Salle B" in mail.body


def make_entry(ticket: Ticket, first_name: str, email: str) -> WaitingEntry:
    return WaitingEntry.objects.create(
        event=ticket.event,
        ticket=ticket,
        first_name=first_name,
        last_name="Müller",
        email=email,
        address=email,
        language="en",
    )


def test_offer_greets_and_names_the_attendee(mailoutbox):
    entry = make_entry(make_ticket(make_event()), "Zoé", "zoe@example.org")

    offer_place(entry)

    [mail] = mailoutbox
    assert "Hello Zoé," in mail.body
    assert "Attendee: Zoé Müller\n" in mail.body
    assert "Zoé Müller" in mail.alternatives[0][0]


def test_offers_to_an_assistant_name_each_attendee_and_greet_none(mailoutbox):
    event = make_event()
    first = make_entry(make_ticket(event), "Zoé", "assistant@example.org")
    second = make_entry(make_ticket(event, slug="vendor"), "Bo", "assistant@example.org")

    offer_place(first)
    offer_place(second)

    bodies = [mail.body for mail in mailoutbox]
    assert ["Hello," in body for body in bodies] == [True, True]
    assert ["Attendee: Zoé Müller\n" in body for body in bodies] == [True, False]
    assert ["Attendee: Bo Müller\n" in body for body in bodies] == [False, True]


@pytest.mark.parametrize("kind", ["offer", "expired"])
def test_later_mails_name_the_attendee(kind, mailoutbox):
    entry = make_entry(make_ticket(make_event()), "Zoé", "zoe@example.org")
    hours = 24 if kind == "offer" else -24
    entry.offered_at, entry.offer_count = timezone.now(), 1
    entry.offer_expires_at = timezone.now() + datetime.timedelta(hours=hours)
    entry.save()

    notify_waiting_entry.call(entry.pk)

    [mail] = mailoutbox
    assert "Attendee: Zoé Müller\n" in mail.body
    assert "Zoé Müller" in mail.alternatives[0][0]


def test_first_mail_to_an_address_that_anybody_typed_repeats_no_name(mailoutbox):
    entry = make_entry(make_ticket(make_event()), "Zoé", "zoe@example.org")

    notify_waiting_entry.call(entry.pk)

    [mail] = mailoutbox
    assert "Hello," in mail.body
    assert "Zoé" not in mail.body + mail.alternatives[0][0]


def test_wait_for_a_seat_names_the_attendee_to_the_buyer(mailoutbox):
    event = make_event()
    session = make_session(event, "Atelier", is_bookable=True, capacity=1)
    order = make_order(event, email="assistant@example.org")
    registration = make_registration(
        make_ticket(event), order=order, first_name="Bo", last_name="Roy", email=""
    )
    entry = WaitingEntry.objects.create(
        event=event, session=session, registration=registration, language="en"
    )

    notify_waiting_entry.call(entry.pk)

    [mail] = mailoutbox
    assert "Attendee: Bo Roy\n" in mail.body
