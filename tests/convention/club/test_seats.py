"""Seats: employees only, never beyond the limit, and ended by a change of employer."""

import datetime
import threading
from functools import partial

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club import seats
from convention.club.appointments.contacts import appoint_contact, dismiss_contact
from convention.club.change_employer import change_employer
from convention.club.memberships import end_membership
from convention.club.models import CompanyContact, Employment, Membership, Seat
from convention.club.permissions import get_companies_of_contact, get_member_company
from convention.club.seats import (
    AccountClosed,
    AlreadyHasSeat,
    NoSeatLeft,
    NotEmployed,
    end_seat,
    give_seat,
    move_seat,
)
from convention.errors import InvalidFields, NotOpenNow
from tests.factories import START_OF_2020, make_company, make_contact, make_member, make_person
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


def make_colleague(company, **fields):
    """Return an employee without a seat."""
    person = make_person(**fields)
    Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    return person


def update_membership(company, **fields):
    company.memberships.update(**fields)
    return company.memberships.get()


def test_seat_grants_membership_until_it_ends():
    company = make_company()
    person = make_colleague(company)

    assert get_member_company(person) is None

    seat = give_seat(membership=company.memberships.get(), person=person)

    assert get_member_company(person) == company
    with pytest.raises(AlreadyHasSeat):
        give_seat(membership=seat.membership, person=person, starts_on=TODAY() + ONE_DAY)

    end_seat(seat=seat, last_day=TODAY())

    assert [get_member_company(person), get_member_company(person, at=TODAY() + ONE_DAY)] == [company, None]

    end_seat(seat=seat)

    assert get_member_company(person) is None
    assert not Seat.objects.exists()  # it began today, so that only the audit trail remains
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "seat.give", "seat.take", "seat.take",
    ]  # fmt: skip


def test_a_closed_account_gets_no_seat():
    company = make_company()
    person = make_member(company)
    company.memberships.get().given_seats.all().delete()
    person.is_active = False
    person.save()

    with pytest.raises(AccountClosed):
        give_seat(membership=company.memberships.get(), person=person)


@pytest.mark.parametrize("submitted_on", [None, START_OF_2020])
def test_seat_in_an_unconfirmed_membership_is_refused(submitted_on):
    company = make_company()
    membership = update_membership(company, confirmed_on=None, submitted_on=submitted_on)

    with pytest.raises(NotOpenNow):
        give_seat(membership=membership, person=make_colleague(company))


def test_seat_begins_with_a_membership_that_begins_later():
    company, first_day = make_company(), TODAY() + 9 * ONE_DAY
    membership = update_membership(company, starts_on=first_day)

    seat = give_seat(membership=membership, person=make_colleague(company))

    assert seat.starts_on == first_day


def test_seat_begins_with_the_confirmation_of_a_membership():
    company, first_day = make_company(), TODAY() + 9 * ONE_DAY
    membership = update_membership(company, confirmed_on=first_day)

    seat = give_seat(membership=membership, person=make_colleague(company))

    assert seat.starts_on == first_day


def test_a_seat_moved_twice_from_older_pages_is_given_once():
    company = make_company()
    membership = company.memberships.get()
    first, second = make_colleague(company), make_colleague(company)
    seat = make_member(company).seats.get()
    older_page = Seat.objects.get(pk=seat.pk)

    move_seat(seat=seat, person=first)
    with pytest.raises(NotOpenNow):
        move_seat(seat=older_page, person=second)

    assert [row.person for row in Seat.objects.granting_membership().filter(membership=membership)] == [first]


def test_a_later_seat_that_is_ended_twice_from_older_pages_is_deleted_once():
    company = make_company()
    membership = company.memberships.get()
    seat = give_seat(membership=membership, person=make_colleague(company), starts_on=TODAY() + ONE_DAY)
    older_page = Seat.objects.get(pk=seat.pk)

    end_seat(seat=seat)
    end_seat(seat=older_page)

    assert not membership.given_seats.exists()
    assert AuditEntry.objects.filter(verb="seat.take").count() == 1


