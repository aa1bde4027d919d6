"""Change of employer: one act closes the seat, ends one employment and begins the next; history stays."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company, CompanyContact, Employment, Person, Seat
from .periods import ONE_DAY
from .seats import take_seat


@transaction.atomic
def change_employer(
    *, person: Person, to: Company | None, on: datetime.date, title: str = "", level: str = ""
) -> Employment | None:
    """End what the person holds at their employers the day before, and begin at another one, if any.

    Seats and mandates as a company's contact end with the employment; what was booked stays. Raises
    InvalidFields where they work there on that day already, or began elsewhere on that day or later.
    """
    jobs = list(Employment.objects.select_for_update().filter(person=person))
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
        _leave(job, last)
    record("person.change_employer", person, fields=["employments"])
    return _begin(person, to, on, title, level) if to else None


def _leave(job: Employment, last: datetime.date) -> None:
    seats = Seat.objects.open(at=last + ONE_DAY).filter(
        person=job.person_id, membership__company=job.company_id
    )
    for seat in seats.select_related("membership").order_by("pk"):
        take_seat(seat=seat, last_day=last)
    contacts = CompanyContact.objects.filter(person=job.person_id, company=job.company_id)
    contacts.filter(starts_on__gt=last).delete()
    contacts.open(at=last + ONE_DAY).update(ends_on=last)
    job.ends_on = last
    job.save(update_fields=["ends_on"])


def _begin(person: Person, company: Company, on: datetime.date, title: str, level: str) -> Employment:
    return Employment.objects.create(person=person, company=company, starts_on=on, title=title, level=level)
