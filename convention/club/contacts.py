"""Contacts: who registers colleagues and gives seats for a company, appointed and dismissed by day."""

import datetime

from django.db import transaction
from django.utils import timezone

from convention.addresses import having
from convention.audit.record import record

from .join import join
from .models import Company, CompanyContact, Person
from .periods import ONE_DAY


def is_contact(person: Person, company: Company, *, at: datetime.date) -> bool:
    """Whether the person acts for the company on that day."""
    return CompanyContact.objects.open(at=at).filter(person=person, company=company).exists()


@transaction.atomic
def appoint_contact(
    *,
    company: Company,
    person: Person,
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> CompanyContact:
    """Let the person act for the company from a day to a day; held at that time already, its days change."""
    first = starts_on or timezone.localdate()
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    held = CompanyContact.objects.open(at=first).filter(company=company, person=person).first()
    contact = held or CompanyContact(company=company, person=person)
    contact.starts_on, contact.ends_on = first, ends_on
    contact.save()
    record("contact.appoint", contact, fields=["person", "starts_on", "ends_on"])
    return contact


@transaction.atomic
def appoint_by_address(
    *,
    company: Company,
    email: str,
    first_name: str = "",
    last_name: str = "",
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> CompanyContact:
    """The same for whoever signs in with that address; someone new is added as working at the company.

    Raises InvalidFields where a new one has no name.
    """
    known = having(Person.objects.filter(is_active=True), email.strip())
    person = (
        known[0] if known else join(company=company, email=email, first_name=first_name, last_name=last_name)
    )
    return appoint_contact(company=company, person=person, starts_on=starts_on, ends_on=ends_on)


@transaction.atomic
def dismiss_contact(*, contact: CompanyContact) -> None:
    """End it at once: yesterday was the last day; what began today, or later, is taken back."""
    yesterday = timezone.localdate() - ONE_DAY
    record("contact.dismiss", contact, fields=["ends_on"])
    same = CompanyContact.objects.filter(company=contact.company_id, person=contact.person_id)
    same.filter(starts_on__gt=yesterday).delete()
    same.open(at=yesterday).update(ends_on=yesterday)
