"""Create and change membership plans."""

from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from convention.audit.record import record_action
from convention.club.companies import set_free_slug
from convention.club.models import Membership, Plan


def list_plans() -> QuerySet[Plan]:
    """Return all plans in their order, each with `membership_count`, of all times."""
    memberships = Membership.objects.filter(plan=OuterRef("pk")).order_by().values("plan")
    count = Subquery(memberships.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    return Plan.objects.annotate(membership_count=Coalesce(count, 0)).order_by("position", "pk")


@transaction.atomic
def save_plan(*, plan: Plan, changed_fields: list[str]) -> Plan:
    """Create or update a plan; a new one gets a slug made from its name.

    Memberships copied its terms when they were drafted, and do not change.
    """
    verb = "plan.change" if plan.pk else "plan.create"
    if plan.pk is None:
        set_free_slug(plan)
    plan.save()
    record_action(verb, plan, fields=changed_fields)
    return plan
