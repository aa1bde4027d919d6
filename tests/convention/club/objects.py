"""A role of the club, a working group and a plan, for the addresses that name them; pages of renewals."""

import datetime
from typing import Any

from django.utils import timezone
from lxml import html

from convention.club.memberships import renew_membership
from convention.club.models import ClubRole, Company, Mandate, Membership, Person, Plan, WorkingGroup
from tests.factories import START_OF_2020, make_company, make_membership, make_person


def make_governance_objects(spare: int) -> dict[str, Any]:
    """Create a role of the club, a working group with a mandate, and a plan."""
    person, slug = make_person(), f"cloud{spare or ''}"
    group = WorkingGroup.objects.create(slug=slug, name=slug, kind="thematic")
    return {
        "role_of_club": ClubRole.objects.create(person=person, role="secretary", starts_on=START_OF_2020).pk,
        "group": group.slug,
        "mandate": Mandate.objects.create(
            group=group, person=person, role="lead", starts_on=START_OF_2020
        ).pk,
        "plan": Plan.objects.create(slug=slug, name=slug).slug,
    }


def make_confirmed_renewal(company: Company, **fields: Any) -> Membership:
    """End the company's membership, which is in its grace period now, and return the one that follows."""
    ended_on = timezone.localdate() - datetime.timedelta(days=10)
    company.memberships.update(ends_on=ended_on, grace_until=ended_on + datetime.timedelta(days=30))
    first_day = ended_on + datetime.timedelta(days=1)
    return make_membership(company, starts_on=first_day, confirmed_on=first_day, **fields)


def sign_in_once(person: Person) -> None:
    """Store that the person has signed in."""
    person.last_login = timezone.now()
    person.save(update_fields=["last_login"])


def in_days(number: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=number)


def make_ending_company(name: str, plan: Plan, *, days: int = 30, **fields: Any) -> Company:
    """Create a company whose membership, under the plan, ends in so many days."""
    company = make_company(name=name, slug=name.lower(), role=None)
    make_membership(
        company,
        plan=plan,
        dues_cents=plan.dues_cents,
        starts_on=in_days(days - 364),
        confirmed_on=in_days(days - 364),
        ends_on=in_days(days),
        **fields,
    )
    return company


def make_renewal(company: Company, plan: Plan, **fields: Any) -> Membership:
    """Draft the membership that follows the company's only one."""
    return renew_membership(membership=company.memberships.get(), plan=plan, ends_on=None, **fields)


def read(response: Any) -> Any:
    return html.fromstring(response.text)


def collect_fields(page: Any, button: str) -> dict[str, Any]:
    """Return the fields of the form that has the button, as a browser would send them."""
    [form] = page.xpath(f"//form[.//button[@name='{button}']]")
    fields: dict[str, Any] = {}
    for name, value in form.form_values():
        fields.setdefault(name, []).append(value)
    return {**fields, button: "1"}


def list_reasons(page: Any) -> list[str]:
    """Return the lines of the companies that stay as they are."""
    lines = page.xpath("//main//div[contains(@class, 'notice')]//li")
    return [" ".join(line.text_content().split()) for line in lines]
