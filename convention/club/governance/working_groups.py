"""Create and change working groups, and give and end mandates in them."""

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from convention.audit.record import record_action
from convention.club.companies import save_named_row
from convention.club.models import Mandate, Person, WorkingGroup
from convention.club.people import get_or_create_person
from convention.club.periods import DateSpan, end_period, refuse_overlap
from convention.club.permissions import check_mandate_recipient


def list_working_groups() -> QuerySet[WorkingGroup]:
    """Return the groups by name, each with `current_mandates` of today: two queries."""
    mandates = Mandate.objects.open().select_related("person").order_by("starts_on", "pk")
    groups: QuerySet[WorkingGroup] = WorkingGroup.objects.order_by("sort_name", "pk")
    return groups.prefetch_related(Prefetch("mandates", mandates, to_attr="current_mandates"))


def load_working_group_page(group: WorkingGroup) -> dict[str, Any]:
    """Return the context of a group's page: mandates that are open or begin later, and those that ended."""
    today = timezone.localdate()
    rows = group.mandates.select_related("person").order_by("-starts_on", "person__sort_name", "pk")
    return {
        "group": group,
        "today": today,
        "current": [row for row in rows if row.ends_on is None or row.ends_on >= today],
        "past": [row for row in rows if row.ends_on and row.ends_on < today],
    }


@transaction.atomic
def save_working_group(*, group: WorkingGroup, changed_fields: list[str]) -> WorkingGroup:
    """Create or update a group; a new one gets a slug made from its name.

    Raise InvalidFields if another group has the name.
    """
    verb = "working_group.change" if group.pk else "working_group.create"
    save_named_row(group)
    record_action(verb, group, fields=changed_fields)
    return group


@transaction.atomic
def give_mandate(
    *,
    group: WorkingGroup,
    actor: Person,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> Mandate:
    """Give the person with that address a role in the group; an unknown one is added to the directory.

    Raise InvalidFields if the person has the role in the group on one of these days, for an unknown address
    without a name, for a closed account, and for an actor's own mandate (`check_mandate_recipient`).
    """
    # A form sent twice must not give the mandate twice.
    WorkingGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    person = get_or_create_person(
        email=email, first_name=first_name, last_name=last_name, language=settings.LANGUAGE_CODE
    )
    check_mandate_recipient(actor, person, field="email")
    mandate = Mandate(group=group, person=person, role=role, starts_on=starts_on, ends_on=ends_on)
    _check_mandate_overlap(mandate, (starts_on, ends_on), field="role")
    mandate.save()
    record_action("mandate.give", mandate, fields=["person", "role", "starts_on", "ends_on"])
    return mandate


@transaction.atomic
def change_mandate_days(
    *, mandate: Mandate, actor: Person, starts_on: datetime.date, ends_on: datetime.date | None
) -> Mandate:
    """Change first and last day.

    Raise InvalidFields if the person has the same role on one of these days, and for an actor's own mandate
    (`check_mandate_recipient`).
    """
    check_mandate_recipient(actor, mandate.person, field="ends_on")
    WorkingGroup.objects.select_for_update(no_key=True).get(pk=mandate.group_id)
    _check_mandate_overlap(mandate, (starts_on, ends_on), field="starts_on")
    mandate.starts_on, mandate.ends_on = starts_on, ends_on
    mandate.save(update_fields=["starts_on", "ends_on"])
    record_action("mandate.change", mandate, fields=["starts_on", "ends_on"])
    return mandate


def _check_mandate_overlap(mandate: Mandate, days: DateSpan, *, field: str) -> None:
    same_roles = Mandate.objects.filter(group=mandate.group, person=mandate.person, role=mandate.role)
    refuse_overlap(same_roles.exclude(pk=mandate.pk), days, name=str(mandate.person), field=field)


@transaction.atomic
def end_mandate(*, mandate: Mandate) -> None:
    """End the mandate yesterday; delete it if it began today or later."""
    record_action("mandate.end", mandate, fields=["ends_on"])
    end_period(mandate)
