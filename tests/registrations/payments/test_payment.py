"""Card payments: started, returned to, confirmed by webhook, abandoned, late, twice."""

import datetime

import pytest
from django.utils import timezone

from convention.errors import ConventionError, SoldOut
from registrations.changes.cancel import cancel_registration
from registrations.invoices.models import Payment, Payout
from registrations.models import MailDelivery, Sponsorship
from registrations.payments.cards import reconcile
from registrations.payments.cards.checkout import NothingToPay, PaymentUnavailable, start_payment
from registrations.payments.models import CardPaymentAttempt, StripeEvent
from registrations.payments.payment_problems import list_unverified_orders
from registrations.periodic_jobs import release_expired_holds
from registrations.sponsors.sponsorships import take_package
from tests.factories import make_ticket
from tests.registrations.payments.factories import (
    begin,
    lapse,
    latest,
    money,
    order_by_card,
    states,
    taken,
)
from tests.registrations.sponsors.factories import make_package, sponsor_of

pytestmark = pytest.mark.django_db


def age(attempt: CardPaymentAttempt) -> None:
    """Set the attempt's opening an hour back."""
    hour = datetime.timedelta(hours=1)
    CardPaymentAttempt.objects.filter(pk=attempt.pk).update(opened_at=timezone.now() - hour, polled_at=None)


def test_an_order_by_card_holds_its_places_and_confirms_nothing(event, mailoutbox, run_tasks):
    order = order_by_card(event, people=2)
    run_tasks()
    assert states(order) == ["pending", "pending"]
    assert taken(event) == 2
    assert money(order) == (0, 0, 0)
    assert mailoutbox == []


def test_a_signed_webhook_confirms_the_places_and_the_badges_go_out(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event, people=2)
    session = begin(order)
    assert states(order) == ["pending", "pending"]
    stripe.world.pay(session)
    assert set(stripe.post.deliver()) == {200}
    run_tasks()
    assert states(order) == ["confirmed", "confirmed"]
    assert money(order) == (24_000, 24_000, 0)
    payment = latest(order).payment
    assert (payment.method, payment.fee) == ("card", 385)
    assert payment.external_id.startswith("pi_")
    assert [mail.to for mail in mailoutbox] == [[order.email]]
    assert MailDelivery.objects.get().kind == MailDelivery.Kind.CONFIRMATION
    assert taken(event) == 2


def test_what_stripe_gets_to_know(stripe, event):
    order = order_by_card(event)
    session = stripe.world.objects[begin(order)]
    key = f"{order.reference}-12000-1"
    assert session["metadata"] == {"attempt": key, "order": order.reference}
    assert session["_lines"] == [
        {
            "quantity": 1,
            "price_data": {
                "currency": "eur",
                "unit_amount": 12_000,
                "product_data": {"name": f"La Convention · {order.reference}"},
            },
        }
    ]
    assert (session["customer_email"], session["locale"]) == (order.email, "fr")
    assert session["success_url"].endswith(f"/orders/{order.reference}/{order.manage_secret}/pay/?returned=1")
    assert "Müller" not in str(session)


def test_the_places_are_held_longer_than_stripe_lets_pay(stripe, event):
    order = order_by_card(event)
    session = stripe.world.objects[begin(order)]
    held = order.registrations.get().hold_expires_at
    assert held == datetime.datetime.fromtimestamp(session["expires_at"], datetime.UTC) + datetime.timedelta(
        minutes=5
    )


def test_a_second_click_leads_to_the_same_page(stripe, event):
    order = order_by_card(event)
    assert begin(order) == begin(order)
    assert CardPaymentAttempt.objects.count() == 1


