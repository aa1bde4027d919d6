"""Places paid by card whose membership was not verified are cancelled and refunded automatically."""

import datetime

import pytest
from django.utils import timezone

from registrations.booking.place_order import place_order
from registrations.booking.verification import verify_membership
from registrations.invoices.models import Refund
from registrations.models import Order, Registration, Ticket
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.cards.unverified_places import refund_unverified_places
from registrations.periodic_jobs import release_expired_holds
from tests.factories import make_addon, make_member, make_ticket
from tests.registrations.payments.factories import expire_holds, get_balance_cents, list_states

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid_order(event, settings, run_tasks, mailoutbox) -> Order:
    """Make a paid order of a members' place at €50 with a dinner at €65, by an unknown address."""
    settings.CARD_PAYMENT = True
    make_ticket(event, slug="member", audience="member", price=5_000, capacity=5)
    make_addon(event, price=6_500)
    place = RequestedPlace(
        ticket="member", first_name="Zoe", last_name="Müller", email="zoe@example.org", addons=("dinner",)
    )
    request = OrderRequest(email="zoe@example.org", places=(place,), payment="card", language="en")
    order = place_order(event=event, request=request)
    record_demo_payment(order=order)
    run_tasks()
    mailoutbox.clear()
    return order


def expire_link(order: Order) -> None:
    expire_holds(order)
    long_ago = timezone.now() - datetime.timedelta(days=5)
    order.registrations.update(member_verification_sent_at=long_ago)
    release_expired_holds()


def test_place_with_expired_link_is_cancelled_and_refunded_in_full(paid_order):
    expire_link(paid_order)

    refund_unverified_places()

    assert list_states(paid_order) == ["cancelled"]
    assert get_balance_cents(paid_order) == (0, 11_500, 11_500)


def test_buyer_gets_one_mail_about_refund(paid_order, run_tasks, mailoutbox):
    expire_link(paid_order)

    refund_unverified_places()
    refund_unverified_places()
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == ["zoe@example.org"]
    assert mail.subject == "Place not confirmed, payment refunded: The Convention"
    assert "We are refunding €115" in mail.body


def test_place_that_is_gone_is_refunded_before_link_expires(paid_order):
    expire_holds(paid_order)
    Ticket.objects.filter(slug="member").update(capacity=0, reserved=0)
    Registration.objects.update(hold_expires_at=None, is_reserved=False)

    refund_unverified_places()

    assert Refund.objects.get().amount == 11_500


@pytest.mark.parametrize("is_hold_over", [True, False])
def test_place_that_can_still_be_verified_is_not_refunded(paid_order, is_hold_over):
    if is_hold_over:
        expire_holds(paid_order)

    refund_unverified_places()

    assert not Refund.objects.exists()


def test_verified_place_is_not_refunded(paid_order):
    make_member(email="zoe@example.org")
    verify_membership(registration=paid_order.registrations.get())
    expire_link(paid_order)

    refund_unverified_places()

    assert list_states(paid_order) == ["confirmed"]
