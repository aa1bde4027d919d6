"""Billing contacts and voting representatives who leave their company on a later day."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.club.change_employer import HandoverPlan, change_employer, clear_former_representatives
from convention.club.employments import end_employment
from convention.club.models import Employment
from convention.text.dates import format_date
from tests.factories import make_administrator, make_company, make_contact, make_member
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
