"""Load test: 3,000 orders for 500 places, 64 at once, on both databases."""

from collections import Counter

import pytest

from registrations.booking.place_order import place_order
from registrations.models import Order, Registration, Ticket
from tests.factories import make_event, make_ticket
from tests.registrations.booking.test_place_order import make_request
from tests.threads import run_in_threads

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]


def test_only_500_of_3000_concurrent_orders_succeed():
    event = make_event()
    ticket = make_ticket(event, capacity=500)
    work = [lambda: place_order(event=event, request=make_request()) for _one in range(3000)]

    kinds = Counter(type(result).__name__ for result in run_in_threads(work, threads=64))

    assert kinds == {"Order": 500, "SoldOut": 2500}
    assert Ticket.objects.get(pk=ticket.pk).reserved == 500
    assert Order.objects.count() == 500
    assert Registration.objects.count() == 500
