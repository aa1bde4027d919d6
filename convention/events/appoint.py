"""Give someone a role for one event, and end it."""

import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
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
    wait_for_others(event)
    person = whoever_has(email.strip().lower(), first_name=first_name, last_name=last_name)
    given = EventRole.objects.open(at=starts_on).filter(event=event, person=person, role=role).first()
    given = given or EventRole(event=event, person=person, role=role)
    given.starts_on, given.ends_on = starts_on, ends_on
    given.save()
    record("role.give", given, event=event, fields=["role", "starts_on", "ends_on"])
    return given


@transaction.atomic
def dismiss(*, role: EventRole, by: Person) -> None:
    """End a role at once: yesterday was its last day; what began today, or later, is taken back.

    Whatever else gives the person the same role today ends too. Raises Forbidden where someone would lock
    themselves out.
    """
    wait_for_others(role.event)
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    record("role.end", role, event=role.event, fields=["ends_on"])
    same = EventRole.objects.filter(event=role.event, person=role.person, role=role.role)
    ended = same.filter(Q(pk=role.pk) | Q(pk__in=same.open())).exclude(ends_on__lte=yesterday)
    ended.filter(starts_on__gt=yesterday).delete()
    ended.update(ends_on=yesterday)
    if role.person_id == by.pk and not organizes(by, role.event):
        raise Forbidden(_("You cannot end your own role: another organizer can."))


def wait_for_others(event: Event) -> None:
    """Until the end of the transaction nobody else gives or ends roles of this event."""
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)


def whoever_has(address: str, *, first_name: str, last_name: str) -> Person:
    """The person with that address; made where there is none, unless someone else does at that moment."""
    known = Person.objects.filter(email=address)
    try:
        with transaction.atomic():
            return known.first() or Person.objects.create_user(
                address, first_name=first_name, last_name=last_name
            )
    except IntegrityError:
        return known.get()
