"""Orders to invoice come into the treasurer's list by themselves, once and as they stand."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from convention.events.models import Event
from registrations.bill import receivable_of
from registrations.cancel import cancel
from registrations.company.complete import complete
from registrations.correct import FIELDS, Correction, correct
from registrations.invoices.issue import issue
from registrations.invoices.models import Line, Receivable
from registrations.invoices.standing import standing_of
from registrations.models import Order, Registration
from registrations.note_owed import LATEST, note_owed
from registrations.order_request import Place
from registrations.substitute import substitute
from tests.factories import make_order, make_registration, make_ticket
from tests.registrations.invoices.conftest import make_issuer
from tests.rush import in_threads

from .makers import money, order_by_card

HOUR = datetime.timedelta(hours=1)


@pytest.mark.django_db
def test_an_order_to_invoice_is_found_by_the_treasurer(event: Event, client, treasurer):
    client.force_login(treasurer)
    order = order_by_card(event, people=2, payment="invoice")
    note_owed()
    note_owed()
    assert money(order) == (24_000, 0, 0)
    page = client.get(reverse("money"), {"q": order.reference})
    assert [row.reference for row in page.context["shown"]] == [order.reference]


@pytest.mark.django_db
def test_what_is_not_to_invoice_or_not_sure_is_left(event: Event):
    ticket = make_ticket(event, slug="paid", price=10_000)
    of_old = make_ticket(slug="old", price=10_000)
    over = timezone.now() - LATEST
    Event.objects.filter(pk=of_old.event_id).update(starts_at=over - HOUR, ends_at=over)
    order_by_card(event)
    for place, state in ((ticket, {"confirmed_at": None, "held_until": timezone.now()}), (of_old, {})):
        order = make_order(place.event, payment=Order.Payment.INVOICE, total=10_000)
        make_registration(place, order=order, price=10_000, **state)
    make_registration(ticket, order=make_order(event, payment=Order.Payment.FREE), price=0)
    note_owed()
    assert not Receivable.objects.exists()


@pytest.mark.django_db
def test_an_order_that_was_billed_stays_as_it_is(event: Event, django_assert_num_queries):
    order = order_by_card(event, payment="invoice")
    receivable = receivable_of(order)
    Receivable.objects.update(name="Corrigé")
    with django_assert_num_queries(1):
        note_owed()
    receivable.refresh_from_db()
    assert receivable.name == "Corrigé"


@pytest.mark.django_db
def test_a_place_that_is_held_is_waited_for_and_never_owed_where_it_lapses(event: Event):
    order = order_by_card(event, people=2, payment="invoice")
    one = order.registrations.order_by("pk")[0]
    Registration.objects.filter(pk=one.pk).update(confirmed_at=None, held_until=timezone.now() + HOUR)
    note_owed()
    assert not Receivable.objects.exists()
    order.registrations.filter(confirmed_at=None).update(held_until=timezone.now())
    note_owed()
    assert money(order) == (12_000, 0, 0)


def shown() -> list[str]:
    """The texts of what is owed now."""
    return [charge.text for charge in Receivable.objects.get().charges.standing().order_by("pk")]


@pytest.mark.django_db
@pytest.mark.parametrize("is_invoiced", [False, True])
def test_what_is_owed_names_the_attendee_and_an_issued_invoice_stays(event: Event, is_invoiced: bool):
    order = order_by_card(event, payment="invoice")
    one = order.registrations.get()
    Registration.objects.filter(pk=one.pk).update(first_name="", last_name="")
    note_owed()
    if is_invoiced:
        make_issuer()
        issue(receivable=Receivable.objects.get())
    lines = list(Line.objects.values_list("description", flat=True))
    complete(registration=one, details=Place(ticket="", first_name="Ada", last_name="Alpha"))
    assert "Ada Alpha" in shown()[0]
    one.refresh_from_db()
    fields = {name: getattr(one, name) for name in FIELDS}
    correct(registration=one, correction=Correction(**fields | {"last_name": "Beta"}))
    assert "Ada Beta" in shown()[0]
    substitute(
        registration=one,
        by=Place(ticket="", first_name="Cleo", last_name="Gamma", email="c@example.org"),
    )
    assert "Cleo Gamma" in shown()[0]
    assert money(order) == (12_000, 0, 0)
    assert list(Line.objects.values_list("description", flat=True)) == lines
    state = standing_of(Receivable.objects.get())
    assert (len(state.uninvoiced), state.to_credit) == (not is_invoiced, [])


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_place_that_is_cancelled_meanwhile_is_not_owed(event: Event):
    event.tickets.update(capacity=None)
    for _ in range(6):
        order_by_card(event, people=2, payment="invoice")
    first = [order.registrations.order_by("pk")[0] for order in Order.objects.order_by("-pk")]
    acts = [lambda one=one: cancel(registration=one) for one in first]
    in_threads([note_owed, *acts, note_owed], threads=8)
    note_owed()
    assert {money(order)[0] for order in Order.objects.all()} == {12_000}
