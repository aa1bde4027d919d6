"""Give someone a role for one event, and end it."""

import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record
from convention.club.asked import ask_again
from convention.club.join import join
from convention.club.models import Person
from convention.club.periods import Span
from convention.errors import Forbidden, InvalidFields

from .doors import delegation_of, organizes
from .models import Delegation, Event, EventRole


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
    return give(event=event, person=person, role=role, days=(starts_on, ends_on))


@transaction.atomic
def appoint_under(
    *,
    delegation: Delegation,
    email: str,
    role: str,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    first_name: str = "",
    last_name: str = "",
) -> EventRole:
    """The same by someone of the outside firm: for its people alone, and never to run the event.

    Raises InvalidFields for a role that the club gives, and for the address of somebody else of the club.
    """
    if role == EventRole.Role.ORGANIZER:
        sentence = _("The club names who runs the event for %(company)s: please ask it.")
        said = {"company": delegation.company}
        raise InvalidFields(_("Some fields need another look."), {"role": [sentence % said]})
    wait_for_others(delegation.event)
    person = join(company=delegation.company, email=email, first_name=first_name, last_name=last_name)
    days = (starts_on, ends_on)
    return give(event=delegation.event, person=person, role=role, days=days, delegation=delegation)


def give(
    *, event: Event, person: Person, role: str, days: Span, delegation: Delegation | None = None
) -> EventRole:
    """Write the role, in the caller's transaction that waits for others."""
    dated = EventRole.objects.dated(at=days[0])
    given: EventRole | None = dated.filter(
        event=event, person=person, role=role, delegation=delegation
    ).first()
    given = given or EventRole(event=event, person=person, role=role, delegation=delegation)
    given.starts_on, given.ends_on = days
    given.save()
    record("role.give", given, event=event, fields=["role", "starts_on", "ends_on"])
    return given


@transaction.atomic
def dismiss(*, role: EventRole, by: Person) -> None:
    """End a role at once: yesterday was its last day; what began today, or later, is taken back.

    Whatever else gives the person the same role today ends too. Raises Forbidden where someone would lock
    themselves out, and to an outside firm for a role that the club gave.
    """
    wait_for_others(role.event)
    contract = delegation_of(by, role.event)
    if contract and role.delegation_id != contract.pk:
        raise Forbidden(_("The club gave this role: only the club ends it."))
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    record("role.end", role, event=role.event, fields=["ends_on"])
    same = EventRole.objects.filter(event=role.event, person=role.person, role=role.role)
    ended = same.filter(Q(pk=role.pk) | Q(pk__in=same.dated())).exclude(ends_on__lte=yesterday)
    ended.filter(starts_on__gt=yesterday).delete()
    ended.update(ends_on=yesterday)
    ask_again(by)
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
