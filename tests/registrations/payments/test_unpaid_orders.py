"""The buyer of an order by card that was not paid in time gets one e-mail."""

import datetime

import pytest
from django.utils import timezone, translation

from registrations.changes.cancel import cancel_registration
from registrations.models import Order
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.payments.cards.unpaid_orders import notify_unpaid_orders
from registrations.periodic_jobs import release_expired_holds
from tests.registrations.payments.factories import expire_holds, order_by_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def unpaid_order(event, settings) -> Order:
    """Make an English order by card whose hold has expired."""
    settings.CARD_PAYMENT = True
    order = order_by_card(event)
    Order.objects.update(language="en")
    expire_holds(order)
    release_expired_holds()
    order.refresh_from_db()
    return order


def test_buyer_is_mailed_once_with_link_to_pay(unpaid_order, run_tasks, mailoutbox, settings):
    notify_unpaid_orders()
    notify_unpaid_orders()
    run_tasks()

    [mail] = mailoutbox
    assert mail.to == [unpaid_order.email]
    assert mail.subject.startswith("Your order was not paid: ")
    with translation.override("en"):
        assert f"{settings.SITE_URL}{unpaid_order.continue_path}" in mail.body


def test_only_last_of_several_unpaid_orders_is_announced(unpaid_order, event, run_tasks, mailoutbox):
    later = order_by_card(event)
    Order.objects.filter(pk=later.pk).update(email=unpaid_order.email)
    expire_holds(later)
    release_expired_holds()

    notify_unpaid_orders()
    run_tasks()

    [mail] = mailoutbox
    assert later.continue_path in mail.body


def test_link_reserves_place_again(unpaid_order, client, run_tasks):
    with translation.override("en"):
        path = unpaid_order.continue_path

    page = client.get(path).text

    assert "places are still available" in page


def test_held_order_is_not_mailed(event, settings, run_tasks, mailoutbox):
    settings.CARD_PAYMENT = True
    order_by_card(event)

    notify_unpaid_orders()
    run_tasks()

    assert mailoutbox == []


def test_order_paid_meanwhile_is_not_mailed(unpaid_order, run_tasks, mailoutbox):
    notify_unpaid_orders()
    record_demo_payment(order=unpaid_order)
    run_tasks()

    assert [mail for mail in mailoutbox if "not paid" in mail.subject] == []


def test_cancelled_order_is_not_mailed(unpaid_order, run_tasks, mailoutbox):
    cancel_registration(registration=unpaid_order.registrations.get())

    notify_unpaid_orders()
    run_tasks()

    assert mailoutbox == []


def test_order_that_buyer_replaced_is_not_mailed(unpaid_order, event, run_tasks, mailoutbox):
    newer = order_by_card(event)
    Order.objects.filter(pk=newer.pk).update(email=unpaid_order.email)

    notify_unpaid_orders()
    run_tasks()

    assert mailoutbox == []


def test_old_order_is_not_mailed(unpaid_order, run_tasks, mailoutbox):
    Order.objects.update(created_at=timezone.now() - datetime.timedelta(days=3))

    notify_unpaid_orders()
    run_tasks()

    assert mailoutbox == []
