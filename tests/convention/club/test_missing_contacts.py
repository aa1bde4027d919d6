"""Companies without a contact: the message after a change of employer, the filter, “Needs attention”."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.models import ClubRole, CompanyContact
from convention.club.periods import find_first_gap
from convention.text.dates import format_date
from tests.factories import (
    START_OF_2020,
    make_company,
    make_contact,
    make_member,
    make_membership,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate
ONE_DAY = datetime.timedelta(days=1)
VACANT = "Acme no longer has a contact. Appoint a contact"


@pytest.fixture
def secretary():
    """Return the client of the secretary."""
    return make_client(make_secretary())


@pytest.fixture
def company():
    return make_company(name="Acme")


@pytest.fixture
def person(company):
    """Return the only contact of the company."""
    return make_contact(company)


def read(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def change_employer(client, person, **values):
    path = f"/en/organize/club/people/{person.pk}/employer/"
    return client.post(path, {"on": TODAY(), "mandates": "stay"} | values, follow=True)


def test_change_of_the_only_contact_leads_to_the_company(secretary, company, person):
    page = change_employer(secretary, person)

    links = html.fromstring(page.text).xpath("//ul[contains(@class, 'messages')]//a/@href")
    assert VACANT in read(page)
    assert f"/en/organize/club/companies/{company.slug}/#contacts" in links


def test_link_of_the_message_leads_to_the_section_of_contacts(secretary, company):
    page = html.fromstring(secretary.get(f"/en/organize/club/companies/{company.slug}/").text)

    [heading] = page.xpath("//*[@id='contacts']//h2")
    assert heading.text == "Contacts"


def test_change_on_a_later_day_names_the_first_day_without_a_contact(secretary, person):
    on = TODAY() + 9 * ONE_DAY

    page = change_employer(secretary, person, on=on)

    assert f"Acme will have no contact from {format_date(on)}." in page.text


def test_successor_leaves_no_company_without_a_contact(secretary, company, person):
    page = read(change_employer(secretary, person, company_successor=make_member(company).pk))

    assert "The change has been saved." in page
    assert "has a contact" not in page
    assert "will have no contact" not in page


def test_second_contact_leaves_no_company_without_a_contact(secretary, company, person):
    make_contact(company)

    page = read(change_employer(secretary, person))

    assert "The change has been saved." in page
    assert "no longer has a contact" not in page


def test_second_contact_until_a_later_day_is_not_enough(secretary, company, person):
    last_day = TODAY() + ONE_DAY
    CompanyContact.objects.filter(person=make_contact(company)).update(ends_on=last_day)

    page = change_employer(secretary, person)

    assert f"Acme will have no contact from {format_date(last_day + ONE_DAY)}." in page.text


def test_role_at_another_company_that_was_to_end_anyway_is_no_news(secretary, person):
    other = make_company(name="Globex")
    last_day = TODAY() + ONE_DAY
    CompanyContact.objects.create(company=other, person=person, starts_on=START_OF_2020, ends_on=last_day)

    page = read(change_employer(secretary, person))

    assert VACANT in page
    assert "Globex will have no contact" not in page


def test_name_of_the_company_is_escaped_in_the_message(secretary, company, person):
    company.name = "<b>Acme</b>"
    company.save()

    page = change_employer(secretary, person)

    assert "&lt;b&gt;Acme&lt;/b&gt; no longer has a contact." in page.text
    assert "<b>Acme</b>" not in page.text


@pytest.mark.parametrize(
    ("action", "values"),
    [("end", {"last_day": TODAY() - ONE_DAY}), ("remove", {})],
    ids=["ended", "removed"],
)
def test_job_that_is_over_leaves_the_company_without_a_contact(secretary, person, action, values):
    job = person.employments.get()

    page = secretary.post(
        f"/en/organize/club/people/{person.pk}/jobs/{job.pk}/{action}/", values, follow=True
    )

    assert VACANT in read(page)


def make_contact_roles(*days):
    """Return roles from and to these numbers of days after today, without an end for None."""
    return [
        CompanyContact(
            starts_on=TODAY() + first * ONE_DAY, ends_on=None if last is None else TODAY() + last * ONE_DAY
        )
        for first, last in days
    ]


@pytest.mark.parametrize(
    ("days", "gap"),
    [
        ([], 0),
        ([(-5, -1)], 0),
        ([(1, None)], 0),
        ([(-5, 0)], 1),
        ([(-5, None)], None),
        ([(-5, 3), (4, None)], None),
        ([(4, None), (-5, 3)], None),
        ([(-5, 3), (5, None)], 4),
        ([(-5, 9), (-4, 3)], 10),
    ],
)
def test_first_gap_is_the_first_day_that_no_role_includes(days, gap):
    roles = make_contact_roles(*days)

    found = find_first_gap(roles, at=TODAY())

    assert found == (None if gap is None else TODAY() + gap * ONE_DAY)


def test_role_until_the_last_possible_day_leaves_no_gap():
    role = CompanyContact(starts_on=START_OF_2020, ends_on=datetime.date.max)

    assert find_first_gap([role], at=TODAY()) is None


# --- the filter and what needs attention -------------------------------------------------------------------


def list_without_contact(client):
    page = html.fromstring(client.get("/en/organize/club/?membership=no_contact").text)
    return [link.text for link in page.xpath("//tbody//th//a")]


def test_list_filters_member_companies_without_a_contact(secretary, company):
    make_contact(make_company(name="Globex"))
    make_company(name="Initech", role="vendor")

    assert list_without_contact(secretary) == ["Acme"]


def test_list_offers_the_filter(secretary, company):
    page = html.fromstring(secretary.get("/en/organize/club/?membership=no_contact").text)

    assert page.xpath("//select[@name='membership']/option[@selected]/text()") == ["No contact"]


@pytest.mark.parametrize(
    ("days", "is_listed"),
    [
        ({"ends_on": TODAY() - ONE_DAY}, True),
        ({"starts_on": TODAY() + ONE_DAY}, True),
        ({"ends_on": TODAY()}, False),
    ],
    ids=["ended", "to come", "last day"],
)
def test_contact_counts_on_the_days_of_the_role(secretary, company, person, days, is_listed):
    company.contacts.update(**days)

    assert (list_without_contact(secretary) == ["Acme"]) == is_listed


@pytest.mark.parametrize(
    ("fields", "is_listed"),
    [
        ({"ends_on": TODAY() - ONE_DAY, "grace_until": TODAY() + ONE_DAY}, True),
        ({"ends_on": TODAY() - ONE_DAY}, False),
        ({"confirmed_on": None}, False),
        ({"left_on": TODAY(), "left_as": "resigned"}, False),
    ],
    ids=["in the grace period", "expired", "draft", "left"],
)
def test_company_needs_a_contact_while_its_membership_is_open(secretary, fields, is_listed):
    make_membership(make_company(name="Initech", role=None), **fields)

    assert (list_without_contact(secretary) == ["Initech"]) == is_listed


def test_merged_company_needs_no_contact(secretary, company):
    survivor = make_company(name="Globex")
    make_contact(survivor)
    company.merged_on, company.parent = START_OF_2020, survivor
    company.save()

    assert list_without_contact(secretary) == []


def test_season_page_counts_member_companies_without_a_contact(secretary, company):
    page = secretary.get("/en/organize/season/")

    assert "1 member company has no contact." in read(page)
    assert 'href="/en/organize/club/?membership=no_contact"' in page.text


def test_season_page_counts_no_companies_with_a_contact(secretary, person):
    page = read(secretary.get("/en/organize/season/"))

    assert "has no contact" not in page


def test_organizers_of_the_season_read_nothing_about_contacts(company):
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)

    page = read(make_client(organizer).get("/en/organize/season/"))

    assert "has no contact" not in page
