"""Card payments: start, return, confirmation by webhook; abandoned, late and double payments."""

import datetime

import pytest
from django.utils import timezone

from convention.errors import ConventionError, SoldOut
from registrations.billing.receivables import sync_receivable
from registrations.booking.verification import verify_membership
from registrations.changes.cancel import cancel_registration
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models import Payment, Payout
from registrations.models import MailDelivery, Registration, RegistrationAddon, Sponsorship
from registrations.payments.cards import reconcile
from registrations.payments.cards.checkout import NothingToPay, PaymentUnavailable, start_payment
from registrations.payments.models import CardPaymentAttempt, StripeEvent
from registrations.payments.payment_problems import list_unverified_orders
from registrations.periodic_jobs import release_expired_holds
from registrations.sponsors.sponsorships import take_package
from tests.factories import make_addon, make_member, make_ticket
from tests.registrations.payments.factories import (
    begin_payment,
    count_reserved_places,
    expire_holds,
    get_balance_cents,
    get_latest_attempt,
    list_states,
    order_by_card,
)
from tests.registrations.sponsors.factories import make_package, make_sponsor_request

pytestmark = pytest.mark.django_db


def backdate_attempt(attempt: CardPaymentAttempt) -> None:
    """Pretend that the attempt was opened an hour ago and not polled yet."""
    hour = datetime.timedelta(hours=1)
    CardPaymentAttempt.objects.filter(pk=attempt.pk).update(opened_at=timezone.now() - hour, polled_at=None)


def test_card_order_holds_places_without_confirming_them(event, mailoutbox, run_tasks):
    order = order_by_card(event, people=2)
    run_tasks()
    assert list_states(order) == ["pending", "pending"]
    assert count_reserved_places(event) == 2
    assert get_balance_cents(order) == (0, 0, 0)
    assert mailoutbox == []


def test_webhook_confirms_registrations_and_sends_confirmation_mail(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event, people=2)
    session = begin_payment(order)
    assert list_states(order) == ["pending", "pending"]
    stripe.world.pay(session)
    assert set(stripe.post.deliver()) == {200}
    run_tasks()
    assert list_states(order) == ["confirmed", "confirmed"]
    assert get_balance_cents(order) == (24_000, 24_000, 0)
    payment = get_latest_attempt(order).payment
    assert (payment.method, payment.fee) == ("card", 385)
    assert payment.external_id.startswith("pi_")
    assert [mail.to for mail in mailoutbox] == [[order.email]]
    assert MailDelivery.objects.get().kind == MailDelivery.Kind.CONFIRMATION
    assert count_reserved_places(event) == 2


def test_stripe_session_data_excludes_attendee_names(stripe, event):
    order = order_by_card(event)
    session = stripe.world.objects[begin_payment(order)]
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


def test_hold_outlasts_stripe_session(stripe, event):
    order = order_by_card(event)
    session = stripe.world.objects[begin_payment(order)]
    held = order.registrations.get().hold_expires_at
    assert held == datetime.datetime.fromtimestamp(session["expires_at"], datetime.UTC) + datetime.timedelta(
        minutes=5
    )


def test_second_click_reuses_session(stripe, event):
    order = order_by_card(event)
    assert begin_payment(order) == begin_payment(order)
    assert CardPaymentAttempt.objects.count() == 1


