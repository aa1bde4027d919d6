"""Refunds in full and in part, refused, failed or made at Stripe; disputes; payouts."""

import pytest

from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import InvalidRefund, request_refund
from registrations.invoices.models import Payment, Payout, Refund
from registrations.payments.cards import gateway
from registrations.payments.cards.disputes import sync_dispute
from registrations.payments.cards.stripe_refunds import send_refund, sync_refund
from registrations.payments.models import Dispute, PayoutLine, StripeRefund
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.payments.factories import begin, latest, money, order_by_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(stripe, event, run_tasks):
    """Pay an order of 120 euros by card."""
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    stripe.post.deliver()
    run_tasks()
    return latest(order).payment


def test_a_refund_goes_out_once_and_is_done(stripe, paid, run_tasks):
    asked = request_refund(payment=paid, amount=5_000, reason="Ne vient pas")
    assert asked.state == "requested"
    run_tasks()
    asked.refresh_from_db()
    [at_stripe] = stripe.world.all("re")
    assert (at_stripe["amount"], at_stripe["metadata"]) == (5_000, {"refund": str(asked.pk)})
    assert (asked.state, StripeRefund.objects.get().stripe_id) == ("done", at_stripe["id"])
    stripe.post.deliver(reversed, times=2)
    run_tasks()
    assert Refund.objects.count() == 1


def test_no_more_goes_back_than_came(stripe, paid, run_tasks):
    request_refund(payment=paid, amount=7_000, reason="x")
    with pytest.raises(InvalidRefund):
        request_refund(payment=paid, amount=5_001, reason="x")
    request_refund(payment=paid, amount=5_000, reason="x")
    run_tasks()
    assert sum(made["amount"] for made in stripe.world.all("re")) == 12_000


def test_an_answer_that_was_never_heard_gives_nothing_back_twice(stripe, paid, run_tasks):
    request_refund(payment=paid, amount=5_000, reason="x")
    stripe.swallow = 10
    assert [result.status for result in run_tasks(tolerate=True)] == ["READY"]
    stripe.swallow = 0
    send_refund.enqueue(Refund.objects.get().pk)
    run_tasks()
    assert len(stripe.world.all("re")) == 1
    assert Refund.objects.get().state == "done"


def test_what_stripe_refuses_is_shown_as_failed(stripe, paid, run_tasks):
    stripe.world.dispute(paid_charge(stripe, paid))
    asked = request_refund(payment=paid, amount=5_000, reason="x")
    run_tasks()
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert money_of(paid) == (12_000, 12_000, 0)


def test_a_refund_that_the_bank_sends_back_is_failed_later(stripe, paid, run_tasks):
    asked = request_refund(payment=paid, amount=12_000, reason="x")
    run_tasks()
    stripe.world.fail_refund(stripe.world.all("re")[0]["id"])
    stripe.post.deliver()
    run_tasks()
    asked.refresh_from_db()
    assert asked.state == "failed"
    assert money_of(paid) == (12_000, 12_000, 0)


def test_a_refund_made_in_the_dashboard_is_noted(stripe, paid, run_tasks):
    stripe.world.refund({"payment_intent": paid.external_id, "amount": 2_000})
    stripe.post.deliver()
    run_tasks()
    assert money_of(paid) == (12_000, 12_000, 2_000)


def test_a_refund_made_in_the_dashboard_leaves_no_room_for_one_that_waits(stripe, paid, run_tasks):
    """The dashboard's refund is recorded, and our own waiting request fails."""
    stripe.world.refund({"payment_intent": paid.external_id, "amount": 11_000})
    stripe.post.deliver()
    request_refund(payment=paid, amount=12_000, reason="x")
    run_tasks()
    found = Refund.objects.order_by("amount").values_list("amount", "state")
    assert list(found) == [(11_000, "done"), (12_000, "failed")]
    assert money_of(paid) == (12_000, 12_000, 11_000)


def test_a_refund_of_a_foreign_payment_is_none_of_ours(stripe, db):
    asked = {
        "amount": 1_000,
        "currency": "eur",
        "confirm": "true",
        "payment_method": "pm_card_visa",
    }
    intent = stripe.world.charge_now(asked)
    sync_refund(stripe.world.refund({"payment_intent": intent["id"]})["id"])
    sync_dispute(stripe.world.dispute(intent["latest_charge"])["id"])
    assert (Refund.objects.count(), Dispute.objects.count()) == (0, 0)


