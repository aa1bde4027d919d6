"""Concurrency on PostgreSQL: webhook and poller, double clicks, late payments for the last place."""

import pytest

from registrations.invoices.ledger.refunds import request_refund
from registrations.invoices.models import Payment
from registrations.models import Registration
from registrations.payments.cards import gateway
from registrations.payments.cards.settlement import settle_session
from registrations.payments.models import CardPaymentAttempt
from registrations.periodic_jobs import release_expired_holds
from tests.factories import make_event, make_ticket
from tests.registrations.payments.factories import (
    begin_payment,
    expire_holds,
    get_balance_cents,
    list_states,
    order_by_card,
)
from tests.threads import run_in_threads

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def crowd(stripe, transactional_db):
    event = make_event(slug="crowd")
    make_ticket(event, price=12_000, capacity=4)
    return event


def test_concurrent_settlement_records_payment_once(stripe, crowd):
    order = order_by_card(crowd)
    stripe.world.pay(begin_payment(order))
    facts = gateway.fetch_session(CardPaymentAttempt.objects.get().session_id)

    told = run_in_threads([lambda: settle_session(facts=facts)] * 8)

    assert [type(one) for one in told] == [CardPaymentAttempt] * 8
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert list_states(order) == ["confirmed"]


def test_concurrent_clicks_open_one_session(stripe, crowd):
    order = order_by_card(crowd)
    sessions = run_in_threads([lambda: begin_payment(order)] * 6)

    assert len(set(sessions)) == 1
    assert CardPaymentAttempt.objects.count() == 1
    assert len(stripe.world.all("cs")) == 1


def test_late_payments_take_only_remaining_places(stripe, crowd):
    orders = [order_by_card(crowd) for _ in range(4)]
    for order in orders:
        stripe.world.pay(begin_payment(order))
        expire_holds(order)
    release_expired_holds()
    others = order_by_card(crowd, people=2, payment="invoice")
    facts = [
        gateway.fetch_session(attempt.session_id) for attempt in CardPaymentAttempt.objects.order_by("pk")
    ]

    run_in_threads([lambda fact=fact: settle_session(facts=fact) for fact in facts])

    assert list_states(others) == ["confirmed", "confirmed"]
    assert Registration.objects.confirmed().count() == 4
    assert Payment.objects.count() == 4
    assert (
        sorted(get_balance_cents(order) for order in orders)
        == [(0, 12_000, 0)] * 2 + [(12_000, 12_000, 0)] * 2
    )


def test_concurrent_refunds_cannot_exceed_payment(stripe, crowd):
    order = order_by_card(crowd)
    stripe.world.pay(begin_payment(order))
    settle_session(facts=gateway.fetch_session(CardPaymentAttempt.objects.get().session_id))
    payment = Payment.objects.get()

    asked = run_in_threads([lambda: request_refund(payment=payment, amount=7_000, reason="x")] * 5)

    assert sum(not isinstance(one, Exception) for one in asked) == 1
