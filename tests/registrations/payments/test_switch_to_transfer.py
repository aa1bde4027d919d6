"""Test that an unpaid order by card can be paid by bank transfer instead, and one on invoice by card."""

import datetime

import pytest
from django.core.cache import caches
from django.utils import timezone

from convention.audit.models import AuditEntry
from registrations.billing.receivables import sync_receivable
from registrations.billing.unbilled import bill_unbilled_orders, withdraw_lapsed_charges
from registrations.booking.place_order import place_order
from registrations.invoices.models import Receivable
from registrations.models import Order, RegistrationAddon
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.orders.transfer_details import get_transfer_details
from registrations.payments.cards.reconcile import poll_open_attempts
from registrations.payments.cards.switch_to_transfer import can_switch_to_transfer, switch_to_transfer
from registrations.payments.models import CardPaymentAttempt
from registrations.periodic_jobs import release_expired_holds
from registrations.permissions import make_own_secret
from registrations.sponsors.sponsorships import take_package
from tests.buyer_verification import make_verified_context, open_link
from tests.factories import make_account, make_addon, make_person, make_ticket
from tests.registrations.invoices.conftest import make_issuer
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

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BUTTON = "Pay by transfer instead"


@pytest.fixture(autouse=True)
def issuer():
    return make_issuer()


def build_page_path(order: Order, page: str = "pay") -> str:
    return f"/en/orders/{order.reference}/{order.manage_secret}/{page}/"


def order_as_stranger(event) -> Order:
    """Place an order by card as a visitor who is not signed in."""
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org")
    request = OrderRequest(email="zoe@example.org", places=(place,), payment="card", language="en")
    return place_order(event=event, request=request)


def switch(client, order: Order) -> str:
    """Press the button on the page to pay; return the page that follows."""
    page = client.post(build_page_path(order), {"transfer": "yes"}, follow=True).text
    order.refresh_from_db()
    return page


def test_pay_page_offers_transfer_until_something_is_paid(client, stripe, event, run_tasks):
    order = order_by_card(event)
    before = client.get(build_page_path(order)).text

    stripe.world.pay(begin_payment(order))
    stripe.post.deliver()
    run_tasks()
    order.refresh_from_db()

    assert BUTTON in before
    assert not can_switch_to_transfer(order)


def test_transfer_is_not_offered_without_bank_details(client, stripe, event, issuer):
    order = order_by_card(event)
    issuer.iban = ""
    issuer.save()

    assert BUTTON not in client.get(build_page_path(order)).text
    assert not can_switch_to_transfer(order)


def test_signed_in_buyer_is_confirmed_and_reads_the_reference(client, stripe, event, mailoutbox, run_tasks):
    order = order_by_card(event)
    client.force_login(make_account())

    page = switch(client, order)
    run_tasks()

    assert order.payment == "invoice"
    assert list_states(order) == ["confirmed"]
    assert get_balance_cents(order) == (12_000, 0, 0)
    assert order.creditor_reference in page
    assert [mail.to for mail in mailoutbox] == [[order.email]]
    assert order.creditor_reference in mailoutbox[0].body
    assert AuditEntry.objects.filter(verb="order.invoice_later").count() == 1


def test_stranger_gets_the_link_and_a_longer_hold(client, stripe, event, mailoutbox, run_tasks):
    order = order_as_stranger(event)

    page = switch(client, order)
    run_tasks()

    assert order.awaits_verification
    assert list_states(order) == ["pending"]
    assert "click the link in it to confirm" in page
    hold = order.registrations.get().hold_expires_at - timezone.now()
    assert hold > datetime.timedelta(hours=23)
    assert [mail.subject for mail in mailoutbox] == ["Confirm your order: The Convention"]


def test_stranger_owes_the_transfer_once_the_link_is_opened(client, stripe, event):
    order = order_as_stranger(event)
    switch(client, order)

    order = open_link(order)

    assert list_states(order) == ["confirmed"]
    assert get_transfer_details(order).amount.amount == 12_000


def test_open_stripe_session_is_expired_and_places_stay_held(client, stripe, event):
    order = order_as_stranger(event)
    session = begin_payment(order)

    switch(client, order)
    stripe.post.deliver()

    assert stripe.world.objects[session]["status"] == "expired"
    assert get_latest_attempt(order).state == "closed"
    assert list_states(order) == ["pending"]
    assert count_reserved_places(event) == 1


def test_poller_expires_a_session_that_could_not_be_expired_at_once(stripe, event):
    order = order_as_stranger(event)
    session = begin_payment(order)
    attempt = get_latest_attempt(order)
    Order.objects.filter(pk=order.pk).update(payment="invoice", needs_verification=True)
    hour = datetime.timedelta(hours=1)
    type(attempt).objects.filter(pk=attempt.pk).update(opened_at=timezone.now() - hour)

    poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "expired"
    assert list_states(order) == ["pending"]


