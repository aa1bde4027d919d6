"""Employ: somebody whom the club knows works at a company, from a day to a day."""

import datetime

from django.db import transaction
from django.utils import formats
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company, Employment, Person
from .periods import overlap


@transaction.atomic
def employ(
    *,
    person: Person,
    company: Company,
    starts_on: datetime.date,
    ends_on: datetime.date | None = None,
    title: str = "",
    level: str = "",
) -> Employment:
    """Note an employment, past ones too; other employers stay, as of somebody who works for two.

    Raises InvalidFields where the person works there on one of these days already.
    """
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    for held in Employment.objects.filter(person=person, company=company):
        if overlap((held.starts_on, held.ends_on), (starts_on, ends_on)):
            sentence = _("This person works there from %(day)s on already.")
            said = sentence % {"day": formats.date_format(held.starts_on)}
            raise InvalidFields(_("Some fields need another look."), {"company": [said]})
    job = Employment.objects.create(
        person=person, company=company, starts_on=starts_on, ends_on=ends_on, title=title, level=level
    )
    record("employment.add", job, fields=["company", "starts_on", "ends_on", "title", "level"])
    return job


@transaction.atomic
def retitle(*, job: Employment, title: str, level: str) -> Employment:
    """Write another function or level; the days stay, as a change of employer moves them."""
    job.title, job.level = title, level
    job.save(update_fields=["title", "level"])
    record("employment.change", job, fields=["title", "level"])
    return job
