"""Orders by card are held until paid; free orders are confirmed; expired holds are released."""

import pytest
from django.utils import timezone

from registrations.booking.place_order import place_order
from registrations.models import Registration
from registrations.order_request import OrderRequest, RequestedPlace
from tests.factories import make_addon, make_event, make_ticket
from tests.registrations.ticketing.test_stock import DAY, list_reserved, make_request

pytestmark = pytest.mark.django_db


def test_card_order_is_held_and_not_confirmed(settings):
    settings.CARD_PAYMENT = True
    event = make_event()
    ticket = make_ticket(event, price=10_000, capacity=1)
    order = place_order(event=event, request=make_request(payment="card"))

    one = order.registrations.get()

    assert order.payment == "card"
    assert one.state == "pending"
    assert one.confirmed_at is None
    assert list_reserved(ticket) == [1]

    Registration.objects.update(hold_expires_at=timezone.now() - DAY)

    assert (
        place_order(event=event, request=make_request(payment="card")).registrations.get().state == "pending"
    )
    assert list_reserved(ticket) == [1]


def test_free_order_is_confirmed_whatever_payment_was_chosen(settings):
    settings.CARD_PAYMENT = True
    event = make_event()
    make_ticket(event)

    order = place_order(event=event, request=make_request(payment="card"))

    assert order.payment == "free"
    assert order.registrations.get().state == "confirmed"


def test_expired_card_hold_of_free_ticket_is_sold_again(settings):
    settings.CARD_PAYMENT = "stripe"
    event = make_event()
    ticket = make_ticket(event, capacity=1)
    make_addon(event)
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B", addons=("dinner",))
    place_order(event=event, request=OrderRequest(email="a@b.org", places=(place,), payment="card"))
    Registration.objects.update(hold_expires_at=timezone.now())

    place_order(event=event, request=make_request())

    assert list_reserved(ticket) == [1]
