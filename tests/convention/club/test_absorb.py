"""Companies merge: who moves, who keeps a seat, and what stays where it was."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import Entry
from convention.club.absorb_company import absorb_company, rehearse_absorption
from convention.club.doors import companies_of_contact, member_company
from convention.club.models import Company, Employment, Market, Membership, Seat
from convention.errors import InvalidFields
from convention.events.models import Delegation
from tests.doors import delegated
from tests.factories import (
    make_administrator,
    make_company,
    make_contact,
    make_event,
    make_member,
    make_person,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def firms():
    """A company that goes, and one with two seats, one of them taken."""
    gone, stays = make_company(name="Allée"), make_company(name="Banque")
    stays.memberships.update(seats=2)
    make_member(stays)
    return gone, stays


def test_people_move_the_oldest_seats_first_and_history_stays(firms):
    gone, stays = firms
    market = Market.objects.create(slug="stockage", name="Stockage")
    gone.markets.add(market)
    gone.roles.create(role="vendor", starts_on=TODAY() - 9 * ONE_DAY)
    old, young = make_contact(gone), make_member(gone)
    Seat.objects.filter(person=young).update(starts_on=TODAY() - ONE_DAY)
    on = TODAY() + 10 * ONE_DAY
    done = absorb_company(company=gone, into=stays, on=on)
    assert (done.moved, done.seated, done.unseated) == ([old, young], [old], [young])
    assert [member_company(old, at=day) for day in (on - ONE_DAY, on)] == [gone, stays]
    assert [member_company(young, at=day) for day in (on - ONE_DAY, on)] == [gone, None]
    assert list(Employment.objects.open(at=on).filter(person=young).values_list("company", flat=True)) == [
        stays.pk
    ]
    assert list(companies_of_contact(old)) == [gone]
    assert stays.contacts.get().starts_on == on
    assert sorted(stays.roles.values_list("role", "starts_on"))[-1] == ("vendor", on)
    assert (list(stays.markets.all()), gone.memberships.get().state_on(on)) == ([market], "merged")
    gone.refresh_from_db()
    assert gone.parent == stays
    assert Entry.objects.filter(verb="company.absorb").count() == 1


def test_a_rehearsal_says_it_and_keeps_nothing(firms):
    gone, stays = firms
    people = [make_member(gone), make_member(gone)]
    done = rehearse_absorption(company=gone, into=stays, on=TODAY())
    assert (len(done.seated), len(done.unseated)) == (1, 1)
    assert [member_company(one) for one in people] == [gone, gone]
    assert gone.memberships.get().left_on is None


def test_who_works_at_both_keeps_the_seat_there_and_future_rows_move(firms):
    gone, stays = firms
    both = stays.memberships.get().given_seats.get().person
    Employment.objects.create(person=both, company=gone, starts_on=TODAY() - ONE_DAY)
    Seat.objects.create(membership=gone.memberships.get(), person=both, starts_on=TODAY() - ONE_DAY)
    coming = make_person()
    Employment.objects.create(person=coming, company=gone, starts_on=TODAY() + 30 * ONE_DAY)
    done = absorb_company(company=gone, into=stays, on=TODAY())
    assert (done.moved, done.seated, done.unseated) == ([coming], [], [])
    assert member_company(both) == stays
    assert list(coming.employments.values_list("company", "starts_on")) == [
        (stays.pk, TODAY() + 30 * ONE_DAY)
    ]


def test_without_a_membership_nobody_is_seated_and_circles_are_refused(firms):
    gone, _stays = firms
    vendor = make_company(role="vendor")
    member = make_member(gone)
    assert absorb_company(company=gone, into=vendor, on=TODAY()).unseated == [member]
    for into in (vendor, Company.objects.get(pk=gone.pk)):
        with pytest.raises(InvalidFields):
            absorb_company(company=vendor, into=into, on=TODAY())


def test_a_firm_under_contract_goes_only_when_the_contract_has_ended(firms):
    gone, stays = firms
    gone.roles.create(role="organizer", starts_on=TODAY() - 9 * ONE_DAY)
    on = TODAY() + 10 * ONE_DAY
    contract = delegated(make_event(), until=on)
    Delegation.objects.update(company=gone)
    with pytest.raises(InvalidFields) as refused:
        rehearse_absorption(company=gone, into=stays, on=on)
    (sentence,) = refused.value.fields["on"]
    assert contract.event.title in sentence
    assert absorb_company(company=gone, into=stays, on=on + ONE_DAY).moved == []


def test_the_page_says_first_what_the_merger_does(client, firms):
    gone, stays = firms
    people = [make_member(gone), make_member(gone)]
    client.force_login(make_administrator())
    at = f"/organize/club/companies/{gone.slug}/merge/"
    typed = {"into": stays.pk, "on": TODAY()}
    page = client.post(at, typed)
    assert page.context["rehearsal"].unseated == people[1:]
    assert str(people[1]) in page.content.decode()
    assert Membership.objects.filter(left_as="merged").count() == 0
    answer = client.post(at, {**typed, "confirm": "1"})
    assert answer["Location"] == f"/organize/club/companies/{stays.slug}/"
    assert member_company(people[0]) == stays
    refused = client.post(f"/organize/club/companies/{stays.slug}/merge/", {"into": gone.pk, "on": TODAY()})
    assert list(refused.context["form"].errors) == ["into"]
