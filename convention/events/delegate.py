"""Delegate an event to an outside firm: from a day to a day, with the people who do it by name."""

import datetime

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention.addresses import having
from convention.audit.record import record
from convention.club.join import join
from convention.club.models import Company, CompanyRole, Employment, Person
from convention.club.periods import ONE_DAY
from convention.errors import InvalidFields
from convention.text import tidy

from .appoint import give, wait_for_others
from .models import Delegation, Event, EventRole
from .tell_named import tell_named


@transaction.atomic
def delegate(
    *, event: Event, company: Company, starts_on: datetime.date, ends_on: datetime.date, contract: str = ""
) -> Delegation:
    """Let a firm run the event between two days, the last included; a contract under way changes its days.

    Raises InvalidFields for days in the wrong order or past, and for a firm that is no organizer by then.
    """
    wait_for_others(event)
    _refuse(company, starts_on, ends_on)
    lasting = event.delegations.filter(company=company, ends_on__gte=timezone.localdate())
    given = lasting.first() or Delegation(event=event, company=company)
    given.starts_on, given.ends_on, given.contract = starts_on, ends_on, tidy(contract)[:120]
    given.save()
    record("delegation.give", given, event=event, fields=["company", "starts_on", "ends_on"])
    return given


def _refuse(company: Company, starts_on: datetime.date, ends_on: datetime.date) -> None:
    found: dict[str, list[str]] = {}
    if ends_on < starts_on:
        found["ends_on"] = [_("The last day must not come before the first.")]
    elif ends_on < timezone.localdate():
        found["ends_on"] = [_("The last day is past: nothing would open.")]
    roles = CompanyRole.objects.open(at=starts_on).filter(company=company, role=CompanyRole.Role.ORGANIZER)
    if not roles.exists():
        day = formats.date_format(starts_on)
        sentence = _("%(company)s is no organizer on %(day)s: give it that role first.")
        found["company"] = [sentence % {"company": company, "day": day}]
    if found:
        raise InvalidFields(_("Some fields need another look."), found)


@transaction.atomic
def end_delegation(*, delegation: Delegation, reason: str = "") -> None:
    """End the contract at once: yesterday was its last day; one that began today, or later, is taken back."""
    wait_for_others(delegation.event)
    yesterday = timezone.localdate() - ONE_DAY
    record("delegation.end", delegation, event=delegation.event, fields=["ends_on"], reason=reason)
    rows = Delegation.objects.filter(pk=delegation.pk)
    rows.filter(starts_on__gt=yesterday).delete()
    rows.filter(ends_on__gt=yesterday).update(ends_on=yesterday)


@transaction.atomic
def name_person(
    *, delegation: Delegation, email: str, role: str, first_name: str = "", last_name: str = ""
) -> EventRole:
    """Give someone of the firm a role under the contract, and tell them; it ends with contract and job.

    Whoever the club knows under that address is noted as working there too. Raises InvalidFields.
    """
    wait_for_others(delegation.event)
    known = having(Person.objects.filter(is_active=True), email.strip())
    if known:
        person = _employed(known[0], delegation.company)
    else:
        person = join(company=delegation.company, email=email, first_name=first_name, last_name=last_name)
    given = give(
        event=delegation.event,
        person=person,
        role=role,
        days=(timezone.localdate(), None),
        delegation=delegation,
    )
    tell_named.enqueue(given.pk)
    return given


def _employed(person: Person, company: Company) -> Person:
    if not Employment.objects.open().filter(person=person, company=company).exists():
        Employment.objects.create(person=person, company=company)
        record("person.join", person, fields=["employments"])
    return person
