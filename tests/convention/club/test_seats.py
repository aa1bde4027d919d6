"""Seats: only for people of the company, never more than allowed, and what a change of employer does."""

import datetime
import importlib
import threading
from functools import partial

import pytest
from django.apps import apps
from django.utils import timezone

from convention.audit.models import Entry
from convention.club import seats
from convention.club.change_employer import change_employer
from convention.club.contacts import appoint_contact, dismiss_contact
from convention.club.doors import companies_of_contact, member_company
from convention.club.leave import leave
from convention.club.models import CompanyContact, Employment, Membership, Seat
from convention.club.seats import NoSeatLeft, NotEmployed, SeatTaken, give_seat, take_seat
from convention.errors import Closed, InvalidFields
from tests.factories import LONG_AGO, make_company, make_contact, make_member, make_person
from tests.rush import in_threads

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


def colleague(company, **fields):
    """Someone who works there without a seat."""
    person = make_person(**fields)
    Employment.objects.create(person=person, company=company, starts_on=LONG_AGO)
    return person


def membership_of(company, **fields):
    company.memberships.update(**fields)
    return company.memberships.get()


def test_a_seat_makes_a_member_until_it_is_taken():
    company = make_company()
    person = colleague(company)
    assert member_company(person) is None
    seat = give_seat(membership=company.memberships.get(), person=person)
    assert member_company(person) == company
    with pytest.raises(SeatTaken):
        give_seat(membership=seat.membership, person=person, starts_on=TODAY() + ONE_DAY)
    take_seat(seat=seat, last_day=TODAY())
    assert [member_company(person), member_company(person, at=TODAY() + ONE_DAY)] == [company, None]
    take_seat(seat=seat)
    assert member_company(person) is None
    assert not Seat.objects.exists()  # it had begun today: nothing is left of it but the trail
    assert list(Entry.objects.order_by("pk").values_list("verb", flat=True)) == [
        "seat.give", "seat.take", "seat.take",
    ]  # fmt: skip


def test_never_more_seats_than_allowed_on_any_day():
    company = make_company()
    one = membership_of(company, seats=1)
    first, second = colleague(company), colleague(company)
    seat = give_seat(membership=one, person=first, starts_on=TODAY() + 10 * ONE_DAY)
    with pytest.raises(NoSeatLeft):
        give_seat(membership=one, person=second)
    give_seat(membership=one, person=second, ends_on=TODAY() + 9 * ONE_DAY)
    take_seat(seat=seat, last_day=TODAY() + 20 * ONE_DAY)
    assert give_seat(membership=one, person=second, starts_on=TODAY() + 21 * ONE_DAY).ends_on is None


def test_a_seat_is_for_people_of_the_company_and_does_not_outlast_their_work():
    company = make_company()
    one = company.memberships.get()
    with pytest.raises(NotEmployed):
        give_seat(membership=one, person=make_member())
    person = colleague(company)
    Employment.objects.filter(person=person).update(ends_on=TODAY() + 3 * ONE_DAY)
    assert give_seat(membership=one, person=person).ends_on == TODAY() + 3 * ONE_DAY
    Employment.objects.filter(person=person).update(ends_on=TODAY() - ONE_DAY)
    assert member_company(person) is None  # whatever the seat says
    leave(membership=one, on=TODAY(), left_as="resigned")
    with pytest.raises(Closed):
        give_seat(membership=one, person=colleague(company))


def test_a_new_employer_closes_the_seat_and_keeps_the_history():
    before, after = make_company(), make_company()
    person = make_contact(before)
    change_employer(person=person, to=after, on=TODAY(), title="DSI", level="cio")
    yesterday = TODAY() - ONE_DAY
    assert [job.company for job in person.employments.order_by("starts_on")] == [before, after]
    assert [member_company(person), member_company(person, at=yesterday)] == [None, before]
    assert list(companies_of_contact(person)) == []
    assert give_seat(membership=after.memberships.get(), person=person)
    assert member_company(person) == after
    for wrong in ({"to": after, "on": TODAY()}, {"to": before, "on": TODAY()}):
        with pytest.raises(InvalidFields):
            change_employer(person=person, **wrong)
    change_employer(person=person, to=None, on=TODAY() + ONE_DAY)
    assert Employment.objects.open(at=TODAY() + ONE_DAY).filter(person=person).count() == 0


def test_a_contact_acts_until_the_day_it_ends():
    company, person = make_company(), make_person()
    contact = appoint_contact(company=company, person=person)
    assert appoint_contact(company=company, person=person).pk == contact.pk
    assert list(companies_of_contact(person)) == [company]
    dismiss_contact(contact=contact)
    assert list(companies_of_contact(person)) == []
    CompanyContact.objects.create(company=company, person=person, starts_on=LONG_AGO, ends_on=TODAY())
    person.is_active = False
    person.save()
    assert list(companies_of_contact(person)) == []


def test_existing_members_get_a_seat_and_contacts_their_mandate():
    """What the migration does, on rows as they were: roles and employments, no membership yet."""
    migration = importlib.import_module("convention.club.migrations.0002_memberships")
    company = make_company()
    people = [make_member(company) for _each in range(3)]
    former = make_member(company)
    Employment.objects.filter(person=former).update(ends_on=TODAY() - ONE_DAY)
    vendor = make_member(make_company(role="vendor"))
    Membership.objects.all().delete()
    migration.seat_members(apps, None)
    assert [member_company(person) for person in [*people, former, vendor]] == [company] * 3 + [None] * 2
    assert Membership.objects.get().allowed == 3


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_last_seat_is_given_once_whatever_the_hurry():
    company = make_company()
    one = membership_of(company, seats=3)
    people = [colleague(company) for _each in range(10)]

    jobs = [partial(give_seat, membership=one, person=person) for person in people]
    refused = [done for done in in_threads(jobs) if isinstance(done, NoSeatLeft)]
    assert (len(refused), Seat.objects.count()) == (7, 3)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_there_would_be_too_many(monkeypatch):
    """The negative control: the membership is read but not locked, and each is past the count at once."""
    company = make_company()
    one = membership_of(company, seats=3)
    people = [colleague(company) for _each in range(8)]
    together, count = threading.Barrier(len(people)), seats.refuse_too_many

    def counted(allowed, spans):
        count(allowed, spans)
        together.wait(timeout=30)

    monkeypatch.setattr(seats, "refuse_too_many", counted)
    monkeypatch.setattr(
        seats, "locked", lambda row: Membership.objects.select_related("company").get(pk=row.pk)
    )
    in_threads([partial(give_seat, membership=one, person=person) for person in people])
    assert Seat.objects.open().count() == 8
