"""Seats that begin later: their holders are not listed without a seat, and cannot be given another one."""

import datetime

import pytest
from django.utils import timezone

from convention.club.companies import load_company_page
from convention.club.models import Company, Employment, Membership, Person, Seat
from convention.club.seats import AlreadyHasSeat, give_seat
from registrations.company.overview import load_company_overview
from tests.factories import START_OF_2020, make_company, make_membership, make_person
from tests.registrations.company.factories import make_desk

pytestmark = pytest.mark.django_db


def make_colleague(company: Company) -> Person:
    person = make_person(first_name="Zoé", last_name="Martin")
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def make_future_membership(company: Company) -> Membership:
    """Replace the company's memberships by one that is confirmed and begins next month."""
    company.memberships.all().delete()
    today = timezone.localdate()
    return make_membership(
        company, starts_on=today + datetime.timedelta(days=30), confirmed_on=today, ends_on=None
    )


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def future_seat(company) -> Seat:
    return give_seat(membership=make_future_membership(company), person=make_colleague(company))


@pytest.fixture
def later_seat(company) -> Seat:
    """Return a seat that begins next week, in a membership that has begun."""
    membership = company.memberships.get()
    first_day = timezone.localdate() + datetime.timedelta(days=7)
    return give_seat(membership=membership, person=make_colleague(company), starts_on=first_day)


@pytest.mark.parametrize("seat", ["future_seat", "later_seat"])
def test_holder_of_an_upcoming_seat_is_not_listed_without_one(company, seat, request):
    request.getfixturevalue(seat)

    assert list(load_company_page(company)["without_seat"]) == []
    assert load_company_overview(company).employments_without_seat == []


@pytest.mark.parametrize("seat", ["future_seat", "later_seat"])
def test_contact_sees_the_upcoming_seat(company, seat, request):
    held_seat = request.getfixturevalue(seat)

    overview = load_company_overview(company)

    assert overview.seats == []
    assert overview.upcoming_seats == [held_seat]


@pytest.mark.parametrize("seat", ["future_seat", "later_seat"])
def test_holder_of_an_upcoming_seat_is_given_no_other_one(company, seat, request):
    held_seat = request.getfixturevalue(seat)

    with pytest.raises(AlreadyHasSeat):
        give_seat(membership=held_seat.membership, person=held_seat.person)


def test_colleague_without_an_upcoming_seat_can_be_given_one(company, future_seat):
    colleague = make_colleague(company)

    [employment] = load_company_page(company)["without_seat"]

    assert employment.person == colleague
    assert give_seat(membership=future_seat.membership, person=colleague).starts_on == future_seat.starts_on


def test_holder_of_a_seat_in_an_expired_membership_is_listed_without_one(company):
    colleague = make_colleague(company)
    membership = company.memberships.get()
    give_seat(membership=membership, person=colleague)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    company.memberships.update(ends_on=yesterday, grace_until=None)

    [employment] = load_company_page(company)["without_seat"]

    assert employment.person == colleague
    assert load_company_overview(company).upcoming_seats == []


def test_page_of_the_contact_says_from_when_the_seat_counts():
    desk = make_desk()
    first_day = timezone.localdate() + datetime.timedelta(days=7)
    give_seat(
        membership=desk.company.memberships.get(), person=make_colleague(desk.company), starts_on=first_day
    )

    page = " ".join(desk.client.get(f"/en{desk.at}/seats/").text.split())

    with_seat, _heading, without_seat = page.partition("Colleagues without a seat")
    assert "Zoé Martin" in with_seat
    assert "<span>from " in with_seat
    assert "Zoé Martin" not in without_seat


def test_membership_that_has_not_begun_is_not_called_ended():
    desk = make_desk()
    make_future_membership(desk.company)

    page = desk.client.get(f"/en{desk.at}/").text

    assert "The membership begins on " in page
    assert "The membership has ended" not in page
