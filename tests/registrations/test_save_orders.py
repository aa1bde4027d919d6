"""`save_orders` saves several orders in one step, all or none."""

import pytest
from django.utils import timezone

from convention.errors import SoldOut
from registrations.booking.prepared_order import PreparedOrder
from registrations.booking.save_order import save_orders
from registrations.models import Order, Registration, Ticket
from tests.factories import make_company, make_event, make_ticket

pytestmark = pytest.mark.django_db


def make_prepared_order(ticket: Ticket, name: str) -> PreparedOrder:
    order = Order(event=ticket.event, email=f"{name}@example.org", payment=Order.Payment.FREE)
    registration = Registration(
        event=ticket.event, order=order, ticket=ticket, first_name=name, confirmed_at=timezone.now()
    )
    return PreparedOrder(order, [registration], sends_mails=False)


def test_orders_saved_at_once_have_one_sequence():
    ticket = make_ticket(make_event(), capacity=3)
    prepared_orders = [make_prepared_order(ticket, name) for name in ("ada", "bo")]

    sequence = save_orders(prepared_orders, event_id=ticket.event_id)

    assert set(Registration.objects.values_list("sequence", flat=True)) == {sequence}
    assert Order.objects.count() == 2
    assert Ticket.objects.get().reserved == 2


def test_orders_saved_at_once_are_all_refused_if_one_has_no_place():
    ticket = make_ticket(make_event(), capacity=1)
    prepared_orders = [make_prepared_order(ticket, name) for name in ("ada", "bo")]

    with pytest.raises(SoldOut):
        save_orders(prepared_orders, event_id=ticket.event_id)

    assert not Order.objects.exists()
    assert not Registration.objects.exists()
    assert Ticket.objects.get().reserved == 0


def test_given_reservation_replaces_the_usual_one():
    ticket = make_ticket(make_event(), capacity=1)
    reserved = []

    save_orders(
        [make_prepared_order(ticket, "ada")], event_id=ticket.event_id, reserve=lambda: reserved.append(True)
    )

    assert reserved == [True]
    assert Ticket.objects.get().reserved == 0


def test_place_that_is_not_reserved_counts_in_no_company_share():
    ticket = make_ticket(make_event(), capacity=3)
    prepared = make_prepared_order(ticket, "ada")
    prepared.registrations[0].member_of = make_company()
    prepared.registrations[0].is_reserved = False

    assert prepared.company_shares == {}
    assert prepared.required_items == {}
