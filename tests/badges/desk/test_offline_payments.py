"""Test that payments taken at a desk without network are recorded once, or become entries to resolve."""

import datetime

import pytest
from django.utils import timezone

from badges.desk.payments import take_payment
from registrations.invoices.models import Payment
from registrations.models import Order
from tests.badges.desk.test_offline import OfflineDesk, make_entry
from tests.factories import make_event, make_order, make_person, make_registration, make_staff, make_ticket
from tests.site_objects import make_delegated_role, make_delegation

pytestmark = [pytest.mark.django_db, pytest.mark.once]

IN_CASH = {"method": "cash", "note": "Caisse 2"}


@pytest.fixture
def zoe():
    """Return a guest whose order by card is unpaid, so that the place is held."""
    now = timezone.now()
    event = make_event(
        slug="x", starts_at=now - datetime.timedelta(hours=1), ends_at=now + datetime.timedelta(hours=9)
    )
    order = make_order(event, payment="card", total=12_000, company="Énergie")
    return make_registration(
        make_ticket(event, price=12_000), order=order, price=12_000, vat_rate=2000, confirmed_at=None,
        hold_expires_at=now + datetime.timedelta(hours=1), is_reserved=True,
    )  # fmt: skip


@pytest.fixture
def desk(client, zoe):
    client.force_login(make_staff(zoe.event, "desk"))
    return OfflineDesk(client, zoe.event, language="en")


def test_pending_guest_has_an_amount_and_a_badge_for_when_it_is_paid(desk):
    [guest] = desk.sync()["data"]["guests"]

    assert guest["payment"] == "to_pay"
    assert guest["amount_due_cents"] == 12_000
    assert guest["code"]["short_code"]


def test_payment_taken_offline_is_recorded_once_and_confirms_the_order(desk, zoe):
    payment = make_entry("payment", zoe.reference, amount=12_000, **IN_CASH)
    printed = make_entry("print", zoe.reference, reason="", badge_version=1)

    results = desk.sync(payment, printed)["results"]
    repeated = desk.sync(payment, printed)["results"]

    assert [(result["state"], result["sentence"]) for result in results] == [("done", "")] * 2
    assert repeated == results
    [recorded] = Payment.objects.all()
    assert recorded.amount == 12_000
    assert recorded.method == "cash"
    assert recorded.note == "Caisse 2"
    zoe.refresh_from_db()
    assert zoe.state == "confirmed"


def test_payment_counts_on_the_day_on_which_it_was_taken(desk, zoe):
    payment = make_entry("payment", zoe.reference, amount=5_000, **IN_CASH)
    taken_at = timezone.now() - datetime.timedelta(days=2)

    desk.sync({**payment, "at": taken_at.isoformat()})

    assert Payment.objects.get().received_on == taken_at.astimezone(zoe.event.zone).date()


@pytest.mark.parametrize(
    ("earlier", "advice"),
    [(12_000, "Nothing is due for this order, so the payment of €120"), (5_000, "Only €70 is due")],
)
def test_payment_for_what_was_paid_in_the_meantime_is_a_conflict(desk, zoe, earlier, advice):
    take_payment(guest=zoe, amount=earlier, method="terminal", external_id="other desk")

    [result] = desk.sync(make_entry("payment", zoe.reference, amount=12_000, **IN_CASH))["results"]

    assert result["state"] == "conflict"
    assert result["sentence"].startswith(advice)
    assert Payment.objects.get().amount == earlier


def test_walk_in_pays_before_the_desk_is_online_again(desk, zoe):
    spare = desk.sync()["data"]["spares"][0]["reference"]
    names = {"first_name": "Léo", "last_name": "Bêta", "company": "", "email": ""}
    walk_in = make_entry("walk_in", spare, **names, ticket=zoe.ticket.slug)

    results = desk.sync(walk_in, make_entry("payment", spare, amount=12_000, **IN_CASH))["results"]

    assert [(result["state"], result["sentence"]) for result in results] == [("done", "")] * 2
    assert Payment.objects.get().amount == 12_000


def test_order_is_invoiced_instead_of_paid(desk, zoe):
    [result] = desk.sync(make_entry("invoice", zoe.reference))["results"]

    assert result["state"] == "done"
    assert Order.objects.get().payment == "invoice"
    zoe.refresh_from_db()
    assert zoe.state == "confirmed"


def test_invoice_for_an_order_that_was_paid_in_the_meantime_is_a_conflict(desk, zoe):
    take_payment(guest=zoe, amount=12_000, method="terminal", external_id="other desk")

    [result] = desk.sync(make_entry("invoice", zoe.reference))["results"]

    assert result["state"] == "conflict"
    assert "already paid" in result["sentence"]
    assert Order.objects.get().payment == "card"


def test_staff_of_an_outside_firm_records_no_payment(desk, zoe, client):
    person = make_person()
    make_delegated_role(make_delegation(zoe.event), person, "desk")
    client.force_login(person)

    results = desk.sync(
        make_entry("payment", zoe.reference, amount=12_000, **IN_CASH), make_entry("invoice", zoe.reference)
    )["results"]

    assert [result["state"] for result in results] == ["refused", "refused"]
    assert not Payment.objects.exists()


@pytest.mark.parametrize("values", [{"amount": 0}, {"amount": 1.5}, {"method": "card"}, {"note": "x" * 201}])
def test_payment_that_no_desk_takes_is_an_invalid_request(desk, zoe, values):
    entry = make_entry("payment", zoe.reference, **{"amount": 100, **IN_CASH, **values})

    answer = desk.sync(entry)

    assert answer["type"].endswith("invalid-desk-request")
