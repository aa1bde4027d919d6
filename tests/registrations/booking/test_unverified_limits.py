"""Limits for orders on invoice by unverified buyers: by address, by network and by event."""

import datetime
import json

import pytest
from django.test import Client
from django.utils import timezone

from convention.api.throttles import TooManyRequests
from convention.errors import SoldOut
from convention.events.models import Event
from convention.web.client_network import get_client_network, parse_network
from registrations.booking.holds import find_held_addresses
from registrations.booking.place_order import place_order
from registrations.changes.cancel import cancel_registration
from registrations.models import Order, OrderAlarm, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context, open_link
from tests.factories import (
    make_account,
    make_administrator,
    make_event,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
OFFICE, ELSEWHERE = "203.0.113.0/24", "198.51.100.0/24"


@pytest.fixture(autouse=True)
def _limits(settings):
    settings.RATE_LIMITS = "on"
    settings.UNVERIFIED_PLACES_PER_HOUR = 4
    settings.UNVERIFIED_PLACES_PER_NETWORK = 6
    settings.UNVERIFIED_ORDERS_PER_ADDRESS = 3


@pytest.fixture
def event() -> Event:
    event = make_event()
    make_ticket(event, price=12_000, capacity=100)
    return event


def ordered(event: Event, number: int = 1, *, people: int = 1, network: str = "", **context) -> Order:
    places = tuple(
        RequestedPlace(ticket="guest", first_name="A", last_name=f"B{n}", email=f"p{number}.{n}@example.org")
        for n in range(people)
    )
    request = OrderRequest(email=f"buyer{number}@example.org", places=places)
    return place_order(event=event, request=request, context=OrderContext(network=network, **context))


def held(order: Order) -> bool:
    return all(order.registrations.values_list("is_reserved", flat=True))


# --- networks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", OFFICE),
        ("::ffff:203.0.113.7", OFFICE),
        ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_network_is_derived_from_client_address(address: str, network: str):
    assert get_client_network({"REMOTE_ADDR": address}) == network


def test_address_appended_by_proxy_is_used_behind_proxy(settings):
    meta = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "10.1.1.1, 203.0.113.9"}

    assert get_client_network(meta) == "127.0.0.0/24"
    settings.BEHIND_PROXY = True
    assert get_client_network(meta) == OFFICE


@pytest.mark.parametrize(
    ("typed", "network"),
    [("203.0.113.7", OFFICE), (f" {OFFICE} ", OFFICE), ("203.0.113.7/24", ""), ("x", ""), ("1.2.3", "")],
)
def test_typed_network_is_parsed(typed: str, network: str):
    assert parse_network(typed) == network


def test_places_per_network_and_hour_are_limited(event: Event):
    ordered(event, 1, people=5, network=OFFICE)

    with pytest.raises(TooManyRequests) as refused:
        ordered(event, 2, people=2, network=OFFICE)
    assert refused.value.status == 429
    assert "Connectez-vous avant de commander" in str(refused.value)

    ordered(event, 3, people=1, network=OFFICE)  # what was refused does not count
    ordered(event, 4, people=2, network=ELSEWHERE)

    with pytest.raises(TooManyRequests):
        ordered(event, 5, people=1, network=OFFICE)


def test_orders_per_address_and_hour_are_limited(event: Event):
    for _order in range(3):
        ordered(event)

    with pytest.raises(TooManyRequests):
        ordered(event)

    ordered(event, 2)


def test_verified_buyer_is_not_limited(event: Event):
    for number in range(8):
        ordered(event, number, people=2, network=OFFICE, person=make_account())

    assert Registration.objects.exclude(confirmed_at=None).count() == 16


