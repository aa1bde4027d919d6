"""Mergers of companies: people move, some get seats, and history is preserved."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.merge_companies import merge_company, preview_company_merge
from convention.club.models import Company, Employment, Market, Membership, Seat
from convention.club.permissions import get_companies_of_contact, get_member_company
from convention.errors import InvalidFields
from convention.events.models import Delegation
from tests.factories import (
    make_administrator,
    make_company,
    make_contact,
    make_event,
    make_member,
    make_person,
)
from tests.site_objects import make_delegation

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def firms():
    """Return a company that merges, and one with two seats, one of them given."""
    gone, stays = make_company(name="Allée"), make_company(name="Banque")
    stays.memberships.update(seats=2)
    make_member(stays)
    return gone, stays


def test_merge_moves_people_gives_seats_by_seniority_and_preserves_history(firms):
    gone, stays = firms
    market = Market.objects.create(slug="stockage", name="Stockage")
    gone.markets.add(market)
    gone.roles.create(role="vendor", starts_on=TODAY() - 9 * ONE_DAY)
    old, young = make_contact(gone), make_member(gone)
    Seat.objects.filter(person=young).update(starts_on=TODAY() - ONE_DAY)
    on = TODAY() + 10 * ONE_DAY

    done = merge_company(company=gone, into=stays, on=on)

    assert done.moved_people == [old, young]
    assert done.people_with_seat == [old]
    assert done.people_without_seat == [young]
    assert [get_member_company(old, at=day) for day in (on - ONE_DAY, on)] == [gone, stays]
    assert [get_member_company(young, at=day) for day in (on - ONE_DAY, on)] == [gone, None]
    assert list(Employment.objects.open(at=on).filter(person=young).values_list("company", flat=True)) == [
        stays.pk
    ]
    assert list(get_companies_of_contact(old)) == [gone]
    assert stays.contacts.get().starts_on == on
    assert sorted(stays.roles.values_list("role", "starts_on"))[-1] == ("vendor", on)
    assert list(stays.markets.all()) == [market]
    assert gone.memberships.get().state_on(on) == "merged"
    gone.refresh_from_db()
    assert gone.parent == stays
    assert AuditEntry.objects.filter(verb="company.merge").count() == 1


def test_merge_preview_stores_nothing(firms):
    gone, stays = firms
    people = [make_member(gone), make_member(gone)]

    done = preview_company_merge(company=gone, into=stays, on=TODAY())

    assert len(done.people_with_seat) == 1
    assert len(done.people_without_seat) == 1
    assert [get_member_company(person) for person in people] == [gone, gone]
    assert gone.memberships.get().left_on is None


def test_merge_leaves_seat_of_person_employed_by_both_and_moves_future_jobs(firms):
    gone, stays = firms
    both = stays.memberships.get().given_seats.get().person
    Employment.objects.create(person=both, company=gone, starts_on=TODAY() - ONE_DAY)
    Seat.objects.create(membership=gone.memberships.get(), person=both, starts_on=TODAY() - ONE_DAY)
    coming = make_person()
    Employment.objects.create(person=coming, company=gone, starts_on=TODAY() + 30 * ONE_DAY)

    done = merge_company(company=gone, into=stays, on=TODAY())

    assert done.moved_people == [coming]
    assert done.people_with_seat == []
    assert done.people_without_seat == []
    assert get_member_company(both) == stays
    assert list(coming.employments.values_list("company", "starts_on")) == [
        (stays.pk, TODAY() + 30 * ONE_DAY)
    ]


def test_merge_without_membership_gives_no_seats_and_cycles_are_refused(firms):
    gone, _stays = firms
    vendor = make_company(role="vendor")

    member = make_member(gone)

    assert merge_company(company=gone, into=vendor, on=TODAY()).people_without_seat == [member]

    for into in (vendor, Company.objects.get(pk=gone.pk)):
        with pytest.raises(InvalidFields):
            merge_company(company=vendor, into=into, on=TODAY())


def test_company_with_delegation_can_merge_only_after_its_end(firms):
    gone, stays = firms
    gone.roles.create(role="organizer", starts_on=TODAY() - 9 * ONE_DAY)
    on = TODAY() + 10 * ONE_DAY
    contract = make_delegation(make_event(), until=on)

    Delegation.objects.update(company=gone)

    with pytest.raises(InvalidFields) as refused:
        preview_company_merge(company=gone, into=stays, on=on)
    (sentence,) = refused.value.field_errors["on"]
    assert contract.event.title in sentence
    assert merge_company(company=gone, into=stays, on=on + ONE_DAY).moved_people == []


def test_merge_page_shows_preview_before_confirmation(client, firms):
    gone, stays = firms
    people = [make_member(gone), make_member(gone)]
    client.force_login(make_administrator())
    at = f"/organize/club/companies/{gone.slug}/merge/"
    typed = {"into": stays.pk, "on": TODAY()}

    page = client.post(at, typed)

    assert page.context["preview"].people_without_seat == people[1:]
    assert str(people[1]) in page.content.decode()
    assert Membership.objects.filter(left_as="merged").count() == 0

    answer = client.post(at, {**typed, "confirm": "1"})

    assert answer["Location"] == f"/organize/club/companies/{stays.slug}/"
    assert get_member_company(people[0]) == stays

    refused = client.post(f"/organize/club/companies/{stays.slug}/merge/", {"into": gone.pk, "on": TODAY()})

    assert list(refused.context["form"].errors) == ["into"]


def test_seat_that_outlasted_employment_does_not_block_merge(firms):
    gone, stays = firms
    person = make_member(gone)
    Employment.objects.filter(person=person).update(ends_on=TODAY() - ONE_DAY)

    result = merge_company(company=gone, into=stays, on=TODAY())

    assert result.people_without_seat == [person]


# --- after the merger --------------------------------------------------------------------------------------


def test_merged_company_names_its_survivor_in_the_list_and_offers_no_actions(client, firms):
    gone, stays = firms
    client.force_login(make_administrator())
    merge_company(company=gone, into=stays, on=TODAY())

    row = html.fromstring(client.get("/en/organize/club/?q=Allée").text).xpath("//tbody/tr/th")[0]
    page = html.fromstring(client.get(f"/en/organize/club/companies/{gone.slug}/").text)
    addresses = [*page.xpath("//main//a/@href"), *page.xpath("//main//form/@action")]

    assert "merged into Banque" in " ".join(row.text_content().split())
    assert "This company merged into Banque on" in page.text_content()
    assert [address for address in addresses if "/merge/" in address] == []
    assert [address for address in addresses if address.endswith("memberships/new/")] == []
    assert [address for address in addresses if address.endswith("/roles/")] == ["/en/organize/club/roles/"]


def test_survivor_lists_merged_companies_apart_from_subsidiaries(client, firms):
    gone, stays = firms
    make_company(name="Filiale", parent=stays)
    client.force_login(make_administrator())
    merge_company(company=gone, into=stays, on=TODAY())

    page = html.fromstring(client.get(f"/en/organize/club/companies/{stays.slug}/").text)
    facts = {
        fact.findtext("dt"): " ".join(fact.find("dd").text_content().split())
        for fact in page.xpath("//dl[@class='facts prose']/div")
    }

    assert facts["Subsidiaries"] == "Filiale"
    assert facts["Merged companies"] == "Allée"


def test_company_that_merges_later_is_not_marked_as_merged_yet(firms):
    gone, stays = firms

    merge_company(company=gone, into=stays, on=TODAY() + ONE_DAY)
    gone.refresh_from_db()

    assert not gone.is_merged


def test_message_of_a_merger_without_people_counts_nothing(client, firms):
    gone, stays = firms
    client.force_login(make_administrator())

    page = client.post(
        f"/en/organize/club/companies/{gone.slug}/merge/",
        {"into": stays.pk, "on": TODAY(), "confirm": "1"},
        follow=True,
    ).text

    assert "The merger has been saved. No person and no seat will move." in page