def test_events_repeated_and_in_reverse_change_nothing(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    stripe.post.deliver(reversed, times=3)
    run_tasks()
    stripe.post.sent = 0
    stripe.post.deliver(times=2)
    run_tasks()
    assert states(order) == ["confirmed"]
    assert money(order) == (12_000, 12_000, 0)
    assert StripeEvent.objects.count() == len(stripe.world.events)


def test_a_lost_webhook_is_found_by_asking(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    assert stripe.post.lose() > 0
    age(latest(order))
    reconcile.poll_open_attempts()
    assert states(order) == ["confirmed"]
    reconcile.fetch_missed_events()
    run_tasks()
    assert StripeEvent.objects.filter(kind="checkout.session.completed").count() == 1
    assert money(order) == (12_000, 12_000, 0)


def test_a_declined_card_may_be_tried_again_on_the_same_page(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    stripe.world.decline(session)
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["pending"]
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["confirmed"]


def test_an_abandoned_payment_gives_the_place_back_and_ends_the_session(stripe, event):
    order = order_by_card(event, people=2)
    session = begin(order)
    lapse(order)
    release_expired_holds()
    assert (states(order), taken(event)) == (["expired", "expired"], 0)
    age(latest(order))
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"
    assert latest(order).state == "closed"


def test_the_session_of_a_package_without_places_stays_open_while_it_is_held(stripe, event):
    package = make_package(event)
    sponsorship = take_package(
        package=package, sponsor_request=sponsor_of(payment="card"), idempotency_key="a"
    )
    session = begin(sponsorship.order)
    age(latest(sponsorship.order))

    reconcile.poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "open"
    assert latest(sponsorship.order).state == "open"


def test_the_session_of_a_package_whose_hold_expired_is_ended(stripe, event):
    package = make_package(event)
    sponsorship = take_package(
        package=package, sponsor_request=sponsor_of(payment="card"), idempotency_key="a"
    )
    session = begin(sponsorship.order)
    age(latest(sponsorship.order))
    Sponsorship.objects.update(hold_expires_at=timezone.now())

    reconcile.poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "expired"


def test_a_session_that_expires_frees_the_places_at_once(stripe, event, run_tasks):
    order = order_by_card(event)
    begin(order)
    stripe.world.later(32 * 60)
    stripe.post.deliver()
    run_tasks()
    assert (states(order), taken(event)) == (["expired"], 0)


def test_whoever_comes_back_may_pay_if_a_place_is_left(stripe, event, run_tasks):
    order = order_by_card(event)
    first = begin(order)
    stripe.world.later(32 * 60)
    stripe.post.deliver()
    run_tasks()
    stripe.world.ahead = 0
    second = begin(order)
    assert first != second
    assert (states(order), taken(event)) == (["pending"], 1)
    stripe.world.pay(second)
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["confirmed"]


def test_no_payment_begins_where_no_place_is_left(stripe, event):
    order = order_by_card(event)
    lapse(order)
    release_expired_holds()
    order_by_card(event, people=2)
    with pytest.raises(SoldOut):
        begin(order)
    assert CardPaymentAttempt.objects.count() == 0
    assert stripe.asked == []


def test_paid_late_takes_the_place_again_where_there_is_one(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    lapse(order)
    release_expired_holds()
    stripe.post.deliver()
    run_tasks()
    assert (states(order), taken(event)) == (["confirmed"], 1)


def test_paid_late_without_a_place_is_kept_to_be_given_back_and_told(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin(order))
    lapse(order)
    release_expired_holds()
    others = order_by_card(event, people=2, payment="invoice")
    stripe.post.deliver(times=2)
    run_tasks()
    assert states(order) == ["expired"]
    assert states(others) == ["confirmed", "confirmed"]
    assert money(order) == (0, 12_000, 0)
    [late] = [mail for mail in mailoutbox if mail.to == [order.email]]
    assert late.subject == "Paiement reçu, mais il ne reste plus de place\u202f: La Convention"
    assert "120\u00a0€" in late.body


def test_paid_after_it_was_cancelled_is_to_be_given_back(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    cancel_registration(registration=order.registrations.get())
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert money(order) == (0, 12_000, 0)
    assert len([mail for mail in mailoutbox if "plus de place" in mail.subject]) == 1


def test_a_cancelled_order_ends_the_open_session(stripe, event):
    order = order_by_card(event)
    session = begin(order)
    cancel_registration(registration=order.registrations.get())
    age(latest(order))
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"


def test_paid_twice_is_kept_and_shows_as_too_much(stripe, event, run_tasks):
    order = order_by_card(event)
    first = begin(order)
    CardPaymentAttempt.objects.update(closed_at=timezone.now())  # as if its end at Stripe had failed
    second = begin(order)
    stripe.world.pay(first)
    stripe.world.pay(second)
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["confirmed"]
    assert money(order) == (12_000, 24_000, 0)


def test_another_amount_begins_another_session_and_ends_the_first(stripe, event):
    order = order_by_card(event, people=2)
    first = begin(order)
    cancel_registration(registration=order.registrations.first())
    second = begin(order)
    assert stripe.world.objects[first]["status"] == "expired"
    assert stripe.world.objects[second]["amount_total"] == 12_000


def test_a_session_paid_just_before_its_end_counts(stripe, event):
    order = order_by_card(event, people=2)
    stripe.world.pay(begin(order))
    stripe.post.lose()
    cancel_registration(registration=order.registrations.first())
    with pytest.raises(NothingToPay):
        begin(order)
    assert states(order) == ["cancelled", "confirmed"]
    assert money(order) == (12_000, 24_000, 0)


def test_a_debit_is_confirmed_days_later(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.post.deliver()
    run_tasks()
    assert (states(order), latest(order).state) == (["pending"], "under_way")
    assert order.registrations.get().hold_expires_at > timezone.now() + datetime.timedelta(days=13)
    stripe.world.settle_debit(session, "paid")
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["confirmed"]
    assert latest(order).payment.method == "sepa_debit"


def test_a_payout_that_is_told_before_a_debit_was_brings_it(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.world.settle_debit(session, "paid")
    stripe.post.lose()
    sent = stripe.world.pay_out()
    stripe.post.deliver()
    run_tasks()
    assert (states(order), Payment.objects.get().method) == (["confirmed"], "sepa_debit")
    assert Payout.objects.get().settled_amount == sent["amount"]


def test_a_debit_that_the_bank_refuses_frees_the_place(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.world.settle_debit(session, "failed")
    stripe.post.deliver(reversed)
    run_tasks()
    assert (states(order), taken(event), money(order)) == (["expired"], 0, (0, 0, 0))


def test_an_answer_that_was_never_heard_gives_the_same_session_again(stripe, event):
    order = order_by_card(event)
    stripe.swallow = 10  # the library tries again by itself, and in vain
    with pytest.raises(PaymentUnavailable):
        begin(order)
    stripe.swallow = 0
    begin(order)
    assert len(stripe.world.all("cs")) == 1


def test_an_answer_that_was_never_stored_is_known_by_its_webhook(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin(order)
    CardPaymentAttempt.objects.update(session_id=None)  # killed between Stripe's answer and storing it
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["confirmed"]
    assert latest(order).session_id == session


def test_stripe_away_is_a_sentence_and_holds_the_places(stripe, event, settings):
    order = order_by_card(event)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(PaymentUnavailable) as refusal:
        begin(order)
    assert isinstance(refusal.value, ConventionError)
    assert states(order) == ["pending"]


def test_an_attempt_that_stripe_refuses_is_tried_with_a_new_one(stripe, event):
    order = order_by_card(event)
    stripe.swallow = 10
    with pytest.raises(PaymentUnavailable):
        begin(order)
    stripe.swallow = 0
    order.link_version += 1  # the link was replaced meanwhile: other wishes under the same key
    start_payment(order=order, return_path="/orders/x/another/pay/")
    assert [attempt.number for attempt in CardPaymentAttempt.objects.filter(order=order, closed_at=None)] == [
        2
    ]


def test_a_member_who_must_prove_it_is_confirmed_by_both(stripe, event, run_tasks):
    event.tickets.all().delete()
    make_ticket(event, slug="member", audience="member", price=5_000, capacity=3)
    order = order_by_card(event, ticket="member")
    stripe.world.pay(begin(order))
    stripe.post.deliver()
    run_tasks()
    assert states(order) == ["pending"]
    assert money(order) == (5_000, 5_000, 0)
    assert not list_unverified_orders().exists()
    lapse(order)
    assert [(one.pk, one.amount_retained) for one in list_unverified_orders()] == [(order.pk, 5_000)]


def test_a_free_order_and_one_on_invoice_have_nothing_to_pay(stripe, event):
    for order in (order_by_card(event, payment="invoice"),):
        with pytest.raises(NothingToPay):
            begin(order)


def test_a_session_for_another_amount_than_is_due_is_ended(stripe, event):
    order = order_by_card(event, people=2)
    session = begin(order)
    cancel_registration(registration=order.registrations.first())
    CardPaymentAttempt.objects.update(opened_at=timezone.now() - reconcile.RECHECK_AFTER * 2)
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"
    assert sorted(states(order)) == ["cancelled", "pending"]
