"""The catalog of an order: compiled queries load the same objects as the ORM."""

import datetime

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from convention.events.models import Event
from registrations.models import PriceStep, Quota, Ticket, Voucher
from registrations.pricing.catalog import load_catalog, load_public_tickets
from tests.factories import make_event, make_ticket, make_voucher

pytestmark = pytest.mark.django_db


def add_step(ticket: Ticket, price: int, days: int) -> None:
    ends_at = timezone.now() + datetime.timedelta(days=days)
    PriceStep.objects.create(ticket=ticket, price=price, ends_at=ends_at)


def describe(ticket: Ticket) -> tuple:
    steps = [(step.cost, step.ends_at) for step in ticket.list_upcoming_steps()]
    return model_to_dict(ticket), ticket.quota and model_to_dict(ticket.quota), steps, ticket.event


def test_tickets_are_loaded_with_quota_and_price_steps(django_assert_num_queries):
    event = make_event()
    quota = Quota.objects.create(event=event, name="Salle", capacity=50)
    first, second = make_ticket(event, slug="a", quota=quota), make_ticket(event, slug="b", is_public=False)
    add_step(first, 8_000, 2)
    add_step(first, 9_000, 1)
    add_step(first, 1_000, -1)
    add_step(second, 5_000, 3)
    expected = [describe(ticket) for ticket in Ticket.objects.order_by("pk")]

    catalog = load_catalog(event, {"a", "b", "elsewhere"})

    loaded = sorted(catalog.tickets, key=lambda ticket: ticket.pk)
    with django_assert_num_queries(0):
        assert [describe(ticket) for ticket in loaded] == expected
    with django_assert_num_queries(2):
        assert [describe(ticket) for ticket in load_public_tickets(event)] == expected[:1]


def test_voucher_is_loaded_with_its_tickets_in_order(event: Event, django_assert_num_queries):
    first, second = (make_ticket(event, slug=slug, position=place) for place, slug in enumerate("ba"))
    voucher = make_voucher(event, for_company="Mairie", closes_at=timezone.now())
    voucher.tickets.set([second, first])

    loaded = load_catalog(event, {"a"}, "HALF").voucher

    with django_assert_num_queries(0):
        assert [ticket.slug for ticket in loaded.list_tickets()] == ["b", "a"]
        assert loaded.event == event
    assert model_to_dict(loaded) == model_to_dict(Voucher.objects.get())


def test_an_unknown_code_has_no_voucher(event: Event):
    make_voucher(make_event(slug="other"))
    assert load_catalog(event, (), "HALF").voucher is None


@pytest.mark.parametrize("count", [1, 2, 50])
def test_any_number_of_tickets_is_loaded_in_one_query(django_assert_num_queries, count):
    event = make_event()
    slugs = {make_ticket(event, slug=f"t{number}").slug for number in range(count)}
    load_catalog(event, {"t0"})

    with django_assert_num_queries(1):
        catalog = load_catalog(event, slugs)

    assert {ticket.slug for ticket in catalog.tickets} == slugs
