"""Merges of two records of one person: everything moves to the survivor, and no account is taken over."""

import datetime

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.utils import translation

from convention.accounts.permissions import owns_address
from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.addresses.other_addresses import list_other_addresses
from convention.club.addresses.own_addresses import find_active_owner
from convention.club.directory_import.import_directory import import_directory
from convention.club.merge_people.merge_people import PeopleMergeRefused, merge_people
from convention.club.models import ClubRole, Employment, Mandate, Person, Seat, WorkingGroup
from convention.club.people import find_address_holder
from convention.errors import NotFound
from convention.tables.files import read_table
from tests.convention.club.objects import make_confirmed_renewal, sign_in_once
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_person,
    make_registration,
)

pytestmark = pytest.mark.django_db
JANUARY, MARCH = datetime.date(2026, 1, 1), datetime.date(2026, 3, 1)
MAY, JULY = datetime.date(2026, 5, 1), datetime.date(2026, 7, 1)


@pytest.fixture
def secretary():
    person = make_person()
    ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020)
    return person


@pytest.fixture
def records():
    """Return two records of one person who never signed in, with two addresses."""
    return (
        make_person(email="ana@firm.example", first_name="Ana", last_name="Petit"),
        make_person(email="ana@new.example", first_name="Anna", last_name="Petit-Roy"),
    )


def merge(records, actor, fields=()):
    survivor, duplicate = records
    with translation.override("en"):
        return merge_people(survivor=survivor, duplicate=duplicate, actor=actor, fields_from_duplicate=fields)


def set_password(person):
    person.set_password("correct horse battery")
    person.save(update_fields=["password"])


def give_club_role(person):
    ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020)


def make_superuser(person):
    person.is_superuser = True
    person.save(update_fields=["is_superuser"])


def close_record(person):
    person.is_active = False
    person.save(update_fields=["is_active"])


def test_registration_and_seat_move_and_duplicate_is_deleted(records, secretary):
    survivor, duplicate = records
    registration = make_registration(person=duplicate)
    seat = Seat.objects.create(
        membership=make_company().memberships.get(), person=duplicate, starts_on=START_OF_2020
    )

    merge(records, secretary)

    registration.refresh_from_db()
    seat.refresh_from_db()
    assert registration.person == survivor
    assert seat.person == survivor
    assert not Person.objects.filter(pk=duplicate.pk).exists()


def test_chosen_values_come_from_the_duplicate(records, secretary):
    survivor = merge(records, secretary, ["last_name", "email"])

    survivor.refresh_from_db()
    assert survivor.name == "Ana Petit-Roy"
    assert survivor.email == "ana@new.example"


def test_empty_values_are_filled(secretary):
    records = make_person(email=None, last_name=""), make_person(email="ana@new.example", last_name="Roy")

    survivor = merge(records, secretary)

    survivor.refresh_from_db()
    assert survivor.last_name == "Roy"
    assert survivor.email == "ana@new.example"


def test_merged_person_is_found_by_a_chosen_name(records, secretary):
    survivor = merge(records, secretary, ["last_name"])

    assert Person.objects.search_for("petit-roy").get() == survivor


@pytest.mark.parametrize("fields", [[], ["email"]])
def test_both_addresses_sign_in_if_an_administrator_merges(records, fields):
    survivor = merge(records, make_administrator(), fields)

    addresses = EmailAddress.objects.filter(user=survivor, verified=True)
    assert set(addresses.values_list("email", flat=True)) == {"ana@firm.example", "ana@new.example"}
    survivor.refresh_from_db()
    assert addresses.get(primary=True).email == survivor.email


def test_secretary_vouches_for_no_address_that_nobody_has_proven(records, secretary):
    """Whoever reads the main address would get the orders of the other one."""
    survivor = merge(records, secretary)

    assert not owns_address(survivor, "ana@new.example")
    assert find_active_owner("ana@new.example") is None


def test_address_of_an_earlier_merge_stays_after_another_one(records, secretary):
    merge(records, secretary)
    other = make_person(email="ana@home.example")

    survivor = merge((other, records[0]), secretary)

    assert sorted(list_other_addresses(survivor)) == ["ana@firm.example", "ana@new.example"]


