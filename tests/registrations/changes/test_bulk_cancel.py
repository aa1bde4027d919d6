"""Bulk cancellation: filters, excluded orders, effects on stock and invoices, and e-mails."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.booking.join_waiting_list import WaitingRequest, join_ticket_list
from registrations.booking.place_order import place_order
from registrations.changes.bulk_cancel import (
    MAX_BULK_ORDERS,
    OrderFilter,
    cancel_orders,
    cancel_orders_and_notify,
    preview_bulk_cancellation,
)
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.models.documents import Invoice, Receivable
from registrations.models import Addon, Order, Registration, Ticket, Voucher
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from tests.buyer_verification import open_link
from tests.factories import (
    make_account,
    make_addon,
    make_event,
    make_person,
    make_staff,
    make_ticket,
    make_voucher,
)
from tests.registrations.invoices.factories import make_issuer
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
OFFICE, ELSEWHERE = "203.0.113.0/24", "198.51.100.0/24"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    event = make_event(slug="congress")
    make_ticket(event, price=12_000, capacity=10)
    return event


def submit_order(event: Event, email: str = "a@spam.example", *, people: int = 2, **means) -> Order:
    code, addons = means.pop("code", ""), means.pop("addons", ())
    places = tuple(
        RequestedPlace(ticket="guest", first_name="A", last_name=f"B{n}", email=email, addons=addons)
        for n in range(people)
    )
    request = OrderRequest(email=email, places=places, code=code)
    return place_order(event=event, request=request, context=OrderContext(**means))


def references(*orders: Order) -> list[str]:
    return [order.reference for order in orders]


def states(order: Order) -> set[str]:
    return {registration.state for registration in order.registrations.all()}


def found(event: Event, **fields) -> set[str]:
    return {
        preview.order.reference
        for preview in preview_bulk_cancellation(event, OrderFilter(**fields)).order_previews
    }


# --- filters --------------------------------------------------------------------------------------------


def test_orders_are_found_by_state_network_address_and_time(event: Event):
    held, elsewhere = (
        submit_order(event, network=OFFICE),
        submit_order(event, "b@good.example", network=ELSEWHERE),
    )
    confirmed = open_link(submit_order(event, "c@spam.example", network=OFFICE))
    Order.objects.filter(pk=elsewhere.pk).update(created_at=timezone.now() - 2 * HOUR)

    now = timezone.now()

    assert found(event) == set(references(held, elsewhere))
    assert found(event, only_held=False) == set(references(held, elsewhere, confirmed))
    assert found(event, network=OFFICE) == set(references(held))
    assert found(event, network=OFFICE, only_held=False) == set(references(held, confirmed))
    assert found(event, buyer_email="*@SPAM.example", only_held=False) == set(references(held, confirmed))
    assert found(event, buyer_email="a@spam*") == set(references(held))
    assert found(event, buyer_email="spam.example") == set()
    assert found(event, buyer_email=".@spam.example") == set()
    assert found(event, ordered_from=now - HOUR) == set(references(held))
    assert found(event, ordered_to=now - HOUR) == set(references(elsewhere))


def test_order_awaiting_card_payment_counts_as_held(event: Event):
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B", email="a@spam.example")
    order = place_order(event=event, request=OrderRequest(email=place.email, places=(place,), payment="card"))

    assert found(event) == set(references(order))

    cancel_orders(event=event, references=references(order), reason="x")

    assert states(order) == {"cancelled"}


def test_orders_of_other_events_and_expired_orders_are_not_found(event: Event):
    other = make_event()
    make_ticket(other, price=12_000)
    submit_order(other)
    lapsed = submit_order(event)

    lapsed.registrations.update(hold_expires_at=timezone.now() - HOUR)

    assert found(event) == set()


def test_orders_by_desk_and_company_contacts_are_not_found(event: Event):
    submit_order(event, source="desk")
    submit_order(event, source="company", person=make_account())

    assert found(event, only_held=False) == set()


def test_preview_query_count_does_not_grow_with_orders(event: Event, django_assert_max_num_queries):
    for number in range(4):
        submit_order(event, f"a{number}@spam.example")
    with django_assert_max_num_queries(8):
        preview = preview_bulk_cancellation(event, OrderFilter())
        assert [one.ticket_counts for one in preview.order_previews] == [[("Guest", 2)]] * 4
        assert preview.freed_place_count == 8
        assert preview.match_count == 4


# --- cancellation ---------------------------------------------------------------------------------------


def test_cancelled_held_order_releases_ticket_addon_and_voucher(event: Event):
    dinner, voucher = make_addon(event, capacity=9), make_voucher(event, capacity=9)
    order = submit_order(event, code="HALF", addons=("dinner",))

    cancelled = cancel_orders(event=event, references=references(order), reason="Attaque")

    assert cancelled == [order]
    assert states(order) == {"cancelled"}
    counters = [
        model.objects.get(pk=pk).reserved for model, pk in ((Addon, dinner.pk), (Voucher, voucher.pk))
    ]
    assert Ticket.objects.get().reserved == 0
    assert counters == [0, 0]


def test_released_place_is_offered_to_waiting_list(event: Event):
    order = submit_order(event, people=10)
    entry = join_ticket_list(
        ticket=Ticket.objects.get(),
        request=WaitingRequest(first_name="Ana", last_name="S", email="ana@example.org"),
    )

    cancel_orders(event=event, references=references(order), reason="Attaque")

    entry.refresh_from_db()
    assert entry.has_offer()


def test_confirmed_orders_are_credited_and_owe_nothing(event: Event):
    make_issuer()
    order = open_link(submit_order(event))
    issue_invoice(receivable=sync_receivable(order))

    cancel_orders(event=event, references=references(order), reason="Attaque")

    assert states(order) == {"cancelled"}
    assert compute_balance(Receivable.objects.get()).amount_owed == 0
    assert sorted(Invoice.objects.values_list("kind", flat=True)) == ["credit_note", "invoice"]
    assert Ticket.objects.get().reserved == 0


def test_paid_or_checked_in_orders_are_excluded_with_reason(event: Event):
    paid, came = open_link(submit_order(event)), open_link(submit_order(event, "b@spam.example"))
    record_payment(receivable=sync_receivable(paid), amount=24_000, method="transfer")

    door = Checkpoint.objects.create(event=event, name="Entrée", kind="entrance")

    check_in_registration(registration=came.registrations.first(), checkpoint=door, operator=None)

    preview = preview_bulk_cancellation(event, OrderFilter(only_held=False))
    objections = {entry.order.reference: entry.objection for entry in preview.order_previews}

    assert objections == {paid.reference: "commande payée", came.reference: "une personne est déjà arrivée"}
    assert cancel_orders(event=event, references=references(paid, came), reason="x") == []
    assert states(paid) == states(came) == {"confirmed"}


def test_each_cancelled_order_is_in_audit_trail_with_reason(event: Event):
    orders = [submit_order(event), open_link(submit_order(event, "b@spam.example"))]
    cancel_orders(event=event, references=references(*orders), reason="Attaque")

    entries = AuditEntry.objects.filter(verb__in=["order.cancel", "order.bulk_cancel"])
    assert sorted(entries.values_list("verb", "reason")) == [
        ("order.bulk_cancel", "Attaque"), ("order.cancel", "Attaque"), ("order.cancel", "Attaque"),
    ]  # fmt: skip


def test_nothing_is_cancelled_without_reason_or_after_event(event: Event):
    order = submit_order(event)

    with pytest.raises(InvalidFields):
        cancel_orders(event=event, references=references(order), reason="")

    event.ends_at = timezone.now()

    with pytest.raises(NotOpenNow):
        cancel_orders(event=event, references=references(order), reason="x")
    assert states(order) == {"pending"}


def test_orders_of_another_event_are_not_cancelled(event: Event):
    other = make_event()
    make_ticket(other, price=12_000)

    order = submit_order(other)

    assert cancel_orders(event=event, references=references(order), reason="x") == []
    assert states(order) == {"pending"}


def test_buyers_get_mail_only_on_request(event: Event, run_tasks, mailoutbox):
    silent, told = submit_order(event), submit_order(event, "b@good.example")
    confirmed, also = (
        open_link(submit_order(event, "c@spam.example")),
        open_link(submit_order(event, "d@good.example")),
    )
    run_tasks()
    mailoutbox.clear()
    cancel_orders(event=event, references=references(silent, confirmed), reason="x")
    cancel_orders_and_notify(event=event, references=references(told, also), reason="x")

    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == ["b@good.example", "d@good.example"]
    assert all(mail.subject.startswith("Annulation") for mail in mailoutbox)


@pytest.mark.django_db(transaction=True)
def test_order_verified_concurrently_is_cancelled_or_left_as_a_whole(event: Event):
    for _round in range(5):
        order = submit_order(event)
        run_in_threads(
            [
                lambda order=order: open_link(order),
                lambda order=order: cancel_orders(event=event, references=references(order), reason="x"),
            ],
            threads=2,
        )
        assert len(states(order)) == 1
        assert Ticket.objects.get().reserved == sum(
            registration.occupies_place for registration in Registration.objects.all()
        )
        cancel_orders(event=event, references=references(order), reason="x")


# --- the page -------------------------------------------------------------------------------------------

PAGE = "/en/organize/congress/registrations/cancel/"


def strip_tags(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def organizer(event: Event, client: Client) -> Client:
    client.force_login(make_staff(event))
    return client


def test_page_previews_orders_and_cancels_selected_ones(event: Event, organizer: Client):
    one, other = submit_order(event, network=OFFICE), submit_order(event, "b@spam.example", network=OFFICE)
    page = organizer.get(PAGE).content.decode()

    assert "2 orders can be cancelled. Places freed: 4." in strip_tags(page)
    assert page.count('name="order"') == 2

    answer = organizer.post(PAGE, {"order": one.reference, "reason": "Attack"}, follow=True)

    assert "1 order has been cancelled." in strip_tags(answer.content.decode())
    assert states(one) == {"cancelled"}
    assert states(other) == {"pending"}


def test_page_filters_by_query_parameters(event: Event, organizer: Client):
    submit_order(event, network=OFFICE)
    submit_order(event, "b@good.example", network=ELSEWHERE)

    page = organizer.get(PAGE, {"state": "held", "network": "203.0.113.99"}).content.decode()

    assert "a@spam.example" in page
    assert "b@good.example" not in page

    wrong = organizer.get(PAGE, {"state": "held", "network": "x"}).content.decode()

    assert "Enter an IP address or a network" in wrong


def test_time_filter_uses_time_zone_of_event(event: Event, organizer: Client):
    Event.objects.update(timezone="Asia/Tokyo")
    submit_order(event)
    Order.objects.update(created_at=datetime.datetime(2026, 11, 1, 3, 0, 30, tzinfo=datetime.UTC))

    asked = {"state": "all", "since": "2026-11-01T12:00", "until": "2026-11-01T12:00"}

    assert "a@spam.example" in organizer.get(PAGE, asked).content.decode()
    asked["since"] = "2026-11-01T12:01"
    assert "a@spam.example" not in organizer.get(PAGE, asked).content.decode()


def test_page_requires_reason_and_at_least_one_order(event: Event, organizer: Client):
    order = submit_order(event)

    assert "Enter a reason." in organizer.post(PAGE, {"order": order.reference}).content.decode()
    assert "Select at least one order." in organizer.post(PAGE, {"reason": "x"}).content.decode()
    assert states(order) == {"pending"}


def test_page_refuses_more_orders_than_it_shows(event: Event, organizer: Client):
    order = submit_order(event)
    named = [f"X{number}" for number in range(MAX_BULK_ORDERS)] + [order.reference]

    organizer.post(PAGE, {"order": named, "reason": "x"})

    assert states(order) == {"pending"}


def test_page_is_forbidden_without_event_role(event: Event, client: Client):
    client.force_login(make_person())

    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"order": "X", "reason": "x"}).status_code == 403
