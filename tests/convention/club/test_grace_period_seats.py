"""Seats of a company whose renewal is confirmed, while the earlier membership is in its grace period."""

import datetime

import pytest
from django.utils import timezone

from convention.club.companies import load_company_page
from convention.club.memberships import (
    confirm_membership,
    delete_draft_membership,
    end_membership,
    load_membership_statuses,
    renew_membership,
    update_membership,
)
from convention.club.models import Employment, Membership, Seat
from convention.club.people import add_colleague_with_seat
from convention.club.seats import NoSeatLeft, give_seat, move_seat
from convention.errors import NotOpenNow
from registrations.company.overview import load_company_overview
from tests.convention.club.objects import in_days, make_confirmed_renewal
from tests.factories import START_OF_2020, make_company, make_member, make_person

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def company():
    return make_company()


def make_colleague(company):
    """Return an employee without a seat."""
    person = make_person()
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def test_moved_seat_is_given_in_the_renewal(company):
    seat = make_member(company).seats.get()
    renewal = make_confirmed_renewal(company)

    moved = move_seat(seat=seat, person=make_colleague(company))

    assert moved.membership == renewal


def test_moved_seat_does_not_end_with_the_grace_period(company):
    seat = make_member(company).seats.get()
    make_confirmed_renewal(company)
    seat.ends_on = Membership.objects.get(pk=seat.membership_id).last_day
    seat.save()

    moved = move_seat(seat=seat, person=make_colleague(company))

    assert moved.ends_on is None


def test_moved_seat_ends_on_its_own_last_day(company):
    seat = make_member(company).seats.get()
    make_confirmed_renewal(company)
    seat.ends_on = TODAY() + ONE_DAY
    seat.save()

    moved = move_seat(seat=seat, person=make_colleague(company))

    assert moved.ends_on == TODAY() + ONE_DAY


def test_moved_seat_stays_with_its_holder_if_the_renewal_has_none_left(company):
    member = make_member(company)
    make_confirmed_renewal(company, seats=0)

    with pytest.raises(NoSeatLeft):
        move_seat(seat=member.seats.get(), person=make_colleague(company))

    assert Seat.objects.granting_membership().get().person == member


def test_seat_of_a_renewal_that_is_not_confirmed_is_not_moved(company):
    renewal = make_confirmed_renewal(company)
    Membership.objects.filter(pk=renewal.pk).update(confirmed_on=None)
    seat = Seat.objects.create(
        membership=renewal, person=make_colleague(company), starts_on=renewal.starts_on
    )

    with pytest.raises(NotOpenNow):
        move_seat(seat=seat, person=make_colleague(company))


def test_seat_in_the_renewal_replaces_that_of_the_grace_period(company):
    person = make_member(company)
    renewal = make_confirmed_renewal(company)

    give_seat(membership=renewal, person=person)

    assert Seat.objects.granting_membership().get(person=person).membership == renewal
    assert Seat.objects.exclude(membership=renewal).get().ends_on == TODAY() - ONE_DAY


def test_typed_address_of_a_colleague_with_a_seat_gives_no_second_one(company):
    person = make_member(company)
    renewal = make_confirmed_renewal(company)

    add_colleague_with_seat(
        membership=renewal, email=person.email, first_name="Ana", last_name="Silva", title=""
    )

    assert Seat.objects.granting_membership().get(person=person).membership == renewal


def test_seat_in_the_renewal_leaves_those_of_colleagues(company):
    colleague = make_member(company)
    renewal = make_confirmed_renewal(company)

    give_seat(membership=renewal, person=make_colleague(company))

    assert Seat.objects.granting_membership().filter(person=colleague).exists()


def test_seats_of_the_grace_period_do_not_count_in_the_renewal(company):
    make_member(company)
    renewal = make_confirmed_renewal(company, seats=3)
    give_seat(membership=renewal, person=make_colleague(company))

    [status] = load_membership_statuses([company])

    assert status.given_seat_count == 1


def test_seat_of_the_grace_period_alone_is_none_in_the_renewal(company):
    member = make_member(company)
    make_confirmed_renewal(company)

    [employment] = load_company_page(company)["without_seat"]

    assert employment.person == member
    assert employment.has_grace_seat


