"""Give people roles for one event, and end them."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import Person
from convention.club.people import add_colleague, get_or_create_by_address
from convention.club.periods import DateSpan, join_given_days
from convention.club.permission_cache import reset_permission_cache
from convention.errors import Forbidden, InvalidFields

from .models import Delegation, Event, EventRole
from .permissions import can_organize, get_delegation
from .role_mails import queue_role_mail


@transaction.atomic
def appoint_person(
    *,
    event: Event,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> EventRole:
    """Give the role to the person with that address; an unknown one is added, also without a name.

    A period of the same role that overlaps or touches these days is extended instead; it gets `ends_on` as
    its end if they include today. The person gets an e-mail. Raise InvalidFields for a closed account.
    """
    # Two requests at once must find each other's role instead of giving it twice.
    lock_event(event)
    person = get_or_create_by_address(email=email, first_name=first_name, last_name=last_name)
    return give_event_role(event=event, person=person, role=role, days=(starts_on, ends_on))


@transaction.atomic
def appoint_delegate(
    *,
    delegation: Delegation,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> EventRole:
    """Give a role under a contract, as an organizer of the firm; the person gets an e-mail.

    Raise InvalidFields for the organizer's role, which only the club gives, and for the address of a known
    person who does not work for the firm.
    """
    # Otherwise a firm could appoint organizers after the club had chosen who runs the event.
    if role == EventRole.Role.ORGANIZER:
        sentence = _("The club decides who runs the event for %(company)s. Please contact the club.")
        values = {"company": delegation.company}
        raise InvalidFields(_("Some fields need to be corrected."), {"role": [sentence % values]})
    lock_event(delegation.event)
    person = add_colleague(
        company=delegation.company, email=email, first_name=first_name, last_name=last_name
    )
    days = (starts_on, ends_on)
    return give_event_role(event=delegation.event, person=person, role=role, days=days, delegation=delegation)


def give_event_role(
    *, event: Event, person: Person, role: str, days: DateSpan, delegation: Delegation | None = None
) -> EventRole:
    """Do what `save_event_role` does, and queue the mail to the person if the role or its days are new."""
    same_roles = EventRole.objects.filter(event=event, person=person, role=role, delegation=delegation)
    former_days = {row.pk: (row.starts_on, row.ends_on) for row in same_roles}
    event_role = save_event_role(event=event, person=person, role=role, days=days, delegation=delegation)
    if former_days.get(event_role.pk) != (event_role.starts_on, event_role.ends_on):
        queue_role_mail(event_role)
    return event_role


def save_event_role(
    *, event: Event, person: Person, role: str, days: DateSpan, delegation: Delegation | None = None
) -> EventRole:
    """Create the role, or add the days to it; call `lock_event` before, except for a new event."""
    same_roles = EventRole.objects.filter(event=event, person=person, role=role, delegation=delegation)
    # A role given from next month, or for a past period, must not end today's access.
    joined, (first_day, last_day) = join_given_days(same_roles, days)
    event_role = (
        joined[0] if joined else EventRole(event=event, person=person, role=role, delegation=delegation)
    )
    same_roles.filter(pk__in=[row.pk for row in joined[1:]]).delete()
    event_role.starts_on, event_role.ends_on = first_day, last_day
    event_role.save()
    record_action("role.give", event_role, event=event, fields=["role", "starts_on", "ends_on"])
    return event_role


@transaction.atomic
def end_event_role(*, role: EventRole, actor: Person) -> None:
    """End a role yesterday; delete it if it began today or later.

    Other rows that give the person the same role today end too, except those that the club gave if `actor`
    works for an outside firm. Do nothing for a role that has ended; for one that begins later, delete only
    that row. Raise Forbidden if `actor` would lose access themselves, or if `actor` works for an outside firm
    and the club gave the role.
    """
    lock_event(role.event)
    check_role_in_scope(role=role, actor=actor)
    contract = get_delegation(actor, role.event)
    # The last day counts, so only yesterday closes access at once.
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    # Read under the lock. Ending a past role would end the present one of the same name.
    unended_roles = EventRole.objects.exclude(ends_on__lte=yesterday)
    if not unended_roles.filter(pk=role.pk).exists():
        return
    record_action("role.end", role, event=role.event, fields=["ends_on"])
    same_roles = EventRole.objects.filter(event=role.event, person=role.person, role=role.role)
    if contract:
        same_roles = same_roles.filter(delegation=contract)
    others = same_roles.within_dates() if role.starts_on <= timezone.localdate() else same_roles.none()
    ending_roles = same_roles.filter(Q(pk=role.pk) | Q(pk__in=others))
    # First: an end before the start would break the check constraint of periods.
    ending_roles.filter(starts_on__gt=yesterday).delete()
    ending_roles.update(ends_on=yesterday)
    # The check below must see the roles as they are now.
    reset_permission_cache(actor)
    if role.person_id == actor.pk and not can_organize(actor, role.event):
        raise Forbidden(_("You cannot end your own role. Ask another organizer to do it."))
    hooks.revoke_devices_without_role.provider()([role.person_id])


def check_role_in_scope(*, role: EventRole, actor: Person) -> None:
    """Raise Forbidden if `actor` works for an outside firm and the club gave the role."""
    contract = get_delegation(actor, role.event)
    if contract and role.delegation_id != contract.pk:
        raise Forbidden(_("The club gave this role, so only the club can end it."))


def lock_event(event: Event) -> None:
    """Lock the event's row, so that its roles or pictures change in one transaction at a time."""
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
