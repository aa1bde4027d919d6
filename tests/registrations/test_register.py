"""Registering: what is booked, what is refused, and that no place is ever sold twice."""

import dataclasses
import datetime

import pytest
from django.db.models import F
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from convention.errors import Closed, InvalidFields, SoldOut
from convention.events.models import Event
from registrations.keys import KeyReused
from registrations.models import CompanyShare, IdempotencyKey, Order, Registration, Ticket
from registrations.order_request import Billing, OrderRequest, Place
from registrations.places import release_lapsed
from registrations.register import Means, register
from tests.factories import make_event, make_member, make_ticket
from tests.rush import in_threads
from tests.verified import by_verified

pytestmark = pytest.mark.django_db


def asked(*, ticket: str = "guest", people: int = 1, **fields) -> OrderRequest:
    places = tuple(
        Place(ticket=ticket, first_name="Zoé", last_name=f"Müller {n}", email=f"zoe{n}@example.org")
        for n in range(people)
    )
    return OrderRequest(**{"email": "buyer@example.org", "places": places, **fields})


def test_an_order_keeps_what_was_asked():
    event = make_event()
    make_ticket(event, price=12_000)
    billing = Billing(name="Acme SA", street="1 rue X", postcode="75001", city="Paris", country="FR")
    order = register(
        event=event,
        request=asked(company=" Acme ", billing=billing, purchase_order="PO-7", language="en"),
        means=by_verified(source="api"),
    )
    order.refresh_from_db()
    assert (order.total, order.payment, order.company, order.language) == (12_000, "invoice", "Acme", "en")
    assert (order.billing_name, order.billing_country, order.purchase_order) == ("Acme SA", "FR", "PO-7")
    registration = order.registrations.get()
    assert (registration.name, registration.company, registration.price) == ("Zoé Müller 0", "Acme", 12_000)
    assert (registration.state, registration.person) == ("confirmed", None)
    assert order.source == "api"


def test_several_places_count_together_and_are_stamped_with_one_sequence():
    event = make_event()
    ticket = make_ticket(event, capacity=5)
    order = register(event=event, request=asked(people=3))
    ticket.refresh_from_db()
    event.refresh_from_db()
    assert ticket.taken == 3
    assert set(order.registrations.values_list("sequence", flat=True)) == {event.sequence} == {1}


def test_the_mail_is_queued_with_an_id_only():
    event = make_event()
    make_ticket(event)
    order = register(event=event, request=asked())
    assert [task.args_kwargs for task in DBTaskResult.objects.all()] == [{"args": [order.pk], "kwargs": {}}]


def test_text_is_tidied():
    make_ticket(event := make_event())
    place = Place(
        ticket="guest", first_name=" Zoe\u0301\x00\n", last_name="\u202eM  ü", email=" z@example.org "
    )
    order = register(event=event, request=OrderRequest(email="b@example.org", places=(place,)))
    registration = order.registrations.get()
    assert (registration.first_name, registration.last_name) == ("Zoé", "M ü")
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
        ({"billing": Billing(country="France")}, "billing.country"),
    ],
)
def test_what_is_wrong_with_an_order_is_said_by_field(change: dict, field: str):
    event = make_event()
    make_ticket(event, price=100)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=dataclasses.replace(asked(), **change))
    assert list(refusal.value.fields) == [field]


def test_cards_are_refused_where_they_are_not_taken(settings):
    settings.CARD_PAYMENT = False
    event = make_event()
    make_ticket(event, price=100)
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=dataclasses.replace(asked(), payment="card"))
    assert list(refusal.value.fields) == ["payment"]
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
def test_what_is_wrong_with_a_place_is_said_by_number_and_field(change: dict, field: str):
    make_ticket(event := make_event())
    good = asked(people=2)
    places = (good.places[0], dataclasses.replace(good.places[1], **change))
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=dataclasses.replace(good, places=places))
    assert list(refusal.value.fields) == [f"registrations.1.{field}"]


def test_names_of_300_characters_are_kept_whole():
    make_ticket(event := make_event())
    place = Place(ticket="guest", first_name="é" * 300, last_name="李" * 300)
    order = register(event=event, request=OrderRequest(email="b@example.org", places=(place,)))
    assert order.registrations.get().name == f"{'é' * 300} {'李' * 300}"


def test_fifty_one_people_are_too_many():
    make_ticket(event := make_event())
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=asked(people=51))
    assert list(refusal.value.fields) == ["registrations"]


def test_a_hidden_or_closed_ticket_is_not_for_all():
    now = timezone.now()
    event = make_event()
    make_ticket(event, slug="staff", is_public=False)
    make_ticket(event, slug="early", closes_at=now - datetime.timedelta(hours=1))
    make_ticket(event, slug="late", opens_at=now + datetime.timedelta(hours=1))
    for slug in ("staff", "early", "late"):
        with pytest.raises(InvalidFields) as refusal:
            register(event=event, request=asked(ticket=slug))
        assert list(refusal.value.fields) == ["registrations.0.ticket"]


@pytest.mark.parametrize(
    "fields",
    [
        {"registration_opens_at": timezone.now() + datetime.timedelta(days=1)},
        {"registration_closes_at": timezone.now() - datetime.timedelta(days=1)},
        {"visibility": Event.Visibility.DRAFT},
    ],
)
def test_a_closed_event_takes_nobody(fields: dict):
    make_ticket(event := make_event(**fields))
    with pytest.raises(Closed):
        register(event=event, request=asked())