def test_free_places_are_limited_by_network_too(event: Event):
    make_ticket(event, slug="free")
    free = RequestedPlace(ticket="free", first_name="A", last_name="B", email="a@example.org")

    def order(number: int, network: str) -> None:
        request = OrderRequest(email=f"buyer{number}@example.org", places=(free,))
        place_order(event=event, request=request, context=OrderContext(network=network))

    for number in range(6):
        order(number, OFFICE)
    with pytest.raises(TooManyRequests):
        order(7, OFFICE)
    order(8, ELSEWHERE)

    assert Registration.objects.exclude(confirmed_at=None).count() == 7


def test_sold_out_orders_do_not_count_towards_limits(event: Event):
    Ticket.objects.update(capacity=0)
    for _order in range(5):
        with pytest.raises(SoldOut):
            ordered(event, network=OFFICE)

    Ticket.objects.update(capacity=100)

    assert held(ordered(event, network=OFFICE, people=4))


def test_repeated_order_counts_once_towards_limits(event: Event):
    first = ordered(event, people=4, network=OFFICE, idempotency_key="k")
    for _again in range(5):
        assert ordered(event, people=4, network=OFFICE, idempotency_key="k") == first


def test_setting_switches_limits_off(event: Event, settings):
    settings.RATE_LIMITS = "off"
    orders = [ordered(event, people=5, network=OFFICE) for _order in range(5)]

    assert [held(order) for order in orders] == [True] * 5
    assert OrderAlarm.objects.count() == 0


def test_api_returns_429_with_retry_after(event: Event):
    def post(number: int):
        person = {"ticket": "guest", "first_name": "A", "last_name": "B", "email": f"p{number}@example.org"}
        body = {"email": f"b{number}@example.org", "payment": "invoice", "registrations": [person] * 3}
        path = f"/api/v1/events/{event.slug}/orders/"
        return Client(REMOTE_ADDR="203.0.113.7").post(path, json.dumps(body), content_type="application/json")

    answers = [post(number) for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].json()["type"].endswith("throttled")
    assert 0 < int(answers[2]["Retry-After"]) <= 3600
    assert set(Order.objects.values_list("network", flat=True)) == {OFFICE}


def test_card_holds_count_towards_network_limit(event: Event):
    def by_card(number: int, **context) -> Order:
        place = RequestedPlace(ticket="guest", first_name="A", last_name="B", email=f"p{number}@example.org")
        request = OrderRequest(email="buyer@example.org", places=(place,) * 3, payment="card")
        return place_order(event=event, request=request, context=OrderContext(network=OFFICE, **context))

    by_card(1)
    by_card(2)
    with pytest.raises(TooManyRequests):
        by_card(3)
    assert by_card(4, person=make_account()).registrations.count() == 3
    assert OrderAlarm.objects.count() == 0


# --- the ceiling ----------------------------------------------------------------------------------------


def test_order_beyond_ceiling_holds_nothing_until_link_is_opened(event: Event):
    orders = [ordered(event, number, people=2) for number in range(4)]

    assert [order for order in orders if held(order)] == orders[:2]
    assert {registration.state for registration in Registration.objects.all()} == {"pending"}
    assert Ticket.objects.get().reserved == 4

    open_link(orders[3])

    assert [registration.state for registration in orders[3].registrations.all()] == ["confirmed"] * 2
    assert Ticket.objects.get().reserved == 6


def test_confirmed_cancelled_or_old_orders_do_not_count_towards_ceiling(event: Event):
    confirmed, cancelled = [ordered(event, number, people=2) for number in range(2)]
    open_link(confirmed)

    assert held(ordered(event, 3, people=2))
    assert not held(ordered(event, 4))

    for registration in cancelled.registrations.all():
        cancel_registration(registration=registration)

    assert held(ordered(event, 5, people=2))
    assert not held(ordered(event, 6))

    Order.objects.update(created_at=timezone.now() - datetime.timedelta(minutes=61))

    assert held(ordered(event, 7, people=4))


def test_each_event_has_separate_ceiling(event: Event):
    ordered(event, 1, people=4)
    other = make_event()

    make_ticket(other, price=12_000)

    assert held(ordered(other, 2, people=4))