def test_payment_that_arrived_meanwhile_wins(client, stripe, event):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.lose()

    page = switch(client, order)

    assert order.payment == "card"
    assert list_states(order) == ["confirmed"]
    assert "There is nothing left to pay for this order." in page


def test_direct_debit_under_way_is_not_replaced_by_a_transfer(client, stripe, event):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order), "sepa_debit")
    stripe.post.lose()

    page = switch(client, order)

    assert order.payment == "card"
    assert "The bank is processing this payment" in page


def test_unreachable_stripe_leaves_the_order_by_card(client, stripe, event, settings):
    order = order_by_card(event)
    begin_payment(order)
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    page = switch(client, order)

    assert order.payment == "card"
    assert "Try again in a minute" in page


def test_expired_places_are_reserved_again_while_some_are_left(client, stripe, event):
    order = order_as_stranger(event)
    expire_holds(order)
    release_expired_holds()

    switch(client, order)

    assert list_states(order) == ["pending"]
    assert count_reserved_places(event) == 1


def test_sold_out_order_stays_by_card(client, stripe, event):
    order = order_as_stranger(event)
    expire_holds(order)
    release_expired_holds()
    order_by_card(event, people=2)

    switch(client, order)

    assert order.payment == "card"
    assert list_states(order) == ["expired"]


def test_limit_of_unverified_orders_applies(client, stripe, event, settings):
    settings.RATE_LIMITS = "on"
    settings.UNVERIFIED_ORDERS_PER_ADDRESS = 1
    caches["default"].clear()
    event.tickets.update(capacity=10)
    first, second = order_as_stranger(event), order_as_stranger(event)
    switch(client, first)

    page = switch(client, second)

    assert second.payment == "card"
    assert "Too many places were ordered from this address" in page


def test_ceiling_of_unverified_places_leaves_the_hold_as_it_is(client, stripe, event, settings):
    settings.RATE_LIMITS = "on"
    settings.UNVERIFIED_PLACES_PER_HOUR = 0
    order = order_as_stranger(event)

    page = switch(client, order)

    assert order.payment == "card"
    assert "payment by transfer is not available" in page
    assert count_reserved_places(event) == 1


def test_places_of_the_switched_order_count_once_for_the_ceiling(client, stripe, event, settings):
    settings.RATE_LIMITS = "on"
    settings.UNVERIFIED_PLACES_PER_HOUR = 1
    order = order_as_stranger(event)

    switch(client, order)

    assert order.payment == "invoice"
    assert order.needs_verification


def order_for_a_member(event) -> Order:
    """Place an order by card for a guest and for a member who has not opened the mailed link yet."""
    make_ticket(event, slug="member", audience="member", price=5_000, capacity=5)
    places = (
        RequestedPlace(ticket="member", first_name="Léa", last_name="Roy", email=make_person().email),
        RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", email="zoe@example.org"),
    )
    request = OrderRequest(email="buyer@example.org", places=places, payment="card", language="en")
    return place_order(event=event, request=request, context=make_verified_context())


def test_pending_place_delays_the_billing_of_the_switched_order(event):
    order = order_for_a_member(event)

    order = switch_to_transfer(order=order, context=make_verified_context())

    assert list_states(order) == ["pending", "confirmed"]
    assert not Receivable.objects.exists()


def test_member_gets_the_link_after_the_switch_and_the_page_says_so(client, event, mailoutbox, run_tasks):
    order = order_for_a_member(event)
    order.registrations.get(ticket__slug="guest").delete()
    member = order.registrations.get()
    client.force_login(make_account())

    page = switch(client, order)
    run_tasks()

    assert "Members confirm their place through the link" in page
    assert f"<strong>{member.email}</strong>" in page
    assert [mail.to for mail in mailoutbox] == [[member.email]]


def test_order_on_invoice_is_not_paid_by_card_while_a_member_must_confirm(client, stripe, event):
    order = order_for_a_member(event)
    order = switch_to_transfer(order=order, context=make_verified_context())

    page = client.get(build_page_path(order, "transfer")).text
    client.post(build_page_path(order))

    assert "Pay by card instead" not in page
    assert "You can pay by card after that." in page
    assert not CardPaymentAttempt.objects.exists()


def test_transfer_page_names_what_members_still_have_to_confirm(client, event):
    order = switch_to_transfer(order=order_for_a_member(event), context=make_verified_context())

    page = client.get(build_page_path(order, "transfer")).text

    assert "Do not pay yet: the amount includes €50 for places that members still have to confirm." in page


