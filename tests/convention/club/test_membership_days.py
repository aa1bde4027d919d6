"""The days of memberships: what the forms propose, the grace period of a renewal, and the displayed state."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.club.memberships import confirm_membership, create_membership, renew_membership
from convention.club.models import Membership, Plan
from convention.errors import InvalidFields
from tests.factories import make_company, make_secretary
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
AT = "/en/organize/club/companies/"
DAY = datetime.date


@pytest.fixture
def client():
    return make_client(make_secretary())


@pytest.fixture
def plan() -> Plan:
    return Plan.objects.create(slug="standard", name="Standard", seats=5, dues_cents=100_000)


def add_membership(name: str, plan: Plan, starts_on: DAY, ends_on: DAY | None) -> Membership:
    company = make_company(name=name, slug=name.lower(), role=None)
    draft = create_membership(company=company, plan=plan, starts_on=starts_on, ends_on=ends_on)
    return confirm_membership(membership=draft)


def read_days(client, path: str, name: str) -> list[str]:
    return html.fromstring(client.get(path).content).xpath(f"//main//input[@name='{name}']/@value")


def test_new_membership_ends_with_most_of_the_others(client, plan):
    today = timezone.localdate()
    most, one = DAY(today.year + 1, 12, 31), DAY(today.year + 1, 6, 30)
    for name, ends_on in (("Lac", most), ("Mer", most), ("Pic", one)):
        add_membership(name, plan, today, ends_on)
    make_company(name="Val", slug="val", role=None)

    assert read_days(client, f"{AT}val/memberships/new/", "ends_on") == [most.isoformat()]


def test_first_membership_of_a_club_has_no_proposed_end(client, plan):
    make_company(name="Val", slug="val", role=None)

    assert read_days(client, f"{AT}val/memberships/new/", "ends_on") == []


def test_renewal_is_proposed_for_as_long_as_the_present_membership(client, plan):
    year = timezone.localdate().year
    membership = add_membership("Lac", plan, DAY(year, 1, 1), DAY(year, 12, 31))

    proposed = read_days(client, f"{AT}lac/memberships/{membership.pk}/", "renew-ends_on")

    assert proposed == [f"{year + 1}-12-31"]


def test_renewal_has_the_same_grace_period(plan):
    membership = add_membership("Lac", plan, DAY(2027, 1, 1), DAY(2027, 12, 31))
    membership.grace_until = DAY(2028, 3, 31)
    membership.save()

    renewal = renew_membership(membership=membership, plan=plan, ends_on=DAY(2028, 12, 31))

    assert renewal.grace_until == DAY(2029, 3, 31)


def test_renewal_that_ends_on_another_date_has_as_many_days_of_grace(plan):
    membership = add_membership("Lac", plan, DAY(2027, 1, 1), DAY(2027, 12, 31))
    membership.grace_until = DAY(2028, 1, 30)
    membership.save()

    renewal = renew_membership(membership=membership, plan=plan, ends_on=DAY(2028, 6, 30))

    assert renewal.grace_until == DAY(2028, 7, 30)


@pytest.mark.parametrize("grace_until", [None, DAY(2028, 3, 31)])
def test_renewal_without_an_end_has_no_grace_period(plan, grace_until):
    membership = add_membership("Lac", plan, DAY(2027, 1, 1), DAY(2027, 12, 31))
    membership.grace_until = grace_until
    membership.save()

    assert renew_membership(membership=membership, plan=plan, ends_on=None).grace_until is None


def test_page_says_that_a_membership_has_no_end_date(client, plan):
    membership = add_membership("Lac", plan, timezone.localdate(), None)

    page = client.get(f"{AT}lac/memberships/{membership.pk}/").text

    assert "This membership has no end date" in page


def test_confirmed_membership_that_has_not_begun_is_not_called_pending(client, plan):
    first_day = timezone.localdate() + datetime.timedelta(days=30)
    membership = add_membership("Lac", plan, first_day, None)

    page = html.fromstring(client.get(f"{AT}lac/memberships/{membership.pk}/").content)

    assert page.xpath("string(//main//span[contains(@class, 'tag')])") == "confirmed, not begun"


def test_renewal_of_a_closed_plan_asks_for_another_one(client, plan):
    other = Plan.objects.create(slug="basic", name="Basic", seats=2)
    Plan.objects.filter(pk=plan.pk).update(is_offered=False)
    today = timezone.localdate()
    membership = add_membership("Lac", plan, today, today + datetime.timedelta(days=30))

    page = html.fromstring(client.get(f"{AT}lac/memberships/{membership.pk}/").content)

    assert page.xpath("//select[@name='renew-plan']/option/@value") == ["", str(other.pk)]


def test_draft_is_not_renewed(plan):
    company = make_company(name="Lac", slug="lac", role=None)
    draft = create_membership(
        company=company, plan=plan, starts_on=DAY(2027, 1, 1), ends_on=DAY(2027, 12, 31)
    )

    with pytest.raises(InvalidFields) as caught:
        renew_membership(membership=draft, plan=plan, ends_on=None)

    assert list(caught.value.field_errors) == ["membership"]