def test_contact_finds_the_colleague_with_a_seat_of_the_grace_period_alone(company):
    member = make_member(company)
    make_confirmed_renewal(company)

    overview = load_company_overview(company)

    assert [employment.person for employment in overview.employments_without_seat] == [member]
    assert overview.grace_holder_ids == {member.pk}


def test_colleague_with_a_seat_in_the_renewal_is_not_without_one(company):
    member = make_member(company)
    renewal = make_confirmed_renewal(company)
    give_seat(membership=renewal, person=member)

    assert list(load_company_page(company)["without_seat"]) == []
    assert load_company_overview(company).employments_without_seat == []


def test_seat_of_the_grace_period_is_enough_without_a_renewal(company):
    make_member(company)

    assert list(load_company_page(company)["without_seat"]) == []
    assert load_company_overview(company).employments_without_seat == []


# --- a last day that changes after the next membership was prepared ------------------------------------


def end_in(company, days, *, grace_days=None):
    """End the company's only membership in so many days, and return it."""
    company.memberships.update(ends_on=in_days(days), grace_until=grace_days and in_days(grace_days))
    return company.memberships.get()


def prepare_renewal(membership):
    return renew_membership(membership=membership, plan=membership.plan, ends_on=None)


def change_grace(membership, days):
    membership.grace_until = days and in_days(days)
    update_membership(membership=membership, changed_fields=["grace_until"])


def test_seats_follow_a_longer_grace_period_after_the_renewal_was_prepared(company):
    member = make_member(company)
    membership = end_in(company, -5, grace_days=-2)
    prepare_renewal(membership)

    change_grace(membership, 30)

    assert Seat.objects.granting_membership().get().person == member
    assert membership.given_seats.get().ends_on == in_days(30)


def test_seats_follow_a_grace_period_that_is_removed(company):
    make_member(company)
    membership = end_in(company, 10, grace_days=30)
    prepare_renewal(membership)

    change_grace(membership, None)

    assert membership.given_seats.get().ends_on == in_days(10)


def test_seat_that_ends_with_the_employment_does_not_follow_the_grace_period(company):
    member = make_member(company)
    membership = end_in(company, 10)
    member.employments.update(ends_on=in_days(10))
    member.seats.update(ends_on=in_days(10))

    change_grace(membership, 30)

    assert member.seats.get().ends_on == in_days(10)


def test_longer_grace_period_adds_no_second_seat_to_that_of_a_confirmed_renewal(company):
    member = make_member(company)
    membership = end_in(company, -5)
    renewal = prepare_renewal(membership)
    confirm_membership(membership=renewal, on=renewal.starts_on)

    change_grace(membership, 30)

    assert Seat.objects.granting_membership().get(person=member).membership == renewal


def test_longer_grace_period_reaches_a_late_confirmation_without_a_second_seat(company):
    member = make_member(company)
    membership = end_in(company, -5)
    confirm_membership(membership=prepare_renewal(membership))

    change_grace(membership, 30)

    assert membership.given_seats.get().ends_on == TODAY() - ONE_DAY
    assert Seat.objects.granting_membership().filter(person=member).count() == 1


@pytest.mark.parametrize("grace_days", [60, 40])
def test_deleted_draft_gives_seats_back_after_the_grace_period_changed(company, grace_days):
    member = make_member(company)
    membership = end_in(company, 30, grace_days=50)
    renewal = prepare_renewal(membership)
    change_grace(membership, grace_days)

    delete_draft_membership(membership=renewal)

    assert member.seats.get().ends_on is None


def test_draft_prepared_again_has_the_same_holders(company):
    member = make_member(company)
    membership = end_in(company, 30)
    renewal = prepare_renewal(membership)
    change_grace(membership, 60)
    delete_draft_membership(membership=renewal)

    renewal = prepare_renewal(membership)

    assert renewal.given_seats.get().person == member


def test_deleted_draft_gives_seats_back_to_a_membership_that_was_ended_early(company):
    member = make_member(company)
    membership = end_in(company, 30)
    renewal = prepare_renewal(membership)
    end_membership(membership=membership, on=in_days(20), left_as="resigned")

    delete_draft_membership(membership=renewal)

    assert member.seats.get().ends_on is None
