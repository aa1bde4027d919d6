"""The list of companies by membership, and the way to a renewal from it."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from tests.factories import START_OF_2020, make_administrator, make_company, make_membership
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"


@pytest.fixture
def client():
    return make_client(make_administrator())


def days_from_today(number):
    return timezone.localdate() + datetime.timedelta(days=number)


def make_company_until(name, days, **fields):
    """Create a company whose membership ends in so many days."""
    company = make_company(name=name, role=None)
    make_membership(company, ends_on=days_from_today(days), **fields)
    return company


def list_companies(client, choice):
    tree = html.fromstring(client.get(f"{AT}?membership={choice}").text)
    return tree.xpath("//main//tbody/tr/th//a/text()")


@pytest.fixture
def companies():
    """Create companies with each state of their memberships."""
    make_company(name="Endless")
    make_company_until("Ending", 60)
    make_company_until("Later", 61)
    make_company_until("Grace", -1, grace_until=days_from_today(5))
    make_company_until("Expired", -1)
    make_company(name="None", role=None)
    make_membership(make_company(name="Draft", role=None), confirmed_on=None)
    renewed = make_company_until("Renewed", 10)
    make_membership(renewed, starts_on=days_from_today(11))
    bridged = make_company_until("Bridged", -1, grace_until=days_from_today(5))
    make_membership(bridged, starts_on=days_from_today(0))
    merged = make_company_until("Merged", -1)
    merged.merged_on = START_OF_2020
    merged.parent = renewed
    merged.save()


@pytest.mark.parametrize(
    ("choice", "names"),
    [("ending", ["Ending", "Grace"]), ("expired", ["Expired"]), ("none", ["Draft", "None"])],
)
def test_companies_are_filtered_by_membership(client, companies, choice, names):
    assert list_companies(client, choice) == names


def test_unknown_choice_lists_all_companies(client, companies):
    assert len(list_companies(client, "other")) == 10


def test_list_leads_to_the_renewal_of_memberships_that_end(client, companies):
    tree = html.fromstring(client.get(AT).text)

    links = tree.xpath("//main//tbody/tr[.//a[contains(@href, '#renew')]]/th//a/text()")

    assert links == ["Ending", "Expired", "Grace"]


def test_membership_with_a_drafted_renewal_is_not_renewed_again(client):
    company = make_company_until("Ending", 10)
    make_membership(company, starts_on=days_from_today(11), confirmed_on=None)

    page = client.get(AT).text

    assert "#renew" not in page
