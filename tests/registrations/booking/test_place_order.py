"""Placing orders: stored values, refused requests, and no place sold twice."""

import dataclasses
import datetime

import pytest
from django.db.models import F
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from convention.errors import InvalidFields, NotOpenNow, SoldOut
from convention.events.models import Event
from registrations.booking.idempotency import KeyReused
from registrations.booking.place_order import place_order
from registrations.inventory.stock import release_ticket_holds
from registrations.models import CompanyShare, IdempotencyKey, Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from tests.buyer_verification import make_verified_context
from tests.factories import make_event, make_member, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


def make_request(*, ticket: str = "guest", people: int = 1, **fields) -> OrderRequest:
    places = tuple(
        RequestedPlace(ticket=ticket, first_name="Zoé", last_name=f"Müller {n}", email=f"zoe{n}@example.org")
        for n in range(people)
    )
    return OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})


def test_order_stores_requested_values():
    event = make_event()
    make_ticket(event, price=12_000)
    billing = BillingDetails(name="Acme SA", street="1 rue X", postcode="75001", city="Paris", country="FR")

    order = place_order(
        event=event,
        request=make_request(company=" Acme ", billing=billing, purchase_order="PO-7", language="en"),
        context=make_verified_context(source="api"),
    )

    order.refresh_from_db()
    assert order.total == 12_000
    assert order.payment == "invoice"
    assert order.company == "Acme"
    assert order.language == "en"
    assert order.billing_name == "Acme SA"
    assert order.billing_country == "FR"
    assert order.purchase_order == "PO-7"

    registration = order.registrations.get()

    assert registration.name == "Zoé Müller 0"
    assert registration.company == "Acme"
    assert registration.price == 12_000
    assert registration.state == "confirmed"
    assert registration.person is None
    assert order.source == "api"


def test_places_of_one_order_are_reserved_together_with_one_sequence():
    event = make_event()
    ticket = make_ticket(event, capacity=5)

    order = place_order(event=event, request=make_request(people=3))

    ticket.refresh_from_db()
    event.refresh_from_db()
    assert ticket.reserved == 3
    assert set(order.registrations.values_list("sequence", flat=True)) == {event.sequence} == {1}


def test_mail_task_is_queued_with_order_id_only():
    event = make_event()
    make_ticket(event)

    order = place_order(event=event, request=make_request())

    assert [task.args_kwargs for task in DBTaskResult.objects.all()] == [{"args": [order.pk], "kwargs": {}}]


def test_text_fields_are_normalized():
    make_ticket(event := make_event())
    place = RequestedPlace(
        ticket="guest", first_name=" Zoe\u0301\x00\n", last_name="\u202eM  ü", email=" z@example.org "
    )
    order = place_order(event=event, request=OrderRequest(email="b@example.org", places=(place,)))

    registration = order.registrations.get()

    assert registration.first_name == "Zoé"
    assert registration.last_name == "M ü"
    assert registration.email == "z@example.org"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.fr\nBcc: x@y.fr"}, "email"),
        ({"language": "de"}, "language"),
        ({"payment": "cash"}, "payment"),
        ({"payment": "free"}, "payment"),
        ({"places": ()}, "registrations"),
        ({"currency": "USD"}, "currency"),
        ({"company": "x" * 201}, "company"),
        ({"purchase_order": "x" * 61}, "purchase_order"),
        ({"billing": BillingDetails(country="France")}, "billing.country"),
    ],
)
def test_invalid_order_reports_error_by_field(change: dict, field: str):
    event = make_event()
    make_ticket(event, price=100)

    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=dataclasses.replace(make_request(), **change))
    assert list(refusal.value.field_errors) == [field]


def test_card_payment_is_refused_when_disabled(settings):
    settings.CARD_PAYMENT = False
    event = make_event()

    make_ticket(event, price=100)

    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=dataclasses.replace(make_request(), payment="card"))
    assert list(refusal.value.field_errors) == ["payment"]
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ticket": "unheard-of"}, "ticket"),
        ({"first_name": ""}, "first_name"),
        ({"last_name": " "}, "last_name"),
        ({"first_name": "x" * 301}, "first_name"),
        ({"email": "zoe@"}, "email"),
        ({"company": "x" * 301}, "company"),
    ],
)
def test_invalid_place_reports_error_by_index_and_field(change: dict, field: str):
    make_ticket(event := make_event())
    good = make_request(people=2)

    places = (good.places[0], dataclasses.replace(good.places[1], **change))

    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=dataclasses.replace(good, places=places))
    assert list(refusal.value.field_errors) == [f"registrations.1.{field}"]