def test_a_full_ticket_says_how_many_are_left_and_keeps_nothing():
    event = make_event()
    make_ticket(event, capacity=2)
    register(event=event, request=asked())
    with pytest.raises(SoldOut, match="Il ne reste que 1 place"):
        register(event=event, request=asked(people=2))
    register(event=event, request=asked())
    with pytest.raises(SoldOut, match="Il ne reste plus de place"):
        register(event=event, request=asked())
    assert Order.objects.count() == 2


def test_all_or_nothing_over_two_tickets():
    event = make_event()
    make_ticket(event, slug="guest", capacity=10)
    make_ticket(event, slug="vendor", capacity=1, taken=1)
    places = (*asked().places, *asked(ticket="vendor").places)
    with pytest.raises(SoldOut):
        register(event=event, request=OrderRequest(email="b@example.org", places=places))
    assert event.tickets.get(slug="guest").taken == 0


def test_the_same_key_and_content_is_the_same_order():
    event = make_event()
    make_ticket(event, capacity=1)
    first = register(event=event, request=asked(), means=Means(key="k"))
    assert register(event=event, request=asked(), means=Means(key="k")) == first
    with pytest.raises(KeyReused):
        register(event=event, request=asked(email="other@example.org"), means=Means(key="k"))
    assert (Order.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_a_members_place_is_held_until_proven():
    event = make_event()
    make_ticket(event, slug="member", audience="member", capacity=1)
    registration = register(event=event, request=asked(ticket="member")).registrations.get()
    assert (registration.state, registration.person, registration.member_of) == ("pending", None, None)
    with pytest.raises(SoldOut):
        register(event=event, request=asked(ticket="member"))
    Registration.objects.update(held_until=timezone.now() - datetime.timedelta(seconds=1))
    second = register(event=event, request=asked(ticket="member")).registrations.get()
    assert second.state == "pending"
    registration.refresh_from_db()
    assert (registration.state, event.tickets.get().taken) == ("expired", 1)


def test_lapsed_places_are_given_back_once():
    event = make_event()
    ticket = make_ticket(event, slug="member", audience="member", capacity=9)
    register(event=event, request=asked(ticket="member", people=3))
    later = timezone.now() + datetime.timedelta(minutes=31)
    assert [release_lapsed([ticket.pk], at=later) for _again in range(2)] == [3, 0]
    assert event.tickets.get().taken == 0


def test_a_members_place_needs_an_address():
    make_ticket(event := make_event(), slug="member", audience="member")
    place = Place(ticket="member", first_name="A", last_name="B")
    with pytest.raises(InvalidFields) as refusal:
        register(event=event, request=OrderRequest(email="b@example.org", places=(place,)))
    assert list(refusal.value.fields) == ["registrations.0.email"]


def test_guests_at_a_members_event_prove_themselves_too():
    make_ticket(event := make_event(visibility=Event.Visibility.MEMBERS))
    assert register(event=event, request=asked()).registrations.get().state == "pending"


def test_a_signed_in_member_needs_no_link_and_counts_for_the_company():
    event = make_event(kind=Event.Kind.SITE_VISIT)
    make_ticket(event, slug="member", audience="member", company_cap=1)
    member = make_member(email="zoe0@example.org")
    order = register(event=event, request=asked(ticket="member"), means=Means(person=member))
    registration = order.registrations.get()
    assert (registration.state, registration.person) == ("confirmed", member)
    assert CompanyShare.objects.get().taken == 1
    colleague = make_member(registration.member_of, email="zoe0@example.com")
    place = dataclasses.replace(asked(ticket="member").places[0], email="zoe0@example.com")
    with pytest.raises(SoldOut, match="a déjà toutes les places"):
        register(
            event=event,
            request=OrderRequest(email="b@example.org", places=(place,)),
            means=Means(person=colleague),
        )


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_for_the_last_place():
    event = make_event()
    ticket = make_ticket(event, capacity=1)
    results = in_threads([lambda: register(event=event, request=asked()) for _one in range(50)], threads=16)
    assert sorted(type(result).__name__ for result in results) == ["Order"] + ["SoldOut"] * 49
    ticket.refresh_from_db()
    assert (ticket.taken, Registration.objects.count(), Order.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_once_books_once():
    event = make_event()
    make_ticket(event)
    work = [lambda: register(event=event, request=asked(), means=Means(key="twice")) for _one in range(12)]
    assert len({order.pk for order in in_threads(work, threads=12)}) == 1
    assert Registration.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_harness_sees_an_oversale():
    """The negative control: look first, then write, sells places twice in the same harness."""
    ticket = make_ticket(make_event(), capacity=None)
    limit = 5

    def unguarded() -> bool:
        if Ticket.objects.get(pk=ticket.pk).taken >= limit:
            return False
        return bool(Ticket.objects.filter(pk=ticket.pk).update(taken=F("taken") + 1))

    for _attempt in range(20):
        Ticket.objects.filter(pk=ticket.pk).update(taken=0)
        in_threads([unguarded] * 64, threads=16)
        ticket.refresh_from_db()
        if ticket.taken > limit:
            return
    pytest.fail("no oversale in 20 rushes: the harness would not notice one")
