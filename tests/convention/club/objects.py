"""A role of the club, a working group and a plan, for the addresses that name them."""

from typing import Any

from convention.club.models import ClubRole, Mandate, Plan, WorkingGroup
from tests.factories import START_OF_2020, make_person


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
