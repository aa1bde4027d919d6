"""A member gets one place at an event, also when signed in and in several windows at once."""

import datetime
import threading

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from convention.club.models import Person
from registrations.billing.receivables import calculate_balance, sync_existing_receivable
from registrations.booking import order_limits as writing
from registrations.booking.confirm import confirm_paid_items
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.place_order import place_order
from registrations.booking.verification import make_verification_token
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.payments.cards.settlement import confirm_paid_order, record_order_payment
from registrations.payments.payment_problems import list_unplaced_orders
from tests.factories import make_event, make_member, make_ticket, verify_address
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db(transaction=True)
THREAD_COUNT = 4


@pytest.fixture
def ticket() -> Ticket:
    return make_ticket(make_event(slug="congress"), slug="member", audience="member")


def order_place(ticket: Ticket, member: Person, slug: str = "member") -> Order:
    place = RequestedPlace(ticket=slug, first_name="A", last_name="B", email=str(member.email))
    request = OrderRequest(email=str(member.email), places=(place,))
    return place_order(event=ticket.event, request=request, context=OrderContext(person=member))


def test_signed_in_member_gets_one_member_place_but_any_number_of_guest_tickets(ticket):
    make_ticket(ticket.event)
    member = make_member()

    order_place(ticket, member)

    with pytest.raises(AlreadyRegistered, match="déjà une place"):
        order_place(ticket, member)

    order_place(ticket, make_member())
    for _each in range(2):
        order_place(ticket, member, "guest")

    assert Ticket.objects.get(pk=ticket.pk).reserved == 2

    Registration.objects.filter(person=member).delete()
    order_place(ticket, member)


def test_late_payment_confirms_no_second_place(ticket):
    """The first order awaits its card payment when the member orders again."""
    member = make_member()
    late = order_place(ticket, member)
    Order.objects.filter(pk=late.pk).update(payment="card")
    until = timezone.now() + datetime.timedelta(minutes=30)
    Registration.objects.filter(order=late).update(confirmed_at=None, hold_expires_at=until)

    kept = order_place(ticket, member)

    assert confirm_paid_items(order=Order.objects.get(pk=late.pk)) == []
    assert Registration.objects.confirmed().get().order == kept

    Registration.objects.filter(order=kept).update(cancelled_at=timezone.now())

    assert [place.order for place in confirm_paid_items(order=Order.objects.get(pk=late.pk))] == [late]


def test_paid_second_place_is_not_confirmed_and_its_order_is_listed_as_unplaced(ticket):
    Ticket.objects.update(price=12_000)
    member = verify_address(make_member())
    late = order_place(ticket, member)
    until = timezone.now() + datetime.timedelta(days=14)
    Order.objects.filter(pk=late.pk).update(payment="card")
    Registration.objects.filter(order=late).update(confirmed_at=None, hold_expires_at=until)
    order_place(ticket, member)

    with transaction.atomic():
        late = Order.objects.select_for_update(of=("self",)).select_related("event").get(pk=late.pk)
        record_order_payment(order=late, amount=12_000, method="transfer")

    assert [(order.reference, order.amount_retained) for order in list_unplaced_orders()] == [
        (late.reference, 12_000)
    ]
    assert Ticket.objects.get(pk=ticket.pk).reserved == 1

    sync_existing_receivable(late)

    assert [(order.reference, order.amount_retained) for order in list_unplaced_orders()] == [
        (late.reference, 12_000)
    ]

    Registration.objects.exclude(order=late).update(cancelled_at=timezone.now())

    assert [place.order for place in confirm_paid_order(order=late)] == [late]
    assert list_unplaced_orders().count() == 0
    assert calculate_balance(late).amount == 0
    assert compute_balance(Receivable.objects.get(reference=late.reference)).is_settled


def test_second_place_of_member_is_refused_on_page_and_entries_are_preserved(ticket, client: Client):
    member = make_member()
    order_place(ticket, member)
    client.force_login(member)
    form = "/en/events/congress/register/"
    person = {"first_name": "A", "last_name": "B", "email": member.email, "company": "Acme"}
    people = {f"person-0-{name}": value for name, value in person.items()}
    client.post(form, {"person-TOTAL_FORMS": "1", "person-INITIAL_FORMS": "0", "contact": "", **people})
    client.post(f"{form}choices/", {"choice-0-ticket": "member"})

    answer = client.post(f"{form}check/", {"language": "en"}, follow=True)

    assert "You already have a place at this event, so we did not book a second one." in answer.text
    assert Order.objects.count() == 1
    [shown] = client.get(form).context["people"].forms
    assert {name: shown[name].value() for name in person} == person
    [choice] = client.get(f"{form}choices/").context["forms"]
    assert choice["ticket"].value() == "member"


def test_link_for_a_second_place_leads_to_the_first_registration(ticket, client: Client):
    member = make_member()
    order_place(ticket, member)
    second = place_order(
        event=ticket.event,
        request=OrderRequest(
            email=member.email,
            places=(RequestedPlace(ticket="member", first_name="A", last_name="B", email=member.email),),
        ),
    )
    token = make_verification_token(second, member.email)

    answer = client.post(f"/en{reverse('verify-order', args=[token])}")

    assert answer.status_code == 409
    assert "Find your registration" in answer.text


@pytest.mark.parametrize(
    "locked", [True, pytest.param(False, marks=pytest.mark.postgresql)], ids=["locked", "control"]
)
def test_concurrent_orders_of_one_member_get_one_place(ticket, monkeypatch, locked):
    member, gate = make_member(), threading.Barrier(THREAD_COUNT, timeout=20)

    def look_first(registration, person):
        assert not Registration.objects.confirmed().filter(person=person).exists()
        gate.wait()

    if not locked:
        monkeypatch.setattr(writing, "refuse_second_registration", look_first)
    found = run_in_threads([lambda: order_place(ticket, member)] * THREAD_COUNT, threads=THREAD_COUNT)
    assert sorted(type(one).__name__ for one in found) == (
        ["AlreadyRegistered"] * (THREAD_COUNT - 1) + ["Order"] if locked else ["Order"] * THREAD_COUNT
    )
