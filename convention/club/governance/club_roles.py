"""Give and end people's roles in the whole club, such as treasurer."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.appointments.mails import notify_role_holder
from convention.club.models import ClubRole, Person
from convention.club.people import get_or_create_person
from convention.club.periods import end_period, refuse_overlap
from convention.club.permissions import CLUB_ROLES_LOCK, is_last_administrator
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import Forbidden


@dataclass(frozen=True)
class ClubRoleLists:
    """Roles that are open or begin later, those that ended, and the people who need no role."""

    current: list[ClubRole]
    past: list[ClubRole]
    superusers: list[Person]


def list_club_roles() -> ClubRoleLists:
    """Return all roles of the club, by role and name, the latest first among those that ended."""
    today = timezone.localdate()
    rows = ClubRole.objects.select_related("person").order_by("role", "person__sort_name", "pk")
    current = [row for row in rows if row.ends_on is None or row.ends_on >= today]
    past = [row for row in rows.order_by("-ends_on", "-pk") if row.ends_on and row.ends_on < today]
    superusers = Person.objects.filter(is_superuser=True, is_active=True).order_by("sort_name", "pk")
    return ClubRoleLists(current, past, list(superusers))


@transaction.atomic
def give_club_role(
    *,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> ClubRole:
    """Give the role to the person with that address and mail them; add an unknown one to the directory.

    Raise InvalidFields if the person has the role on one of these days, for an unknown address without a
    name, and for a closed account.
    """
    # A form sent twice must not give the role twice.
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    person = get_or_create_person(
        email=email, first_name=first_name, last_name=last_name, language=settings.LANGUAGE_CODE
    )
    same_roles = ClubRole.objects.filter(person=person, role=role)
    refuse_overlap(same_roles, (starts_on, ends_on), name=str(person), field="role")
    club_role = ClubRole.objects.create(person=person, role=role, starts_on=starts_on, ends_on=ends_on)
    record_action("club_role.give", club_role, fields=["person", "role", "starts_on", "ends_on"])
    notify_role_holder.enqueue(club_role.pk)
    return club_role


@transaction.atomic
def end_club_role(*, role: ClubRole, actor: Person) -> int:
    """End the role yesterday, or delete it if it began today or later; return how many tokens were revoked.

    Do nothing for a role that has ended or is gone: another request may have ended it. Raise Forbidden for
    the role of the last administrator, and for the actor's own as administrator.
    """
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    # Read under the lock. Ending a past role would end the present one of the same name.
    unended_roles = ClubRole.objects.exclude(ends_on__lt=timezone.localdate())
    stored = unended_roles.filter(pk=role.pk).first()
    if stored is None:
        return 0
    has_begun = stored.starts_on <= timezone.localdate()
    if has_begun and role.role == ClubRole.Role.ADMINISTRATOR:
        if is_last_administrator(role.person_id):
            raise Forbidden(_("This is the club’s last administrator: appoint another one first."))
        if role.person_id == actor.pk:
            raise Forbidden(_("You cannot end your own role. Ask another administrator to do it."))
    record_action("club_role.end", stored, fields=["ends_on"])
    # Also rows of the same role that the back office added: one that remained would keep access open.
    same_roles = ClubRole.objects.open().filter(person=role.person_id, role=role.role)
    for row in {stored, *same_roles} if has_begun else {stored}:
        end_period(row)
    # Tokens have their owner's permissions, and may have been created for those of this role.
    return hooks.revoke_tokens.provider()(person_id=role.person_id) if has_begun else 0
