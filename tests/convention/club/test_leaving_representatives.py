"""Billing contacts and voting representatives who leave their company on a later day."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.change_employer import HandoverPlan, change_employer, clear_former_representatives
from convention.club.employments import end_employment
from convention.club.models import ClubRole, Employment
from convention.text.dates import format_date
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)


@pytest.fixture
def company():
    return make_company(name="Acme")


@pytest.fixture
def person(company):
    """Return the contact, billing contact and voting representative of the company."""
    contact = make_contact(company, first_name="Ana", last_name="Silva")
    company.memberships.update(billing_contact=contact, representative=contact)
    return contact


def list_representatives(company):
    membership = company.memberships.get()
    return [membership.billing_contact, membership.representative]


def test_person_who_leaves_later_keeps_the_roles_until_then(company, person):
    end_employment(employment=person.employments.get(), last_day=TODAY() + ONE_DAY)

    clear_former_representatives()

    assert list_representatives(company) == [person, person]


def test_cleared_last_day_leaves_the_roles_as_they_were(company, person):
    end_employment(employment=person.employments.get(), last_day=TODAY() + ONE_DAY)

    end_employment(employment=person.employments.get(), last_day=None)

    assert list_representatives(company) == [person, person]


def test_person_who_left_loses_the_roles_at_once(company, person):
    end_employment(employment=person.employments.get(), last_day=TODAY() - ONE_DAY)

    assert list_representatives(company) == [None, None]


def test_roles_end_after_the_last_day(company, person):
    person.employments.update(ends_on=TODAY() - ONE_DAY)

    clear_former_representatives()

    assert list_representatives(company) == [None, None]
    assert AuditEntry.objects.filter(verb="membership.hand_over").count() == 2


def test_past_membership_still_names_those_who_represented_the_company(company, person):
    person.employments.update(ends_on=TODAY() - ONE_DAY)
    company.memberships.update(ends_on=TODAY() - ONE_DAY)

    clear_former_representatives()

    assert list_representatives(company) == [person, person]


def test_successor_takes_the_roles_at_once(company, person):
    successor = make_member(company)

    change_employer(
        person=person,
        to=None,
        on=TODAY() + 9 * ONE_DAY,
        handover=HandoverPlan(company_successor=successor),
    )

    assert list_representatives(company) == [successor, successor]


def test_page_names_the_roles_to_replace_before_the_last_day(company, person):
    client, last_day = make_client(make_administrator()), TODAY() + ONE_DAY
    job = person.employments.get()

    page = client.post(
        f"/en/organize/club/people/{person.pk}/jobs/{job.pk}/end/", {"last_day": last_day}, follow=True
    ).text

    day = format_date(last_day)
    assert f"Ana Silva stays the billing contact of Acme until {day}." in page
    assert f"Ana Silva stays the voting representative of Acme until {day}." in page


def test_page_of_the_membership_names_the_roles_to_replace(company, person):
    person.employments.update(ends_on=TODAY() + ONE_DAY)
    membership = company.memberships.get()

    page = make_client(make_administrator()).get(
        f"/en/organize/club/companies/{company.slug}/memberships/{membership.pk}/"
    )

    assert "Ana Silva stays the billing contact of Acme until" in page.text


def test_page_of_the_membership_warns_of_nobody_who_stays(company, person):
    membership = company.memberships.get()

    page = make_client(make_administrator()).get(
        f"/en/organize/club/companies/{company.slug}/memberships/{membership.pk}/"
    )

    assert "stays the billing contact" not in page.text


def test_change_of_employer_records_the_ended_role_and_the_new_job(company, person):
    contact = company.contacts.get()

    change_employer(person=person, to=make_company(), on=TODAY())

    job = Employment.objects.get(person=person, ends_on=None)
    assert AuditEntry.objects.get(verb="contact.dismiss").subject == f"club.companycontact:{contact.pk}"
    assert AuditEntry.objects.get(verb="employment.add").subject == f"club.employment:{job.pk}"


@pytest.fixture
def secretary():
    """Return the client of the secretary."""
    return make_client(make_secretary())


def read(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def get_membership_path(membership):
    return f"/en/organize/club/companies/{membership.company.slug}/memberships/{membership.pk}/"


def change_today(client, person, **values):
    path = f"/en/organize/club/people/{person.pk}/employer/"
    return client.post(path, {"on": TODAY(), "mandates": "stay"} | values, follow=True)


def test_page_of_the_change_lists_the_roles_in_the_membership(secretary, person):
    page = read(secretary.get(f"/en/organize/club/people/{person.pk}/employer/"))

    assert "Billing contact, Acme" in page
    assert "Voting representative, Acme" in page


def test_page_of_the_change_lists_no_roles_at_other_companies(secretary, person):
    make_company(name="Globex").memberships.update(representative=person)

    page = read(secretary.get(f"/en/organize/club/people/{person.pk}/employer/"))

    assert "Voting representative, Globex" not in page


def test_page_of_the_person_lists_the_roles_in_memberships(secretary, company, person):
    membership = company.memberships.get()

    page = secretary.get(f"/en/organize/club/people/{person.pk}/")

    assert "billing contact, Acme" in read(page)
    assert "voting representative, Acme" in read(page)
    assert f'href="{get_membership_path(membership)}"' in page.text


def test_page_of_the_person_lists_no_roles_in_past_memberships(secretary, company, person):
    company.memberships.update(ends_on=TODAY() - ONE_DAY)

    page = read(secretary.get(f"/en/organize/club/people/{person.pk}/"))

    assert "voting representative, Acme" not in page


def test_change_of_today_says_which_roles_are_vacant_and_leads_to_the_membership(secretary, company, person):
    membership = company.memberships.get()

    page = change_today(secretary, person)

    assert "Acme no longer has a billing contact or a voting representative." in read(page)
    links = html.fromstring(page.text).xpath("//ul[contains(@class, 'messages')]//a/@href")
    assert get_membership_path(membership) in links


def test_change_of_a_mere_billing_contact_says_nothing_of_the_vote(secretary, company, person):
    company.memberships.update(representative=make_member(company))

    page = read(change_today(secretary, person))

    assert "Acme no longer has a billing contact. Choose someone" in page
    assert "voting representative" not in page


def test_change_with_a_successor_leaves_no_role_vacant(secretary, company, person):
    page = read(change_today(secretary, person, company_successor=make_member(company).pk))

    assert "no longer has" not in page


def test_removed_job_says_which_roles_are_vacant(secretary, person):
    job = person.employments.get()

    page = read(secretary.post(f"/en/organize/club/people/{person.pk}/jobs/{job.pk}/remove/", follow=True))

    assert "Acme no longer has a billing contact or a voting representative." in page


def test_job_that_ended_yesterday_says_which_roles_are_vacant(secretary, person):
    job, last_day = person.employments.get(), TODAY() - ONE_DAY

    page = read(
        secretary.post(
            f"/en/organize/club/people/{person.pk}/jobs/{job.pk}/end/", {"last_day": last_day}, follow=True
        )
    )

    assert "Acme no longer has a billing contact or a voting representative." in page


def test_season_page_counts_companies_without_a_representative(secretary, company, person):
    before = read(secretary.get("/en/organize/season/"))
    company.memberships.update(representative=None)

    page = secretary.get("/en/organize/season/")

    assert "voting representative" not in before
    assert "1 member company has no voting representative." in read(page)
    assert 'href="/en/organize/club/?membership=unrepresented"' in page.text


def list_unrepresented(client):
    page = html.fromstring(client.get("/en/organize/club/?membership=unrepresented").text)
    return [link.text for link in page.xpath("//tbody//a[contains(@href, '/companies/')]")]


def test_list_filters_companies_without_a_representative(secretary, company):
    represented = make_company(name="Globex")
    represented.memberships.update(representative=make_member(represented))

    assert "Acme" in list_unrepresented(secretary)
    assert "Globex" not in list_unrepresented(secretary)


@pytest.mark.parametrize(
    "changes",
    [
        {"votes": 0},
        {"confirmed_on": None},
        {"ends_on": TODAY() - ONE_DAY, "grace_until": TODAY() + ONE_DAY},
        {"left_on": TODAY(), "left_as": "resigned"},
    ],
    ids=["without votes", "draft", "in the grace period", "left"],
)
def test_memberships_that_cannot_vote_need_no_representative(secretary, company, changes):
    company.memberships.update(representative=None, **changes)

    assert list_unrepresented(secretary) == []


def test_organizers_of_the_season_read_nothing_about_representatives(company):
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)

    page = read(make_client(organizer).get("/en/organize/season/"))

    assert "voting representative" not in page