def test_unverified_address_of_an_account_in_use_is_not_known_as_its_own():
    owner = make_person()
    sign_in_once(owner)
    EmailAddress.objects.create(user=owner, email="boss@firm.example")

    assert find_address_holder("boss@firm.example") is None


def test_other_address_belongs_to_the_survivor_when_somebody_is_added(records, secretary):
    survivor = merge(records, secretary)

    assert find_address_holder("Ana@New.example") == survivor


def test_import_with_the_other_address_creates_no_second_record(records, secretary):
    survivor = merge(records, secretary)
    lines = "Société;Prénom;Nom;E-mail\nBanque Rose;Ana;Petit;ana@new.example\n"

    import_directory(table=read_table("list.csv", lines.encode()))

    assert survivor.employments.get().company.name == "Banque Rose"


def test_address_that_another_account_verified_stays_theirs(records):
    owner = make_person()
    EmailAddress.objects.create(user=owner, email="ana@new.example", verified=True)

    survivor = merge(records, make_administrator())

    assert not EmailAddress.objects.filter(user=survivor, email="ana@new.example").exists()


def test_address_that_duplicate_only_asked_for_does_not_move(records):
    survivor, duplicate = records
    sign_in_once(duplicate)
    EmailAddress.objects.create(user=duplicate, email="boss@firm.example", verified=False)

    merge(records, make_administrator())

    assert not EmailAddress.objects.filter(user=survivor, email="boss@firm.example").exists()


def test_overlapping_jobs_at_one_company_become_one(records, secretary):
    survivor, duplicate = records
    company = make_company()
    Employment.objects.create(person=survivor, company=company, starts_on=MARCH, ends_on=MAY)
    Employment.objects.create(person=duplicate, company=company, starts_on=JANUARY, title="Ops")

    merge(records, secretary)

    job = survivor.employments.get()
    assert job.starts_on == JANUARY
    assert job.ends_on is None
    assert job.title == "Ops"


def test_earlier_job_at_the_same_company_stays_apart(records, secretary):
    survivor, duplicate = records
    company = make_company()
    Employment.objects.create(person=survivor, company=company, starts_on=MAY)
    Employment.objects.create(person=duplicate, company=company, starts_on=JANUARY, ends_on=MARCH)

    merge(records, secretary)

    assert list(survivor.employments.order_by("starts_on").values_list("starts_on", "ends_on")) == [
        (JANUARY, MARCH), (MAY, None),
    ]  # fmt: skip


def test_overlapping_seats_of_one_membership_become_one(records, secretary):
    membership = make_company().memberships.get()
    for person, first_day in zip(records, (MARCH, JANUARY), strict=True):
        Seat.objects.create(membership=membership, person=person, starts_on=first_day)

    merge(records, secretary)

    assert membership.given_seats.get().starts_on == JANUARY


def test_seats_of_two_companies_stay(records, secretary):
    for person in records:
        Seat.objects.create(
            membership=make_company().memberships.get(), person=person, starts_on=START_OF_2020
        )

    survivor = merge(records, secretary)

    assert survivor.seats.count() == 2


def test_seat_in_grace_period_ends_before_seat_in_renewal(records, secretary):
    company = make_company()
    earlier = company.memberships.get()
    renewal = make_confirmed_renewal(company)
    Seat.objects.create(membership=earlier, person=records[0], starts_on=START_OF_2020)
    Seat.objects.create(membership=renewal, person=records[1], starts_on=renewal.starts_on)

    survivor = merge(records, secretary)

    ended = survivor.seats.get(membership=earlier)
    assert ended.ends_on == renewal.starts_on - datetime.timedelta(days=1)


def test_same_mandate_is_joined_by_administrator(records):
    group = WorkingGroup.objects.create(name="Stockage", slug="stockage")
    for person, first_day in zip(records, (MARCH, JANUARY), strict=True):
        Mandate.objects.create(group=group, person=person, role="lead", starts_on=first_day)

    merge(records, make_administrator())

    assert group.mandates.get().starts_on == JANUARY


