"""Passes: counted for each membership and event, never more than it has, given back with the place."""

from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from convention.club.models import Membership
from convention.errors import SoldOut
from registrations.booking import Booking, write
from registrations.cancel import cancel
from registrations.models import Order, Passes, Registration
from registrations.passes import passes_left, passes_of, uses
from tests.factories import make_company, make_event, make_member, make_ticket
from tests.rush import in_threads

pytestmark = pytest.mark.django_db


def membership(passes=2):
    make_member(make_company())
    Membership.objects.update(passes=passes)
    return Membership.objects.get()


def book(ticket, one):
    """A place that a pass pays for."""
    order = Order(event=ticket.event, email="buyer@example.org", payment="free")
    place = Registration(
        event=ticket.event, order=order, ticket=ticket, first_name="Ana", confirmed_at=timezone.now(),
        membership_pass=passes_of(one, ticket.event),
    )  # fmt: skip
    write(Booking(order, [place], besides=uses([place])))
    return place


def test_each_place_takes_a_pass_and_gives_it_back():
    ticket, one = make_ticket(slug="member"), membership()
    places = [book(ticket, one) for _each in range(2)]
    assert passes_left(one, ticket.event) == 0
    with pytest.raises(SoldOut) as refused:
        book(ticket, one)
    assert "Pass de l’adhésion" in str(refused.value)
    cancel(registration=places[0])
    assert passes_left(one, ticket.event) == 1
    assert passes_left(one, make_event()) == 2


def test_passes_are_for_conventions_and_members():
    one = membership()
    assert passes_left(one, make_event(kind="site_visit")) == 0
    assert passes_left(None, make_event()) == 0
    Membership.objects.update(passes=0)
    one.refresh_from_db()
    assert passes_left(one, make_event()) == 0


def test_more_passes_later_are_there_and_fewer_take_none_back():
    ticket, one = make_ticket(slug="member"), membership()
    book(ticket, one)
    book(ticket, one)
    one.passes = 3
    assert (passes_of(one, ticket.event).left, passes_left(one, ticket.event)) == (1, 1)
    one.passes = 1
    assert (passes_of(one, ticket.event).left, passes_left(one, ticket.event)) == (0, 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Passes.objects.update(taken=4)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_last_pass_pays_for_one_place_whatever_the_hurry():
    ticket, one = make_ticket(slug="member"), membership(passes=3)
    done = in_threads([partial(book, ticket, one)] * 10)
    assert sum(isinstance(result, SoldOut) for result in done) == 7
    assert Passes.objects.get().taken == 3