def test_names_of_300_characters_are_stored_in_full():
    make_ticket(event := make_event())
    place = RequestedPlace(ticket="guest", first_name="é" * 300, last_name="李" * 300)

    order = place_order(event=event, request=OrderRequest(email="b@example.org", places=(place,)))

    assert order.registrations.get().name == f"{'é' * 300} {'李' * 300}"


def test_order_of_more_than_fifty_places_is_refused():
    make_ticket(event := make_event())

    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=make_request(people=51))
    assert list(refusal.value.field_errors) == ["registrations"]


def test_hidden_or_closed_ticket_cannot_be_ordered():
    now = timezone.now()
    event = make_event()
    make_ticket(event, slug="staff", is_public=False)
    make_ticket(event, slug="early", closes_at=now - datetime.timedelta(hours=1))
    make_ticket(event, slug="late", opens_at=now + datetime.timedelta(hours=1))
    for slug in ("staff", "early", "late"):
        with pytest.raises(InvalidFields) as refusal:
            place_order(event=event, request=make_request(ticket=slug))
        assert list(refusal.value.field_errors) == ["registrations.0.ticket"]


@pytest.mark.parametrize(
    "fields",
    [
        {"registration_opens_at": timezone.now() + datetime.timedelta(days=1)},
        {"registration_closes_at": timezone.now() - datetime.timedelta(days=1)},
        {"visibility": Event.Visibility.DRAFT},
    ],
)
def test_order_for_closed_event_is_refused(fields: dict):
    make_ticket(event := make_event(**fields))
    with pytest.raises(NotOpenNow):
        place_order(event=event, request=make_request())


def test_sold_out_error_states_places_left_and_stores_nothing():
    event = make_event()
    make_ticket(event, capacity=2)

    place_order(event=event, request=make_request())

    with pytest.raises(SoldOut, match="Il ne reste que 1 place"):
        place_order(event=event, request=make_request(people=2))

    place_order(event=event, request=make_request())

    with pytest.raises(SoldOut, match="Il ne reste plus de place"):
        place_order(event=event, request=make_request())
    assert Order.objects.count() == 2


def test_order_for_two_tickets_is_all_or_nothing():
    event = make_event()
    make_ticket(event, slug="guest", capacity=10)
    make_ticket(event, slug="vendor", capacity=1, reserved=1)

    places = (*make_request().places, *make_request(ticket="vendor").places)

    with pytest.raises(SoldOut):
        place_order(event=event, request=OrderRequest(email="b@example.org", places=places))
    assert event.tickets.get(slug="guest").reserved == 0


def test_same_idempotency_key_and_content_returns_same_order():
    event = make_event()
    make_ticket(event, capacity=1)

    first = place_order(event=event, request=make_request(), context=OrderContext(idempotency_key="k"))

    assert (
        place_order(event=event, request=make_request(), context=OrderContext(idempotency_key="k")) == first
    )
    with pytest.raises(KeyReused):
        place_order(
            event=event,
            request=make_request(email="other@example.org"),
            context=OrderContext(idempotency_key="k"),
        )
    assert Order.objects.count() == 1
    assert IdempotencyKey.objects.count() == 1


def test_member_place_is_held_until_verified():
    event = make_event()
    make_ticket(event, slug="member", audience="member", capacity=1)

    registration = place_order(event=event, request=make_request(ticket="member")).registrations.get()

    assert registration.state == "pending"
    assert registration.person is None
    assert registration.member_of is None
    with pytest.raises(SoldOut):
        place_order(event=event, request=make_request(ticket="member"))

    Registration.objects.update(hold_expires_at=timezone.now() - datetime.timedelta(seconds=1))
    second = place_order(event=event, request=make_request(ticket="member")).registrations.get()

    assert second.state == "pending"
    registration.refresh_from_db()
    assert registration.state == "expired"
    assert event.tickets.get().reserved == 1