@pytest.mark.parametrize(
    "use_account", [sign_in_once, set_password, give_club_role, make_superuser, close_record]
)
@pytest.mark.parametrize("used", [0, 1])
def test_secretary_merges_no_record_in_use(records, secretary, use_account, used):
    use_account(records[used])

    with pytest.raises(PeopleMergeRefused):
        merge(records, secretary)

    assert Person.objects.filter(pk__in=[person.pk for person in records]).count() == 2


@pytest.mark.parametrize("use_account", [sign_in_once, set_password, give_club_role, close_record])
def test_administrator_merges_a_duplicate_in_use(records, use_account):
    use_account(records[1])

    survivor = merge(records, make_administrator())

    assert survivor == records[0]


@pytest.mark.parametrize("used", [0, 1])
def test_administrator_does_not_merge_a_superuser(records, used):
    make_superuser(records[used])

    with pytest.raises(PeopleMergeRefused, match="superuser"):
        merge(records, make_administrator())


@pytest.mark.parametrize("own", [0, 1])
def test_administrator_does_not_merge_their_own_record(records, own):
    administrator = make_administrator()
    pair = [*records]
    pair[own] = administrator

    with pytest.raises(PeopleMergeRefused, match="yours"):
        merge(pair, administrator)


def test_record_that_opens_the_back_office_is_not_removed(records):
    records[1].is_staff = True
    records[1].save()

    with pytest.raises(PeopleMergeRefused, match="back office"):
        merge(records, make_administrator())


def test_open_record_is_not_merged_into_a_closed_one(records):
    close_record(records[0])

    with pytest.raises(PeopleMergeRefused, match="Reopen it first"):
        merge(records, make_administrator())


def test_record_is_not_merged_with_itself(records, secretary):
    with pytest.raises(PeopleMergeRefused):
        merge((records[0], records[0]), secretary)


def test_claimed_address_of_a_third_person_is_confirmed_first(records, secretary):
    make_person(email="known@example.org", first_name="Kim", last_name="Known")
    Person.objects.filter(pk=records[1].pk).update(claimed_email="known@example.org", email=None)

    with pytest.raises(PeopleMergeRefused, match="Kim Known"):
        merge(records, secretary)


def test_second_merge_says_that_the_record_is_gone(records, secretary):
    merge(records, secretary)

    with pytest.raises(NotFound):
        merge(records, secretary)


def test_api_tokens_of_the_duplicate_are_revoked(records):
    survivor, duplicate = records
    create_token(person_id=duplicate.pk, name="Script", scopes=["events:read"])

    merge(records, make_administrator())

    token = ApiToken.objects.get(person=survivor)
    assert token.revoked_at is not None


def test_back_office_groups_of_the_duplicate_do_not_move(records):
    survivor, duplicate = records
    duplicate.groups.add(Group.objects.create(name="Editors"))

    merge(records, make_administrator())

    assert not survivor.groups.exists()


def test_refusal_of_photographs_counts_for_both(records, secretary):
    Person.objects.filter(pk=records[0].pk).update(photo_consent=True)
    Person.objects.filter(pk=records[1].pk).update(photo_consent=False)

    survivor = merge(records, secretary)

    survivor.refresh_from_db()
    assert survivor.photo_consent is False


def test_audit_trail_names_ids_and_columns_without_values(records, secretary):
    duplicate_id = records[1].pk

    survivor = merge(records, secretary, ["last_name"])

    entry = AuditEntry.objects.get(verb="person.merge")
    assert entry.subject == f"club.person:{survivor.pk}"
    assert entry.details == {"merged_person": duplicate_id}
    assert "last_name" in entry.fields
    assert "Petit" not in str(entry.fields)


def test_actions_of_the_duplicate_become_those_of_the_survivor(records):
    entry = AuditEntry.objects.create(actor=records[1], verb="company.change", subject="club.company:1")

    survivor = merge(records, make_administrator())

    entry.refresh_from_db()
    assert entry.actor == survivor
