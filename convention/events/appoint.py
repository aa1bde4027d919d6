"""Give someone a role for one event, and end it."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Forbidden

from .doors import organizes
from .models import Event, EventRole


@transaction.atomic
def appoint(
    *,
    event: Event,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> EventRole:
    """Give the role to whoever signs in with that address; the club gets to know a new one.

    The same role held at the same time is not doubled: its period is changed instead.
    """
    address = email.strip().lower()
    person = Person.objects.filter(email=address).first()
    if person is None:
        person = Person.objects.create_user(address, first_name=first_name, last_name=last_name)
    given = EventRole.objects.open(at=starts_on).filter(event=event, person=person, role=role).first()
    given = given or EventRole(event=event, person=person, role=role)
    given.starts_on, given.ends_on = starts_on, ends_on
    given.save()
    record("role.give", given, event=event, fields=["role", "starts_on", "ends_on"])
    return given


@transaction.atomic
def dismiss(*, role: EventRole, by: Person) -> None:
    """End a role at once: yesterday was its last day; one that began today is taken back.

    Raises Forbidden where someone would lock themselves out.
    """
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    record("role.end", role, event=role.event, fields=["ends_on"])
    if role.starts_on > yesterday:
        role.delete()
    else:
        role.ends_on = yesterday
        role.save(update_fields=["ends_on"])
    if role.person_id == by.pk and not organizes(by, role.event):
        raise Forbidden(_("You cannot end your own role: another organizer can."))
