"""A ticket that somebody waits for stays."""

import pytest

from registrations.leave_waiting import leave_waiting
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