def test_transfer_page_of_confirmed_places_asks_to_wait_for_nobody(client, event):
    order = switch_to_transfer(order=order_for_a_member(event), context=make_verified_context())
    order.registrations.update(confirmed_at=timezone.now())

    page = client.get(build_page_path(order, "transfer")).text

    assert "Do not pay yet" not in page


def test_lapsed_place_of_the_switched_order_is_not_owed(event):
    order = order_for_a_member(event)
    switch_to_transfer(order=order, context=make_verified_context())
    expire_holds(order)
    release_expired_holds()

    bill_unbilled_orders()

    assert get_balance_cents(order) == (12_000, 0, 0)


def test_lapsed_places_of_an_unverified_order_are_not_synced_again_and_again(
    client, stripe, event, django_assert_num_queries
):
    order = order_as_stranger(event)
    sync_receivable(order)
    switch(client, order)
    expire_holds(order)
    release_expired_holds()

    with django_assert_num_queries(1):
        withdraw_lapsed_charges()


def test_later_addon_of_a_place_confirmed_without_payment_cannot_be_switched(event):
    order = order_by_card(event)
    place = order.registrations.get()
    place.confirmed_at = timezone.now()
    place.save()
    RegistrationAddon.objects.create(
        registration=place, addon=make_addon(event), price=4_500, pay_by=timezone.now()
    )

    assert not can_switch_to_transfer(order)


def test_sponsor_is_confirmed_and_reads_how_to_pay(event, mailoutbox, run_tasks):
    package = make_package(event, event.tickets.get(slug="guest"), capacity=1)
    one = take_package(
        package=package, sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )
    run_tasks()
    mailoutbox.clear()

    switch_to_transfer(order=one.order, context=make_verified_context())
    run_tasks()

    one.refresh_from_db()
    assert one.state == "confirmed"
    assert any(one.order.creditor_reference in mail.body for mail in mailoutbox)


def test_colleague_link_cannot_switch(client, stripe, event):
    order = order_by_card(event, people=2)

    registration = order.registrations.first()
    registration.order = order

    answer = client.post(
        f"/en/orders/{order.reference}/{make_own_secret(registration)}/pay/", {"transfer": "yes"}
    )

    order.refresh_from_db()
    assert answer.status_code == 404
    assert order.payment == "card"


def test_order_that_is_on_invoice_cannot_be_switched(event):
    order = order_by_card(event, payment="invoice")

    assert not can_switch_to_transfer(order)


def test_order_on_invoice_is_paid_by_card_from_the_page_of_the_transfer(client, stripe, event, run_tasks):
    order = order_by_card(event, payment="invoice")
    transfer_page = client.get(build_page_path(order, "transfer")).text
    pay_page = client.get(build_page_path(order)).text
    client.post(build_page_path(order))

    stripe.world.pay(get_latest_attempt(order).session_id)
    stripe.post.deliver()
    run_tasks()

    order.refresh_from_db()
    assert "Pay by card instead" in transfer_page
    assert "Your registration is confirmed. Here is what is left to pay." in pay_page
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert order.payment == "invoice"


def test_unverified_order_on_invoice_cannot_be_paid_by_card(client, stripe, event):
    order = order_as_stranger(event)
    switch(client, order)

    answer = client.post(build_page_path(order))

    assert answer["Location"] == build_page_path(order, "").replace("//", "/")
    assert not CardPaymentAttempt.objects.exists()


def test_abandoned_card_payment_leaves_an_order_on_invoice_confirmed(stripe, event, run_tasks):
    order = order_by_card(event, payment="invoice")
    begin_payment(order)

    stripe.world.later(32 * 60)
    stripe.post.deliver()
    run_tasks()

    assert get_latest_attempt(order).state == "closed"
    assert list_states(order) == ["confirmed"]


def test_poller_leaves_the_session_of_an_order_on_invoice_open(stripe, event):
    order = order_by_card(event, payment="invoice")
    session = begin_payment(order)
    hour = datetime.timedelta(hours=1)
    CardPaymentAttempt.objects.update(opened_at=timezone.now() - hour)

    poll_open_attempts()

    assert stripe.world.objects[session]["status"] == "open"


def test_no_transfer_is_asked_for_while_a_direct_debit_is_under_way(client, stripe, event, run_tasks):
    order = order_by_card(event, payment="invoice")
    stripe.world.pay(begin_payment(order), "sepa_debit")
    stripe.post.deliver()
    run_tasks()

    page = client.get(build_page_path(order, "transfer"), follow=True).text

    assert "Your bank is processing the payment" in page


def test_cancelled_order_on_invoice_offers_no_card_payment(client, event):
    order = order_by_card(event, payment="invoice")
    order.registrations.update(cancelled_at=timezone.now(), cancellation_fee=3_000)

    page = client.get(build_page_path(order, "transfer")).text

    assert "Use only this reference" in page
    assert "Pay by card instead" not in page
