"""Refunds in full and in part, refused, failed or made at Stripe; disputes; payouts."""

import pytest
from django.utils import translation

from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import InvalidRefund, request_refund
from registrations.invoices.models import Payment, Payout, Refund
from registrations.payments.cards import gateway
from registrations.payments.cards.disputes import sync_dispute
from registrations.payments.cards.stripe_refunds import send_refund, sync_refund
from registrations.payments.models import Dispute, PayoutLine, StripeRefund
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.payments.factories import (
    begin_payment,
    get_balance_cents,
    get_latest_attempt,
    order_by_card,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def card_payment(stripe, event, run_tasks):
    """Pay an order of 120 euros by card."""
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.deliver()
    run_tasks()
    return get_latest_attempt(order).payment


def test_refund_is_sent_to_stripe_once(stripe, card_payment, run_tasks):
    asked = request_refund(payment=card_payment, amount=5_000, reason="Ne vient pas")

    assert asked.state == "requested"

    run_tasks()
    asked.refresh_from_db()

    [at_stripe] = stripe.world.all("re")

    assert at_stripe["amount"] == 5_000
    assert at_stripe["metadata"] == {"refund": str(asked.pk)}
    assert asked.state == "done"
    assert StripeRefund.objects.get().stripe_id == at_stripe["id"]

    stripe.post.deliver(reversed, times=2)
    run_tasks()

    assert Refund.objects.count() == 1


def test_refunds_cannot_exceed_payment(stripe, card_payment, run_tasks):
    request_refund(payment=card_payment, amount=7_000, reason="x")

    with pytest.raises(InvalidRefund):
        request_refund(payment=card_payment, amount=5_001, reason="x")

    request_refund(payment=card_payment, amount=5_000, reason="x")
    run_tasks()

    assert sum(made["amount"] for made in stripe.world.all("re")) == 12_000


def test_lost_stripe_response_does_not_refund_twice(stripe, card_payment, run_tasks):
    request_refund(payment=card_payment, amount=5_000, reason="x")

    stripe.swallow = 10
    assert [result.status for result in run_tasks(tolerate=True)] == ["READY"]

    stripe.swallow = 0
    send_refund.enqueue(Refund.objects.get().pk)

    run_tasks()

    assert len(stripe.world.all("re")) == 1
    assert Refund.objects.get().state == "done"


def test_refund_refused_by_stripe_fails(stripe, card_payment, run_tasks):
    stripe.world.dispute(get_charge_id(stripe, card_payment))
    asked = request_refund(payment=card_payment, amount=5_000, reason="x")

    run_tasks()

    asked.refresh_from_db()
    assert asked.state == "failed"
    assert get_money(card_payment) == (12_000, 12_000, 0)


def test_refund_returned_by_bank_fails(stripe, card_payment, run_tasks):
    asked = request_refund(payment=card_payment, amount=12_000, reason="x")
    run_tasks()
    stripe.world.fail_refund(stripe.world.all("re")[0]["id"])
    stripe.post.deliver()

    run_tasks()

    asked.refresh_from_db()
    assert asked.state == "failed"
    assert get_money(card_payment) == (12_000, 12_000, 0)


def test_refund_made_in_dashboard_is_recorded(stripe, card_payment, run_tasks):
    stripe.world.refund({"payment_intent": card_payment.external_id, "amount": 2_000})
    stripe.post.deliver()

    run_tasks()

    assert get_money(card_payment) == (12_000, 12_000, 2_000)


def test_dashboard_refund_makes_waiting_request_fail(stripe, card_payment, run_tasks):
    """Record the refund of the dashboard; the waiting request then exceeds the payment and fails."""
    stripe.world.refund({"payment_intent": card_payment.external_id, "amount": 11_000})
    stripe.post.deliver()
    request_refund(payment=card_payment, amount=12_000, reason="x")

    run_tasks()

    found = Refund.objects.order_by("amount").values_list("amount", "state")
    assert list(found) == [(11_000, "done"), (12_000, "failed")]
    assert get_money(card_payment) == (12_000, 12_000, 11_000)


def test_refund_and_dispute_of_unknown_payment_are_ignored(stripe, db):
    asked = {
        "amount": 1_000,
        "currency": "eur",
        "confirm": "true",
        "payment_method": "pm_card_visa",
    }
    intent = stripe.world.charge_now(asked)
    sync_refund(stripe.world.refund({"payment_intent": intent["id"]})["id"])

    sync_dispute(stripe.world.dispute(intent["latest_charge"])["id"])

    assert Refund.objects.count() == 0
    assert Dispute.objects.count() == 0


def test_refund_of_transfer_waits_for_treasurer(db, run_tasks):
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="transfer")
    asked = request_refund(payment=payment, amount=2_000, reason="Trop payé")

    assert run_tasks() == []
    assert asked.state == "requested"


