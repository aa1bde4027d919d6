"""Roles: what a company is to the club, from a day to a day; several at once, each once at a time."""

import datetime

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company, CompanyRole
from .periods import ONE_DAY, overlap


@transaction.atomic
def give_role(
    *, company: Company, role: str, starts_on: datetime.date, ends_on: datetime.date | None = None
) -> CompanyRole:
    """Note a role. Raises InvalidFields where the company holds the same one on one of these days."""
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    for held in CompanyRole.objects.filter(company=company, role=role):
        if overlap((held.starts_on, held.ends_on), (starts_on, ends_on)):
            sentence = _("The company holds this role from %(day)s on; end it first.")
            said = sentence % {"day": formats.date_format(held.starts_on)}
            raise InvalidFields(_("Some fields need another look."), {"role": [said]})
    given = CompanyRole.objects.create(company=company, role=role, starts_on=starts_on, ends_on=ends_on)
    record("company_role.give", given, fields=["role", "starts_on", "ends_on"])
    return given


@transaction.atomic
def end_role(*, role: CompanyRole) -> None:
    """End it at once: yesterday was the last day; one that began today, or later, is taken back."""
    yesterday = timezone.localdate() - ONE_DAY
    record("company_role.end", role, fields=["ends_on"])
    if role.starts_on > yesterday:
        role.delete()
    elif role.ends_on is None or role.ends_on > yesterday:
        role.ends_on = yesterday
        role.save(update_fields=["ends_on"])
