"""Passes: counted by membership and event, limited by the membership, released by a cancellation."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from convention.club.models import Membership
from convention.errors import SoldOut
from registrations.booking.place_order import place_order
from registrations.booking.prepared_order import PreparedOrder
from registrations.booking.save_order import save_order
from registrations.booking.verification import verify_membership
from registrations.booking.walk_in import register_walk_in
from registrations.changes.cancel import cancel_registration
from registrations.models import Order, PassQuota, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.passes import count_pass_uses, count_passes_left, get_pass_quota
from tests.buyer_verification import make_verified_context
from tests.factories import make_addon, make_company, make_event, make_member, make_ticket, make_voucher
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


def membership(passes=2):
    make_member(make_company())
    Membership.objects.update(passes=passes)
    return Membership.objects.get()


def save_order_with_pass(ticket, one):
    """Save and return a registration that a pass pays for."""
    order = Order(event=ticket.event, email="buyer@example.org", payment="free")
    place = Registration(
        event=ticket.event, order=order, ticket=ticket, first_name="Ana", confirmed_at=timezone.now(),
        membership_pass=get_pass_quota(one, ticket.event),
    )  # fmt: skip
    save_order(PreparedOrder(order, [place], extra_items=count_pass_uses([place])))
    return place


def test_registration_uses_pass_and_cancellation_releases_it():
    ticket, one = make_ticket(slug="member"), membership()
    places = [save_order_with_pass(ticket, one) for _each in range(2)]

    assert count_passes_left(one, ticket.event) == 0
    with pytest.raises(SoldOut) as refused:
        save_order_with_pass(ticket, one)
    assert "Pass de l’adhésion" in str(refused.value)

    cancel_registration(registration=places[0])

    assert count_passes_left(one, ticket.event) == 1
    assert count_passes_left(one, make_event()) == 2


def test_passes_are_limited_to_conventions_and_members():
    one = membership()

    assert count_passes_left(one, make_event(kind="site_visit")) == 0
    assert count_passes_left(None, make_event()) == 0

    Membership.objects.update(passes=0)

    one.refresh_from_db()
    assert count_passes_left(one, make_event()) == 0


def test_raising_passes_adds_some_and_lowering_revokes_none():
    ticket, one = make_ticket(slug="member"), membership()
    save_order_with_pass(ticket, one)

    save_order_with_pass(ticket, one)

    one.passes = 3
    assert get_pass_quota(one, ticket.event).remaining == 1
    assert count_passes_left(one, ticket.event) == 1
    one.passes = 1
    assert get_pass_quota(one, ticket.event).remaining == 0
    assert count_passes_left(one, ticket.event) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        PassQuota.objects.update(reserved=4)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_orders_never_exceed_passes():
    ticket, one = make_ticket(slug="member"), membership(passes=3)
    done = run_in_threads([partial(save_order_with_pass, ticket, one)] * 10)

    assert sum(isinstance(result, SoldOut) for result in done) == 7
    assert PassQuota.objects.get().reserved == 3


def order_member_ticket(ticket, member, **context):
    """Place an order of a member with a verified address; return its registration."""
    place = RequestedPlace(ticket=ticket.slug, first_name="Ana", last_name="Silva", email=member.email)
    request = OrderRequest(email=member.email, places=(place,))
    return place_order(
        event=ticket.event, request=request, context=make_verified_context(**context)
    ).registrations.get()


def make_three_colleagues():
    one = membership()
    company = one.company
    return one, [make_member(company) for _each in range(3)]


def test_member_ticket_is_free_while_passes_are_left():
    ticket = make_ticket(slug="member", audience="member", price=20_000, uses_pass=True)
    one, people = make_three_colleagues()

    places = [order_member_ticket(ticket, person, person=person) for person in people]

    assert [place.price for place in places] == [0, 0, 20_000]
    assert [place.order.total for place in places] == [0, 0, 20_000]
    assert [reduction["reason"] for place in places for reduction in place.reductions] == ["pass"] * 2

    cancel_registration(registration=places[0])

    assert count_passes_left(one, ticket.event) == 1


def test_pass_is_used_when_membership_is_verified():
    ticket = make_ticket(slug="member", audience="member", price=20_000, uses_pass=True)
    _one, people = make_three_colleagues()

    places = [order_member_ticket(ticket, person) for person in people]

    assert [(place.price, place.state) for place in places] == [(20_000, "pending")] * 3

    proven = [verify_membership(registration=place) for place in places]

    assert [(place.price, place.state) for place in proven] == [
        (0, "confirmed"), (0, "confirmed"), (20_000, "confirmed"),
    ]  # fmt: skip
    assert [place.order.total for place in Registration.objects.order_by("pk")] == [0, 0, 20_000]
    assert PassQuota.objects.get().reserved == 2


def test_voucher_is_released_when_pass_covers_price():
    ticket = make_ticket(slug="member", audience="member", price=20_000, uses_pass=True)
    voucher = make_voucher(ticket.event)
    _one, [member, *_others] = make_three_colleagues()
    place = RequestedPlace(ticket="member", first_name="Ana", last_name="Silva", email=member.email)
    request = OrderRequest(email=member.email, places=(place,), code="HALF")
    order = place_order(event=ticket.event, request=request)

    proven = verify_membership(registration=order.registrations.get())

    voucher.refresh_from_db()
    assert proven.price == 0
    assert proven.voucher is None
    assert voucher.reserved == 0

    cancel_registration(registration=proven)

    assert PassQuota.objects.get().reserved == 0


def test_member_walk_in_is_free_while_passes_are_left():
    ticket = make_ticket(slug="member", audience="member", price=20_000, uses_pass=True)
    _one, people = make_three_colleagues()

    places = [
        register_walk_in(
            event=ticket.event,
            place=RequestedPlace(ticket="member", first_name="Ana", last_name="Silva", email=person.email),
            idempotency_key=person.email,
        )
        for person in people
    ]

    orders = list(Order.objects.order_by("pk"))
    assert [place.price for place in places] == [0, 0, 20_000]
    assert [(order.total, order.payment) for order in orders] == [
        (0, "free"),
        (0, "free"),
        (20_000, "invoice"),
    ]
    assert PassQuota.objects.get().reserved == 2


def test_pass_of_walk_in_covers_ticket_but_not_addon():
    ticket = make_ticket(slug="member", audience="member", price=20_000, uses_pass=True)
    make_addon(ticket.event, price=4_500)
    _one, [member, *_others] = make_three_colleagues()
    place = RequestedPlace(
        ticket="member", first_name="Ana", last_name="Silva", email=member.email, addons=("dinner",)
    )

    register_walk_in(event=ticket.event, place=place, idempotency_key="k")

    order = Order.objects.get()
    assert order.total == 4_500
    assert order.payment == "invoice"
    assert order.billing_name == "Ana Silva"
    assert order.registrations.get().membership_pass is not None