def test_card_refund_by_transfer_is_not_sent_to_stripe(stripe, card_payment, run_tasks):
    refund = request_refund(payment=card_payment, amount=12_000, reason="Carte expirée", method="transfer")
    run_tasks()
    stripe.world.refund({"payment_intent": card_payment.external_id, "amount": 1_000})
    stripe.post.deliver()
    run_tasks()

    refund.refresh_from_db()
    assert refund.state == "requested"
    assert [made["amount"] for made in stripe.world.all("re")] == [1_000]


def test_refund_of_simulated_payment_completes_automatically(db, run_tasks):
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="test")
    asked = request_refund(payment=payment, amount=12_000, reason="x")

    run_tasks()

    asked.refresh_from_db()
    assert asked.state == "done"


def test_lost_dispute_counts_as_refund(stripe, card_payment, run_tasks):
    dispute = stripe.world.dispute(get_charge_id(stripe, card_payment))
    stripe.post.deliver()

    run_tasks()

    kept = Dispute.objects.get()
    assert kept.is_open
    assert kept.amount == 12_000
    assert kept.reason == "fraudulent"
    assert get_money(card_payment) == (12_000, 12_000, 0)

    stripe.world.close_dispute(dispute["id"], "lost")
    stripe.post.deliver(reversed, times=2)

    run_tasks()

    kept.refresh_from_db()
    assert kept.is_open is False
    assert get_money(card_payment) == (12_000, 12_000, 12_000)


def test_reason_of_a_lost_dispute_is_in_the_readers_language(stripe, card_payment):
    dispute = stripe.world.dispute(get_charge_id(stripe, card_payment))
    stripe.world.close_dispute(dispute["id"], "lost")
    with translation.override("fr"):
        sync_dispute(dispute["id"])

    with translation.override("en"):
        reason_text = Refund.objects.get().reason_text

    assert reason_text == "Dispute lost"


def test_lost_dispute_makes_waiting_refund_fail(stripe, card_payment, run_tasks):
    """A lost dispute takes the money, so that the waiting request fails."""
    dispute = stripe.world.dispute(get_charge_id(stripe, card_payment))
    stripe.world.close_dispute(dispute["id"], "lost")
    stripe.post.deliver()
    request_refund(payment=card_payment, amount=5_000, reason="x")

    run_tasks()

    found = Refund.objects.order_by("amount").values_list("amount", "state")
    assert list(found) == [(5_000, "failed"), (12_000, "done")]


def test_won_dispute_changes_no_amounts(stripe, card_payment, run_tasks):
    dispute = stripe.world.dispute(get_charge_id(stripe, card_payment))
    stripe.world.close_dispute(dispute["id"], "won")
    stripe.post.deliver(reversed)

    run_tasks()

    assert Dispute.objects.get().is_open is False
    assert get_money(card_payment) == (12_000, 12_000, 0)


def test_payout_lines_have_gross_fees_and_net(stripe, card_payment, run_tasks):
    request_refund(payment=card_payment, amount=2_000, reason="x")
    run_tasks()
    sent = stripe.world.pay_out()
    stripe.post.deliver(times=2)

    run_tasks()

    payout = Payout.objects.get()
    lines = PayoutLine.objects.filter(payout=payout)
    assert sorted((line.kind, line.gross, line.fee) for line in lines) == [
        ("charge", 12_000, 205),
        ("refund", -2_000, 0),
    ]
    assert payout.amount == sent["amount"] == sum(line.net for line in lines)
    assert Payment.objects.get().payout == payout
    assert Refund.objects.get().payout == payout


def test_payout_event_alone_records_its_payment_and_dispute(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.world.pay_out()
    stripe.world.dispute(stripe.world.all("ch")[0]["id"])
    stripe.post.lose()
    stripe.world.pay_out()
    stripe.post.deliver()

    run_tasks()

    payout = Payout.objects.get()
    assert payout.amount == -14_000
    assert payout.settled_amount == -12_000
    assert payout.other_fees == 2_000
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert Dispute.objects.get().is_open


def test_payout_failed_before_its_event_is_recorded(stripe, card_payment, run_tasks):
    sent = stripe.world.pay_out()
    stripe.world.fail_payout(sent["id"])
    stripe.post.deliver(reversed)

    run_tasks()

    payout = Payout.objects.get()
    assert payout.amount == 11_795
    assert payout.settled_amount == 11_795
    assert payout.failed_on is not None


def test_payout_with_many_lines_is_read_completely(stripe, event, run_tasks):
    asked = {"amount": 1_000, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa"}
    for _ in range(130):
        stripe.world.charge_now(asked)

    sent = stripe.world.pay_out()

    assert len(gateway.fetch_payout_lines(sent["id"])) == 130


def get_charge_id(stripe, payment: Payment) -> str:
    return stripe.world.objects[payment.external_id]["latest_charge"]


def get_money(payment: Payment) -> tuple[int, int, int]:
    class Named:
        reference = payment.receivable.reference

    return get_balance_cents(Named)