def test_repeated_and_reordered_events_change_nothing(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.deliver(reversed, times=3)
    run_tasks()
    stripe.post.sent = 0
    stripe.post.deliver(times=2)
    run_tasks()
    assert list_states(order) == ["confirmed"]
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert StripeEvent.objects.count() == len(stripe.world.events)


def test_lost_webhook_is_recovered_by_polling(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    assert stripe.post.lose() > 0
    backdate_attempt(get_latest_attempt(order))
    reconcile.poll_open_attempts()
    assert list_states(order) == ["confirmed"]
    reconcile.fetch_missed_events()
    run_tasks()
    assert StripeEvent.objects.filter(kind="checkout.session.completed").count() == 1
    assert get_balance_cents(order) == (12_000, 12_000, 0)


def test_payment_can_be_retried_in_same_session_after_declined_card(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    stripe.world.decline(session)
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["pending"]
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["confirmed"]


def test_abandoned_payment_releases_places_and_expires_session(stripe, event):
    order = order_by_card(event, people=2)
    session = begin_payment(order)
    expire_holds(order)
    release_expired_holds()
    assert (list_states(order), count_reserved_places(event)) == (["expired", "expired"], 0)
    backdate_attempt(get_latest_attempt(order))
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"
    assert get_latest_attempt(order).state == "closed"


def test_session_of_held_package_without_places_stays_open(stripe, event):
    package = make_package(event)
    sponsorship = take_package(
        package=package, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )
    session = begin_payment(sponsorship.order)
    backdate_attempt(get_latest_attempt(sponsorship.order))

    reconcile.poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "open"
    assert get_latest_attempt(sponsorship.order).state == "open"


def test_session_for_later_addon_of_confirmed_place_stays_open(stripe, event):
    order = order_by_card(event)
    place = order.registrations.get()
    Registration.objects.update(confirmed_at=timezone.now(), hold_expires_at=None)
    record_payment(receivable=sync_receivable(order), amount=12_000, method="card", external_id="pi_1")
    RegistrationAddon.objects.create(
        registration=place, addon=make_addon(event), price=4_500, vat_rate=1000, pay_by=timezone.now()
    )
    session = begin_payment(order)
    backdate_attempt(get_latest_attempt(order))

    reconcile.poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "open"


def test_session_of_package_with_expired_hold_is_expired(stripe, event):
    package = make_package(event)
    sponsorship = take_package(
        package=package, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )
    session = begin_payment(sponsorship.order)
    backdate_attempt(get_latest_attempt(sponsorship.order))
    Sponsorship.objects.update(hold_expires_at=timezone.now())

    reconcile.poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "expired"


def test_expired_session_releases_places_at_once(stripe, event, run_tasks):
    order = order_by_card(event)
    begin_payment(order)
    stripe.world.later(32 * 60)
    stripe.post.deliver()
    run_tasks()
    assert (list_states(order), count_reserved_places(event)) == (["expired"], 0)


def test_returning_buyer_can_pay_if_a_place_is_left(stripe, event, run_tasks):
    order = order_by_card(event)
    first = begin_payment(order)
    stripe.world.later(32 * 60)
    stripe.post.deliver()
    run_tasks()
    stripe.world.ahead = 0
    second = begin_payment(order)
    assert first != second
    assert (list_states(order), count_reserved_places(event)) == (["pending"], 1)
    stripe.world.pay(second)
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["confirmed"]


def test_payment_cannot_start_when_sold_out(stripe, event):
    order = order_by_card(event)
    expire_holds(order)
    release_expired_holds()
    order_by_card(event, people=2)
    with pytest.raises(SoldOut):
        begin_payment(order)
    assert CardPaymentAttempt.objects.count() == 0
    assert stripe.asked == []


def test_late_payment_takes_place_if_one_is_left(stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    expire_holds(order)
    release_expired_holds()
    stripe.post.deliver()
    run_tasks()
    assert (list_states(order), count_reserved_places(event)) == (["confirmed"], 1)


def test_late_payment_without_place_is_recorded_and_buyer_notified(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    expire_holds(order)
    release_expired_holds()
    others = order_by_card(event, people=2, payment="invoice")
    stripe.post.deliver(times=2)
    run_tasks()
    assert list_states(order) == ["expired"]
    assert list_states(others) == ["confirmed", "confirmed"]
    assert get_balance_cents(order) == (0, 12_000, 0)
    [late] = [mail for mail in mailoutbox if mail.to == [order.email]]
    assert late.subject == "Paiement reçu, mais il ne reste plus de place\u202f: La Convention"
    assert "120\u00a0€" in late.body


def test_payment_after_cancellation_is_recorded_and_buyer_notified(stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    cancel_registration(registration=order.registrations.get())
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert get_balance_cents(order) == (0, 12_000, 0)
    assert len([mail for mail in mailoutbox if "plus de place" in mail.subject]) == 1


def test_cancelled_order_expires_open_session(stripe, event):
    order = order_by_card(event)
    session = begin_payment(order)
    cancel_registration(registration=order.registrations.get())
    backdate_attempt(get_latest_attempt(order))
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"


def test_double_payment_is_recorded_as_overpayment(stripe, event, run_tasks):
    order = order_by_card(event)
    first = begin_payment(order)
    CardPaymentAttempt.objects.update(closed_at=timezone.now())  # as if expiring it at Stripe had failed
    second = begin_payment(order)
    stripe.world.pay(first)
    stripe.world.pay(second)
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["confirmed"]
    assert get_balance_cents(order) == (12_000, 24_000, 0)


def test_changed_amount_starts_new_session_and_expires_first(stripe, event):
    order = order_by_card(event, people=2)
    first = begin_payment(order)
    cancel_registration(registration=order.registrations.first())
    second = begin_payment(order)
    assert stripe.world.objects[first]["status"] == "expired"
    assert stripe.world.objects[second]["amount_total"] == 12_000


def test_session_paid_before_it_could_be_expired_counts(stripe, event):
    order = order_by_card(event, people=2)
    stripe.world.pay(begin_payment(order))
    stripe.post.lose()
    cancel_registration(registration=order.registrations.first())
    with pytest.raises(NothingToPay):
        begin_payment(order)
    assert list_states(order) == ["cancelled", "confirmed"]
    assert get_balance_cents(order) == (12_000, 24_000, 0)


def test_a_debit_is_confirmed_days_later(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.post.deliver()
    run_tasks()
    assert (list_states(order), get_latest_attempt(order).state) == (["pending"], "under_way")
    assert order.registrations.get().hold_expires_at > timezone.now() + datetime.timedelta(days=13)
    stripe.world.settle_debit(session, "paid")
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["confirmed"]
    assert get_latest_attempt(order).payment.method == "sepa_debit"


def test_payout_received_before_debit_event_records_payment(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.world.settle_debit(session, "paid")
    stripe.post.lose()
    sent = stripe.world.pay_out()
    stripe.post.deliver()
    run_tasks()
    assert (list_states(order), Payment.objects.get().method) == (["confirmed"], "sepa_debit")
    assert Payout.objects.get().settled_amount == sent["amount"]


def test_refused_debit_releases_place(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    stripe.world.pay(session, "sepa_debit")
    stripe.world.settle_debit(session, "failed")
    stripe.post.deliver(reversed)
    run_tasks()
    assert (list_states(order), count_reserved_places(event), get_balance_cents(order)) == (
        ["expired"],
        0,
        (0, 0, 0),
    )


def test_lost_stripe_response_reuses_session(stripe, event):
    order = order_by_card(event)
    stripe.swallow = 10  # more than the retries of the library
    with pytest.raises(PaymentUnavailable):
        begin_payment(order)
    stripe.swallow = 0
    begin_payment(order)
    assert len(stripe.world.all("cs")) == 1


def test_session_not_stored_is_recognized_by_webhook(stripe, event, run_tasks):
    order = order_by_card(event)
    session = begin_payment(order)
    CardPaymentAttempt.objects.update(session_id=None)  # killed between Stripe's answer and storing it
    stripe.world.pay(session)
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["confirmed"]
    assert get_latest_attempt(order).session_id == session


def test_unreachable_stripe_raises_error_and_keeps_hold(stripe, event, settings):
    order = order_by_card(event)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    with pytest.raises(PaymentUnavailable) as refusal:
        begin_payment(order)
    assert isinstance(refusal.value, ConventionError)
    assert list_states(order) == ["pending"]


def test_attempt_refused_by_stripe_is_replaced(stripe, event):
    order = order_by_card(event)
    stripe.swallow = 10
    with pytest.raises(PaymentUnavailable):
        begin_payment(order)
    stripe.swallow = 0
    order.link_version += 1  # the link was replaced: the same key with other params
    start_payment(order=order, return_path="/orders/x/another/pay/")
    assert [attempt.number for attempt in CardPaymentAttempt.objects.filter(order=order, closed_at=None)] == [
        2
    ]


def test_paid_order_of_unverified_member_stays_pending_and_is_listed(stripe, event, run_tasks):
    event.tickets.all().delete()
    make_ticket(event, slug="member", audience="member", price=5_000, capacity=3)
    order = order_by_card(event, ticket="member")
    stripe.world.pay(begin_payment(order))
    stripe.post.deliver()
    run_tasks()
    assert list_states(order) == ["pending"]
    assert get_balance_cents(order) == (5_000, 5_000, 0)
    assert not list_unverified_orders().exists()
    expire_holds(order)
    assert [(one.pk, one.amount_retained) for one in list_unverified_orders()] == [(order.pk, 5_000)]


@pytest.mark.parametrize("is_paid_first", [True, False])
def test_member_order_is_confirmed_by_payment_and_verification(stripe, event, run_tasks, is_paid_first):
    event.tickets.all().delete()
    make_ticket(event, slug="member", audience="member", price=5_000, capacity=3)
    order = order_by_card(event, ticket="member")
    place = order.registrations.get()
    make_member(email=place.email)

    def pay():
        stripe.world.pay(begin_payment(order))
        stripe.post.deliver()
        run_tasks()

    def verify():
        verify_membership(registration=place)

    first, second = (pay, verify) if is_paid_first else (verify, pay)
    first()
    assert list_states(order) == ["pending"]
    second()
    assert list_states(order) == ["confirmed"]


def test_free_order_has_nothing_to_pay_by_card(stripe, event):
    event.tickets.update(price=0)
    order = order_by_card(event)
    with pytest.raises(NothingToPay):
        begin_payment(order)
    assert CardPaymentAttempt.objects.count() == 0


def test_session_with_outdated_amount_is_expired(stripe, event):
    order = order_by_card(event, people=2)
    session = begin_payment(order)
    cancel_registration(registration=order.registrations.first())
    CardPaymentAttempt.objects.update(opened_at=timezone.now() - reconcile.RECHECK_AFTER * 2)
    reconcile.poll_open_attempts()
    assert stripe.world.objects[session]["status"] == "expired"
    assert sorted(list_states(order)) == ["cancelled", "pending"]
