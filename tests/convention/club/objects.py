"""A role of the club, a working group and a plan, for the addresses that name them; a renewal."""

import datetime
from typing import Any

from django.utils import timezone

from convention.club.models import ClubRole, Company, Mandate, Membership, Person, Plan, WorkingGroup
from tests.factories import START_OF_2020, make_membership, make_person


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
