"""Concurrent orders and verifications never reserve more places than available."""

import datetime

import pytest
from django.utils import timezone

from convention.errors import SoldOut
from convention.events.models import Event
from registrations.booking.place_order import place_order
from registrations.booking.verification import vouch_for_order
from registrations.changes.cancel import cancel_registration
from registrations.models import Order, Registration, Ticket, Voucher
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.periodic_jobs import release_expired_holds
from tests.buyer_verification import open_link
from tests.factories import make_event, make_ticket, make_voucher
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def submit_order(event: Event, *emails: str, code: str = "") -> Order:
    places = tuple(
        RequestedPlace(ticket="guest", first_name="A", last_name="B", email=email) for email in emails
    )
    request = OrderRequest(email=emails[0], places=places, code=code)
    return place_order(event=event, request=request)


def states(order: Order) -> list[str]:
    return [registration.state for registration in order.registrations.order_by("pk")]


def expire_holds(order: Order) -> None:
    """Expire the holds of registrations that are not confirmed."""
    past = timezone.now() - datetime.timedelta(minutes=1)
    order.registrations.filter(confirmed_at=None).update(hold_expires_at=past)
    release_expired_holds()


def test_concurrent_orders_hold_no_more_places_than_available():
    event = make_event()
    make_ticket(event, price=12_000, capacity=5)
    voucher = make_voucher(event, capacity=3)
    actions = [lambda n=n: submit_order(event, f"z{n}@example.org") for n in range(12)]
    actions += [lambda n=n: submit_order(event, f"y{n}@example.org", code="HALF") for n in range(12)]
    results = run_in_threads(actions, threads=12)

    orders = [result for result in results if isinstance(result, Order)]

    assert len(orders) == Ticket.objects.get().reserved == 5
    assert (
        Voucher.objects.get(pk=voucher.pk).reserved == Registration.objects.exclude(voucher=None).count() <= 3
    )
    assert {state for order in orders for state in states(order)} == {"pending"}


def test_concurrent_late_links_take_last_place_once():
    event = make_event()
    make_ticket(event, price=12_000, capacity=8)
    orders = [submit_order(event, f"z{n}@example.org") for n in range(8)]
    Registration.objects.update(hold_expires_at=None)
    Ticket.objects.update(capacity=1, reserved=0)

    results = run_in_threads([lambda order=order: open_link(order) for order in orders], threads=8)

    assert sum(isinstance(result, SoldOut) for result in results) == 7
    assert Registration.objects.confirmed().count() == Ticket.objects.get().reserved == 1


def test_counter_is_correct_after_concurrent_confirmation_cancellation_and_expiry():
    event = make_event()
    make_ticket(event, price=12_000, capacity=8)

    for _round in range(4):
        order = submit_order(event, "zoe@example.org", "bob@example.org")
        one = order.registrations.order_by("pk")[0]
        run_in_threads(
            [
                lambda order=order: open_link(order),
                lambda order=order: vouch_for_order(order=order),
                lambda one=one: cancel_registration(registration=one),
                lambda order=order: expire_holds(order),
            ],
            threads=4,
        )

    counted = sum(registration.occupies_place for registration in Registration.objects.all())
    assert Ticket.objects.get().reserved == counted
