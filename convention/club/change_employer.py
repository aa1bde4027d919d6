"""Change of employer: one act closes the seat, ends one employment and begins the next; history stays."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .hand_over import Mandates, Successors, hand_over_company, hand_over_mandates
from .models import Company, Employment, Person, Seat
from .periods import ONE_DAY
from .seats import take_seat


@transaction.atomic
def change_employer(
    *,
    person: Person,
    to: Company | None,
    on: datetime.date,
    title: str = "",
    level: str = "",
    successors: Successors | None = None,
) -> Employment | None:
    """End what the person holds at their employers the day before, and begin at another one, if any.

    Seats end with the employment; what was done for the company goes to the successor, or to nobody; what
    was booked stays. Raises InvalidFields where they work there on that day already, began elsewhere on that
    day or later, or where a successor cannot take over.
    """
    successors = successors or Successors()
    _refuse_oneself(person, successors)
    locked = Employment.objects.select_for_update(of=("self",)).filter(person=person)
    jobs = list(locked.select_related("company", "person"))
    current = [job for job in jobs if job.ends_on is None or job.ends_on >= on]
    if to and any(job.company_id == to.pk for job in current):
        raise InvalidFields(
            _("Some fields need another look."), {"to": [_("This person works there on that day already.")]}
        )
    if any(job.starts_on >= on for job in current):
        raise InvalidFields(
            _("Some fields need another look."), {"on": [_("An employment begins on that day or later.")]}
        )
    last = on - ONE_DAY
    for job in current:
        _leave(job, last, successors.heir)
    if successors.mandates != Mandates.STAY:
        hand_over_mandates(
            person=person, on=on, to=successors.lead if successors.mandates == Mandates.HAND_OVER else None
        )
    record("person.change_employer", person, fields=["employments"])
    return _begin(person, to, on, title, level) if to else None


def _refuse_oneself(person: Person, successors: Successors) -> None:
    for name in ("heir", "lead"):
        if getattr(successors, name) == person:
            sentence = _("Name somebody else: this person leaves.")
            raise InvalidFields(_("Some fields need another look."), {name: [sentence]})


def _leave(job: Employment, last: datetime.date, heir: Person | None) -> None:
    seats = Seat.objects.open(at=last + ONE_DAY).filter(
        person=job.person_id, membership__company=job.company_id
    )
    for seat in seats.select_related("membership").order_by("pk"):
        take_seat(seat=seat, last_day=last)
    hand_over_company(person=job.person, company=job.company, on=last + ONE_DAY, heir=heir)
    job.ends_on = last
    job.save(update_fields=["ends_on"])


def _begin(person: Person, company: Company, on: datetime.date, title: str, level: str) -> Employment:
    return Employment.objects.create(person=person, company=company, starts_on=on, title=title, level=level)
