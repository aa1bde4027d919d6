"""A free place of a shared quota is offered to the longest waiting entry of any of its tickets."""

import datetime
import random

import pytest
from django.utils import timezone

from convention.errors import ConventionError, SoldOut
from registrations.booking.accept_offer import accept_ticket_offer
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.inventory.stock import refresh_availability
from registrations.models import Quota, Registration, Ticket, WaitingEntry
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.ticketing.quotas import remove_quota, save_quota
from registrations.ticketing.tickets import save_ticket
from registrations.waiting_list.end_waiting import leave_waiting_list
from tests.factories import make_event, make_ticket
from tests.threads import run_in_threads

ROUNDS = 80


@pytest.fixture
def tickets(db) -> list[Ticket]:
    return make_tickets_with_quota()


def make_tickets_with_quota() -> list[Ticket]:
    """Return two tickets that share two places, both taken by guests."""
    event = make_event()
    quota = Quota.objects.create(event=event, name="Salle", capacity=2)
    tickets = [make_ticket(event), make_ticket(event, slug="vendor", name="Exposant", audience="vendor")]
    save_quota(quota=quota, tickets=tickets, changed=[])
    for number in range(2):
        book(tickets[0], f"first{number}")
    return tickets


def book(ticket: Ticket, name: str) -> None:
    place = RequestedPlace(ticket=ticket.slug, first_name="N", last_name=name, email=f"{name}@example.org")
    place_order(event=ticket.event, request=OrderRequest(email=place.email, places=(place,)))


def join_list(ticket: Ticket, name: str) -> WaitingEntry:
    return join_ticket_list(
        ticket=ticket, request=WaitingRequest(first_name="N", last_name=name, email=f"{name}@example.org")
    )


def expire_holds_of(ticket: Ticket) -> None:
    """Make the bookings of a ticket holds that have just expired."""
    late = timezone.now() - datetime.timedelta(seconds=1)
    Registration.objects.filter(ticket=ticket).update(confirmed_at=None, hold_expires_at=late)


def test_expired_hold_of_other_ticket_of_quota_is_released_for_order(tickets):
    expire_holds_of(tickets[0])

    book(tickets[1], "late")

    assert Registration.objects.get(ticket=tickets[1]).state == "confirmed"
    assert Quota.objects.get().reserved == 1


def test_expired_hold_of_other_ticket_of_quota_is_released_before_page_is_shown(tickets):
    expire_holds_of(tickets[0])
    [shown] = Ticket.objects.filter(pk=tickets[1].pk).select_related("quota")

    refresh_availability([shown], at=timezone.now())

    assert shown.remaining == 2


def states(*entries: WaitingEntry) -> list[str]:
    return [WaitingEntry.objects.get(pk=entry.pk).state for entry in entries]


def get_reserved_counts() -> tuple[list[int], list[int]]:
    """Return the reserved places of each ticket and of each quota."""
    return (
        list(Ticket.objects.order_by("pk").values_list("reserved", flat=True)),
        list(Quota.objects.values_list("reserved", flat=True)),
    )


def cancel_first_registration() -> None:
    cancel_registration(registration=Registration.objects.confirmed().first())


def test_freed_quota_place_goes_to_longest_waiting_entry_of_any_ticket(tickets):
    guest, vendor = tickets
    first, second = join_list(vendor, "ana"), join_list(guest, "bo")

    cancel_first_registration()

    assert states(first, second) == ["offered", "waiting"]
    assert get_reserved_counts() == ([1, 1], [2])
    with pytest.raises(SoldOut):
        book(vendor, "late")

    cancel_first_registration()

    assert states(first, second) == ["offered", "offered"]
    assert get_reserved_counts() == ([1, 1], [2])


def test_entry_of_sold_out_ticket_does_not_block_other_tickets(tickets):
    guest, vendor = tickets
    first, second = join_list(vendor, "ana"), join_list(guest, "bo")
    Ticket.objects.filter(pk=vendor.pk).update(capacity=0)

    cancel_first_registration()

    assert states(first, second) == ["waiting", "offered"]
    assert get_reserved_counts() == ([2, 0], [2])

    vendor.capacity = 1
    save_ticket(ticket=vendor, changed=["capacity"])

    assert states(first) == ["waiting"]

    cancel_first_registration()

    assert states(first) == ["offered"]
    assert get_reserved_counts() == ([1, 1], [2])


@pytest.mark.parametrize("change", ["more places", "no quota"])
def test_places_freed_by_quota_change_are_offered_at_once(tickets, change):
    entries = [join_list(tickets[1], "ana"), join_list(tickets[0], "bo")]
    quota = Quota.objects.get()

    if change == "no quota":
        remove_quota(quota=quota)
    else:
        quota.capacity = 4
        save_quota(quota=quota, tickets=tickets, changed=["capacity"])

    assert states(*entries) == ["offered", "offered"]


def do_random_action(tickets: list[Ticket], number: int) -> None:
    """Run one possible action, chosen at random with the seed `number`."""
    dice = random.Random(number)
    ticket, kind = dice.choice(tickets), dice.choice(["join", "cancel", "cancel", "accept", "leave", "book"])
    rows = {"cancel": Registration.objects.confirmed(), "leave": WaitingEntry.objects.active()}
    found = rows.get(kind, WaitingEntry.objects.with_offer()).order_by("?").first()
    if kind == "join":
        join_list(ticket, f"w{number}")
    elif kind == "book":
        book(ticket, f"n{number}")
    elif found is not None:
        {
            "cancel": lambda: cancel_registration(registration=found),
            "accept": lambda: accept_ticket_offer(entry=found),
        }.get(kind, lambda: leave_waiting_list(entry=found))()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_actions_leave_counters_consistent_without_deadlock():
    tickets = make_tickets_with_quota()
    for number in range(12):
        join_list(tickets[number % 2], f"early{number}")

    results = run_in_threads([lambda n=n: do_random_action(tickets, n) for n in range(ROUNDS)], threads=8)

    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, ConventionError)] == []
    held = [
        Registration.objects.confirmed().filter(ticket=ticket).count()
        + WaitingEntry.objects.with_offer().filter(ticket=ticket).count()
        for ticket in tickets
    ]
    assert get_reserved_counts() == (held, [sum(held)])
    assert sum(held) <= 2