def test_hold_that_expired_after_the_applied_rules_is_released():
    event = make_event()
    make_ticket(event, slug="member", audience="member", capacity=1)
    place_order(event=event, request=make_request(ticket="member"))
    now = timezone.now()
    Registration.objects.update(hold_expires_at=now - datetime.timedelta(minutes=1))
    context = OrderContext(rules_at=now - datetime.timedelta(hours=1))

    order = place_order(event=event, request=make_request(ticket="member"), context=context)

    assert order.registrations.get().state == "pending"


def test_expired_holds_are_released_once():
    event = make_event()
    ticket = make_ticket(event, slug="member", audience="member", capacity=9)
    place_order(event=event, request=make_request(ticket="member", people=3))

    later = timezone.now() + datetime.timedelta(minutes=31)

    assert [release_ticket_holds([ticket.pk], at=later) for _again in range(2)] == [3, 0]
    assert event.tickets.get().reserved == 0


def test_member_place_requires_email():
    make_ticket(event := make_event(), slug="member", audience="member")
    place = RequestedPlace(ticket="member", first_name="A", last_name="B")

    with pytest.raises(InvalidFields) as refusal:
        place_order(event=event, request=OrderRequest(email="b@example.org", places=(place,)))
    assert list(refusal.value.field_errors) == ["registrations.0.email"]


def test_guest_at_members_only_event_needs_verification():
    make_ticket(event := make_event(visibility=Event.Visibility.MEMBERS))
    assert place_order(event=event, request=make_request()).registrations.get().state == "pending"


def test_signed_in_member_is_confirmed_and_counts_towards_company_cap():
    event = make_event(kind=Event.Kind.SITE_VISIT)
    make_ticket(event, slug="member", audience="member", company_cap=1)
    member = make_member(email="zoe0@example.org")
    order = place_order(
        event=event, request=make_request(ticket="member"), context=OrderContext(person=member)
    )

    registration = order.registrations.get()

    assert registration.state == "confirmed"
    assert registration.person == member
    assert CompanyShare.objects.get().reserved == 1

    colleague = make_member(registration.member_of, email="zoe0@example.com")
    place = dataclasses.replace(make_request(ticket="member").places[0], email="zoe0@example.com")

    with pytest.raises(SoldOut, match="dépasserait le maximum de 1 place par entreprise"):
        place_order(
            event=event,
            request=OrderRequest(email="b@example.org", places=(place,)),
            context=OrderContext(person=colleague),
        )


@pytest.mark.django_db(transaction=True)
def test_fifty_concurrent_orders_sell_last_place_once():
    event = make_event()
    ticket = make_ticket(event, capacity=1)

    results = run_in_threads(
        [lambda: place_order(event=event, request=make_request()) for _one in range(50)], threads=16
    )

    assert sorted(type(result).__name__ for result in results) == ["Order"] + ["SoldOut"] * 49
    ticket.refresh_from_db()
    assert ticket.reserved == 1
    assert Registration.objects.count() == 1
    assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_orders_with_same_key_book_once():
    event = make_event()
    make_ticket(event)

    work = [
        lambda: place_order(
            event=event, request=make_request(), context=OrderContext(idempotency_key="twice")
        )
        for _one in range(12)
    ]

    assert len({order.pk for order in run_in_threads(work, threads=12)}) == 1
    assert Registration.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_threads_reveal_oversale_without_lock():
    """Negative control: checking first and writing without a lock must sell places twice."""
    ticket = make_ticket(make_event(), capacity=None)
    limit = 5

    def unguarded() -> bool:
        if Ticket.objects.get(pk=ticket.pk).reserved >= limit:
            return False
        return bool(Ticket.objects.filter(pk=ticket.pk).update(reserved=F("reserved") + 1))

    for _attempt in range(20):
        Ticket.objects.filter(pk=ticket.pk).update(reserved=0)
        run_in_threads([unguarded] * 64, threads=16)
        ticket.refresh_from_db()
        if ticket.reserved > limit:
            return
    pytest.fail("no oversale in 20 rushes: the harness would not notice one")
