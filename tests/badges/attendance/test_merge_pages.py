"""Test merging two paid orders and two applications for one visit on the page."""

import pytest
from django.test import Client

from badges.attendance.merge import merge_registrations_and_scans
from registrations.billing.receivables import calculate_balance, sync_receivable
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund, request_refund
from registrations.models import Order, Registration
from registrations.visits.applications.state import ApplicationState
from registrations.visits.models import Application
from registrations.visits.visitor_list.visitors import find_list_readiness
from tests.badges.attendance.factories import make_event, make_registration
from tests.factories import make_administrator
from tests.registrations.visits.factories import accept_current_text, get_state, make_application, make_visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_administrator())
    return client


def make_merge_path(kept: Registration, other: Registration) -> str:
    return f"/en/organize/{kept.event.slug}/registrations/{kept.reference}/merge/{other.reference}/"


def test_merged_paid_orders_keep_their_balances(client, run_tasks):
    event = make_event()
    kept, other = make_registration(event, price=10_000), make_registration(event, price=12_000)
    for number, one in enumerate((kept, other)):
        one.order.payment, one.order.total = "invoice", one.price
        one.order.save()
        paid = {"amount": one.price, "method": "transfer", "external_id": f"x{number}"}
        record_payment(receivable=sync_receivable(one.order), **paid)

    page = client.get(make_merge_path(kept, other)).content.decode()

    assert "€100 paid" in page
    assert "€120 paid" in page

    answer = client.post(make_merge_path(kept, other), {"reason": "twice"}, follow=True)

    assert "The registrations have been merged" in answer.content.decode()

    balances = [compute_balance(sync_receivable(one.order)) for one in (kept, other)]

    assert [(each.amount_owed, each.amount_paid, each.amount_due) for each in balances] == [
        (10_000, 10_000, 0),
        (12_000, 12_000, 0),
    ]
    kept.refresh_from_db()
    other.refresh_from_db()
    assert kept.state == "confirmed"
    assert other.state == "cancelled"
    assert other.merged_into == kept

    for one, said in ((kept, other.reference), (other, kept.reference)):
        page = client.get(f"/en/organize/{event.slug}/registrations/{one.reference}/").content.decode()
        assert said in page
        assert "€120" in page


def merge_paid_duplicate(*, others: int = 0) -> Registration:
    """Merge a duplicate whose transfer of 120 euros pays no other place of its order; return it."""
    event = make_event()
    kept, other = make_registration(event, price=10_000), make_registration(event, price=12_000)
    order = other.order
    order.payment, order.total = "invoice", 12_000 + others * 10_000
    order.save()
    for _number in range(others):
        Registration.objects.filter(pk=make_registration(event, price=10_000).pk).update(order=order)
    record_payment(receivable=sync_receivable(order), amount=12_000, method="transfer", external_id="x")
    merge_registrations_and_scans(survivor=kept, other=other)
    return other


def refund_duplicate(other: Registration, *, amount: int, run_tasks) -> Order:
    """Refund a part of what was paid; return the order as it is stored then."""
    payment = sync_receivable(other.order).payments.get()
    complete_refund(refund=request_refund(payment=payment, amount=amount, reason="twice"))
    run_tasks()
    return Order.objects.get(pk=other.order_id)


@pytest.mark.parametrize("amount", [12_000, 5_000])
def test_refunded_duplicate_owes_nothing_again(run_tasks, amount):
    other = merge_paid_duplicate()

    order = refund_duplicate(other, amount=amount, run_tasks=run_tasks)

    assert calculate_balance(order).amount == 0
    assert compute_balance(sync_receivable(order)).amount_owed == 12_000 - amount


def test_refund_of_duplicate_leaves_other_places_due(run_tasks):
    other = merge_paid_duplicate(others=1)

    order = refund_duplicate(other, amount=12_000, run_tasks=run_tasks)

    assert calculate_balance(order).amount == 10_000


def test_order_page_tells_that_the_duplicate_was_merged(client):
    other = merge_paid_duplicate()

    page = client.get(f"/en{other.order.manage_path}").content.decode()

    assert "this one was merged with the other" in page
    assert "ancellation fee" not in page


def test_merged_visit_applications_use_one_place_and_reverse_merge_is_refused(client, run_tasks):
    visit = make_visit()
    kept, other = accept_current_text(make_application(visit)), accept_current_text(make_application(visit))

    assert [get_state(one) for one in (kept, other)] == [ApplicationState.COMPLETE] * 2

    page = client.get(make_merge_path(kept.registration, other.registration))

    assert page.status_code == 200
    assert page.context["objection"] == ""

    answer = client.post(make_merge_path(kept.registration, other.registration), {}, follow=True)

    assert "The registrations have been merged" in answer.content.decode()

    run_tasks()

    assert list(Application.objects.confirmed()) == [kept]
    assert [get_state(one) for one in (kept, other)] == [
        ApplicationState.COMPLETE,
        ApplicationState.WITHDRAWN,
    ]
    assert visit.event.tickets.get().reserved == 1
    # The host's list of visitors names the attendee once.
    assert find_list_readiness(visit).all_applications == [kept]

    back = client.post(make_merge_path(other.registration, kept.registration), {}, follow=True)

    assert "Only a confirmed registration can be kept" in back.content.decode()