def test_a_transfer_is_given_back_by_hand(db, run_tasks):
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="transfer")
    asked = request_refund(payment=payment, amount=2_000, reason="Trop payé")
    assert run_tasks() == []
    assert asked.state == "requested"


def test_a_played_payment_is_given_back_by_itself(db, run_tasks):
    payment = record_payment(receivable=make_receivable(), amount=12_000, method="test")
    asked = request_refund(payment=payment, amount=12_000, reason="x")
    run_tasks()
    asked.refresh_from_db()
    assert asked.state == "done"


def test_a_dispute_is_shown_and_what_is_lost_is_owed_again(stripe, paid, run_tasks):
    dispute = stripe.world.dispute(paid_charge(stripe, paid))
    stripe.post.deliver()
    run_tasks()
    kept = Dispute.objects.get()
    assert kept.is_open
    assert kept.amount == 12_000
    assert kept.reason == "fraudulent"
    assert money_of(paid) == (12_000, 12_000, 0)
    stripe.world.close_dispute(dispute["id"], "lost")
    stripe.post.deliver(reversed, times=2)
    run_tasks()
    kept.refresh_from_db()
    assert kept.is_open is False
    assert money_of(paid) == (12_000, 12_000, 12_000)


def test_a_lost_dispute_leaves_no_room_for_a_refund_that_waits(stripe, paid, run_tasks):
    """The dispute took the money, so our own waiting request fails."""
    dispute = stripe.world.dispute(paid_charge(stripe, paid))
    stripe.world.close_dispute(dispute["id"], "lost")
    stripe.post.deliver()
    request_refund(payment=paid, amount=5_000, reason="x")
    run_tasks()
    found = Refund.objects.order_by("amount").values_list("amount", "state")
    assert list(found) == [(5_000, "failed"), (12_000, "done")]


def test_a_dispute_that_is_won_changes_nothing(stripe, paid, run_tasks):
    dispute = stripe.world.dispute(paid_charge(stripe, paid))
    stripe.world.close_dispute(dispute["id"], "won")
    stripe.post.deliver(reversed)
    run_tasks()
    assert Dispute.objects.get().is_open is False
    assert money_of(paid) == (12_000, 12_000, 0)


def test_a_payout_comes_with_gross_fees_and_net(stripe, paid, run_tasks):
    request_refund(payment=paid, amount=2_000, reason="x")
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


def test_a_payout_of_a_dispute_that_is_told_before_its_payment_explains_itself(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    stripe.world.pay_out()
    stripe.world.dispute(stripe.world.all("ch")[0]["id"])
    stripe.post.lose()
    stripe.world.pay_out()
    stripe.post.deliver()
    run_tasks()
    payout = Payout.objects.get()
    assert (payout.amount, payout.settled_amount, payout.other_fees) == (-14_000, -12_000, 2_000)
    assert money(order) == (12_000, 12_000, 0)
    assert Dispute.objects.get().is_open


def test_a_payout_that_was_sent_back_before_it_was_told_is_kept_too(stripe, paid, run_tasks):
    sent = stripe.world.pay_out()
    stripe.world.fail_payout(sent["id"])
    stripe.post.deliver(reversed)
    run_tasks()
    payout = Payout.objects.get()
    assert payout.amount == 11_795
    assert payout.settled_amount == 11_795
    assert payout.failed_on is not None


def test_a_payout_with_many_lines_is_read_to_its_end(stripe, event, run_tasks):
    asked = {"amount": 1_000, "currency": "eur", "confirm": "true", "payment_method": "pm_card_visa"}
    for _ in range(130):
        stripe.world.charge_now(asked)
    sent = stripe.world.pay_out()
    assert len(gateway.fetch_payout_lines(sent["id"])) == 130


def paid_charge(stripe, payment: Payment) -> str:
    return stripe.world.objects[payment.external_id]["latest_charge"]


def money_of(payment: Payment) -> tuple[int, int, int]:
    class Named:
        reference = payment.receivable.reference

    return money(Named)
