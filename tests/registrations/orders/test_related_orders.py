"""A buyer's other orders for an event, listed on the page of one of them."""

import datetime

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registrations.models import Order
from registrations.orders.related_orders import list_related_orders
from registrations.permissions import get_order_by_link
from tests.factories import make_event, make_order, make_registration, make_ticket

pytestmark = pytest.mark.django_db


def count_queries(order: Order) -> int:
    link_access = get_order_by_link(order.reference, order.manage_secret)
    with CaptureQueriesContext(connection) as queries:
        list_related_orders(link_access, AnonymousUser())
    return len(queries)


def test_number_of_queries_does_not_grow_with_the_orders_that_wait_for_members():
    event = make_event()
    ticket = make_ticket(event, slug="member", audience="member")
    order = make_order(event, email="buyer@example.org")
    until = timezone.now() + datetime.timedelta(hours=1)

    def add_pending_order() -> None:
        later_order = make_order(event, email="buyer@example.org", previous_order=order)
        make_registration(
            ticket, order=later_order, email="ann@example.org", confirmed_at=None, hold_expires_at=until
        )

    add_pending_order()
    query_count = count_queries(order)
    add_pending_order()
    add_pending_order()

    assert (
        len(list_related_orders(get_order_by_link(order.reference, order.manage_secret), AnonymousUser()))
        == 3
    )
    assert count_queries(order) == query_count
