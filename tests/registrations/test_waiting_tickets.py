"""A ticket that somebody waits for stays; an address is not written to without end."""

import pytest

from convention.api.throttles import TooOften
from registrations.leave_waiting import leave_waiting
from registrations.limits import WAITS_PER_HOUR, refuse_many_waits
from registrations.models import Ticket, WaitingEntry
from registrations.tickets import TicketInUse, remove_ticket
from tests.factories import make_ticket

pytestmark = pytest.mark.django_db


def test_a_ticket_somebody_waits_for_is_not_removed():
    ticket = make_ticket(capacity=0)
    make_entry = WaitingEntry.objects.create
    entry = make_entry(event=ticket.event, ticket=ticket, email="a@example.org", address="a@example.org")
    with pytest.raises(TicketInUse):
        remove_ticket(ticket=ticket)
    leave_waiting(entry=entry)
    remove_ticket(ticket=ticket)
    assert not Ticket.objects.exists()


def test_an_address_is_not_written_to_without_end(settings):
    settings.RATE_LIMITS = "on"
    for _each in range(WAITS_PER_HOUR):
        refuse_many_waits("ana@example.org")
    with pytest.raises(TooOften):
        refuse_many_waits("Ana@example.org ")