@pytest.mark.django_db(transaction=True)
def test_ceiling_is_respected_by_concurrent_orders(event: Event):
    run_in_threads([lambda n=n: ordered(event, n, people=2) for n in range(10)], threads=10)

    assert Registration.objects.filter(is_reserved=True).count() == Ticket.objects.get().reserved == 4
    assert OrderAlarm.objects.count() == 1


# --- the alarm ------------------------------------------------------------------------------------------


def test_organizers_get_one_alarm_mail_listing_orders(event: Event, run_tasks, mailoutbox):
    organizer = make_staff(event, email="orga@example.org", language="en")
    make_administrator()
    orders = [ordered(event, number, people=2, network=OFFICE) for number in range(3)]
    run_tasks()

    told = [mail for mail in mailoutbox if mail.to == [organizer.email]]

    assert [mail.subject for mail in told] == [f"Check these orders: {event.title}"]
    assert all(order.reference in told[0].body for order in orders[:2])
    assert "buyer1@example.org" in told[0].body
    assert f"/en/organize/{event.slug}/registrations/cancel/?state=held&since=" in told[0].body
    assert [alarm.place_count for alarm in OrderAlarm.objects.all()] == [4]


def test_alarm_mail_counts_the_places_of_the_orders_it_lists(event: Event, run_tasks, mailoutbox):
    organizer = make_staff(event, email="orga@example.org", language="en")
    for number in range(3):
        ordered(event, number, people=2)

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.to == [organizer.email]]
    words = " ".join(mail.body.split())
    assert words.count(", 2 places, ") == 3
    assert "In the space of an hour, 6 places were ordered" in words


def test_no_alarm_mail_lists_orders_that_have_been_verified_meanwhile(event: Event, run_tasks, mailoutbox):
    organizer = make_staff(event, email="orga@example.org")
    ordered(event, people=4)
    Order.objects.update(verified_at=timezone.now())

    run_tasks()

    assert [mail for mail in mailoutbox if mail.to == [organizer.email]] == []


def test_administrators_get_alarm_mail_if_event_has_no_organizer(event: Event, run_tasks, mailoutbox):
    administrator = make_administrator(email="admin@example.org")
    ordered(event, people=4)

    run_tasks()

    assert [mail.to for mail in mailoutbox if "commandes" in mail.subject.lower()] == [[administrator.email]]


def test_alarm_is_raised_again_after_a_day(event: Event):
    ordered(event, 1, people=4)
    OrderAlarm.objects.update(raised_at=timezone.now() - datetime.timedelta(hours=25))

    ordered(event, 2, people=1)

    assert OrderAlarm.objects.count() == 2


def test_verified_orders_raise_no_alarm(event: Event):
    places = tuple(RequestedPlace(ticket="guest", first_name="A", last_name=f"B{n}") for n in range(9))
    request = OrderRequest(email="a@example.org", places=places)

    place_order(event=event, request=request, context=make_verified_context())

    assert OrderAlarm.objects.count() == 0


def test_organizer_page_shows_alarm_until_orders_are_verified(event: Event, client: Client):
    client.force_login(make_staff(event))
    order = ordered(event, people=4)
    path = f"/en/organize/{event.slug}/"
    said = "4 have not been confirmed by their buyers yet"

    page = client.get(path).content.decode()

    assert said in page
    assert f"/en/organize/{event.slug}/registrations/cancel/?state=held" in page

    open_link(order)

    assert said not in client.get(path).content.decode()


def test_lookalike_addresses_are_held_separately():
    ticket = make_ticket(audience="member", capacity=10)
    fields = {"confirmed_at": None, "hold_expires_at": timezone.now() + datetime.timedelta(hours=1)}
    for address in ("boſs@example.org", "Boss@example.org"):
        make_registration(ticket, email=address, **fields)

    addresses = find_held_addresses([ticket.pk], at=timezone.now())

    assert sorted(addresses[ticket.pk]) == ["boss@example.org", "boſs@example.org"]