def test_seat_limit_applies_to_each_day():
    company = make_company()
    one = update_membership(company, seats=1)
    first, second = make_colleague(company), make_colleague(company)

    seat = give_seat(membership=one, person=first, starts_on=TODAY() + 10 * ONE_DAY)

    with pytest.raises(NoSeatLeft):
        give_seat(membership=one, person=second)

    give_seat(membership=one, person=second, ends_on=TODAY() + 9 * ONE_DAY)
    end_seat(seat=seat, last_day=TODAY() + 20 * ONE_DAY)

    assert give_seat(membership=one, person=second, starts_on=TODAY() + 21 * ONE_DAY).ends_on is None


def test_seat_needs_employment_and_ends_with_it():
    company = make_company()
    one = company.memberships.get()

    with pytest.raises(NotEmployed):
        give_seat(membership=one, person=make_member())

    person = make_colleague(company)
    Employment.objects.filter(person=person).update(ends_on=TODAY() + 3 * ONE_DAY)

    assert give_seat(membership=one, person=person).ends_on == TODAY() + 3 * ONE_DAY

    Employment.objects.filter(person=person).update(ends_on=TODAY() - ONE_DAY)

    assert get_member_company(person) is None  # although the seat has not ended

    end_membership(membership=one, on=TODAY(), left_as="resigned")

    with pytest.raises(NotOpenNow):
        give_seat(membership=one, person=make_colleague(company))


def test_change_of_employer_ends_seat_and_preserves_history():
    before, after = make_company(), make_company()
    person = make_contact(before)
    change_employer(person=person, to=after, on=TODAY(), title="DSI", level="cio")

    yesterday = TODAY() - ONE_DAY

    assert [job.company for job in person.employments.order_by("starts_on")] == [before, after]
    assert [get_member_company(person), get_member_company(person, at=yesterday)] == [None, before]
    assert list(get_companies_of_contact(person)) == []
    assert give_seat(membership=after.memberships.get(), person=person)
    assert get_member_company(person) == after

    for wrong in ({"to": after, "on": TODAY()}, {"to": before, "on": TODAY()}):
        with pytest.raises(InvalidFields):
            change_employer(person=person, **wrong)
    change_employer(person=person, to=None, on=TODAY() + ONE_DAY)

    assert Employment.objects.open(at=TODAY() + ONE_DAY).filter(person=person).count() == 0


def test_contact_has_access_until_last_day():
    company, person = make_company(), make_person()
    contact = appoint_contact(company=company, person=person)

    assert appoint_contact(company=company, person=person).pk == contact.pk

    appoint_contact(company=company, person=person, starts_on=TODAY() + 40 * ONE_DAY)
    past = CompanyContact.objects.create(
        company=company, person=person, starts_on=START_OF_2020, ends_on=TODAY() - 9 * ONE_DAY
    )

    dismiss_contact(contact=past)

    assert list(get_companies_of_contact(person)) == [company]

    dismiss_contact(contact=contact)

    assert list(get_companies_of_contact(person)) == []

    CompanyContact.objects.create(company=company, person=person, starts_on=START_OF_2020, ends_on=TODAY())
    person.is_active = False
    person.save()

    assert list(get_companies_of_contact(person)) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_do_not_exceed_seat_limit():
    company = make_company()
    one = update_membership(company, seats=3)
    people = [make_colleague(company) for _each in range(10)]

    jobs = [partial(give_seat, membership=one, person=person) for person in people]
    refused = [done for done in run_in_threads(jobs) if isinstance(done, NoSeatLeft)]
    assert len(refused) == 7
    assert Seat.objects.count() == 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_seat_limit_is_exceeded_without_lock(monkeypatch):
    """Negative control: without the lock, all threads pass the count at once."""
    company = make_company()
    one = update_membership(company, seats=3)
    people = [make_colleague(company) for _each in range(8)]
    together, count = threading.Barrier(len(people)), seats.check_seat_limit

    def counted(allowed, spans):
        count(allowed, spans)
        together.wait(timeout=30)

    monkeypatch.setattr(seats, "check_seat_limit", counted)
    monkeypatch.setattr(
        seats, "lock_membership", lambda row: Membership.objects.select_related("company").get(pk=row.pk)
    )
    run_in_threads([partial(give_seat, membership=one, person=person) for person in people])
    assert Seat.objects.open().count() == 8
