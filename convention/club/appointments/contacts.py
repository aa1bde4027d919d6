"""Appoint and dismiss a company's contacts, who register colleagues and give seats."""

import datetime
from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from convention.audit.record import record_action
from convention.club.models import Company, CompanyContact, Person
from convention.club.people import add_colleague, find_open_account
from convention.club.periods import ONE_DAY, end_period, find_first_gap, join_given_days

from .mails import notify_company_contact


def is_company_contact(person: Person, company: Company, *, at: datetime.date) -> bool:
    """Return whether the person is the company's contact on that day."""
    return CompanyContact.objects.open(at=at).filter(person=person, company=company).exists()


def select_companies_without_contact(companies: QuerySet[Company]) -> QuerySet[Company]:
    """Return those of the companies that have no contact today, without those that merged into another."""
    companies = companies.exclude(merged_on__lte=timezone.localdate())
    return companies.exclude(pk__in=CompanyContact.objects.open().values("company"))


def list_contact_companies(person: Person) -> list[Company]:
    """Return the companies of which the person is a contact today or later, by name."""
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=timezone.localdate())
    contacts = CompanyContact.objects.filter(lasting, person=person)
    return list(Company.objects.filter(pk__in=contacts.values("company")).order_by("sort_name", "pk"))


def find_days_without_contact(companies: Collection[Company]) -> dict[Company, datetime.date | None]:
    """Return the first day, today or later, on which each company has no contact; None if there is none."""
    contacts = defaultdict[int, list[CompanyContact]](list)
    for contact in CompanyContact.objects.filter(company__in=companies):
        contacts[contact.company_id].append(contact)
    today = timezone.localdate()
    return {company: find_first_gap(contacts[company.pk], at=today) for company in companies}


@transaction.atomic
def appoint_contact(
    *,
    company: Company,
    person: Person,
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> CompanyContact:
    """Make the person the company's contact from today or `starts_on`.

    If they are already a contact on days that overlap or touch these, that period is extended instead; it
    gets `ends_on` as its end if the given days include today.
    """
    first = starts_on or timezone.localdate()
    # A form sent twice must find the first contact instead of adding another.
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    contacts = CompanyContact.objects.filter(company=company, person=person)
    # A contact appointed from next month must not lose today's access.
    joined, (first_day, last_day) = join_given_days(contacts, (first, ends_on))
    contact = joined[0] if joined else CompanyContact(company=company, person=person)
    contacts.filter(pk__in=[row.pk for row in joined[1:]]).delete()
    contact.starts_on, contact.ends_on = first_day, last_day
    contact.save()
    record_action("contact.appoint", contact, fields=["person", "starts_on", "ends_on"])
    return contact


@transaction.atomic
def appoint_contact_by_email(
    *,
    company: Company,
    email: str,
    first_name: str = "",
    last_name: str = "",
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> CompanyContact:
    """Appoint the person with that address and mail them; an unknown one is added as employed there.

    Raise InvalidFields for an unknown person without a name, and for the address of a closed account.
    """
    # Contacts cannot use this, so a known person of another company may become the contact.
    person = find_open_account(email) or add_colleague(
        company=company, email=email, first_name=first_name, last_name=last_name
    )
    # The periods of a present contact are joined, so only a new one is news.
    is_new = not is_company_contact(person, company, at=timezone.localdate())
    contact = appoint_contact(company=company, person=person, starts_on=starts_on, ends_on=ends_on)
    if is_new:
        notify_company_contact.enqueue(contact.pk)
    return contact


@transaction.atomic
def dismiss_contact(*, contact: CompanyContact) -> None:
    """End the contact's role yesterday; delete it if it began today or later.

    Do nothing for a role that has ended. For a role that begins later, delete only that one.
    """
    yesterday = timezone.localdate() - ONE_DAY
    stored = CompanyContact.objects.exclude(ends_on__lte=yesterday).filter(pk=contact.pk).first()
    # Ending a past role would end the present one.
    if stored is None:
        return
    record_action("contact.dismiss", contact, fields=["ends_on"])
    if stored.starts_on > timezone.localdate():
        end_period(stored)
        return
    contacts = CompanyContact.objects.filter(company=contact.company_id, person=contact.person_id)
    # First: an end before the start would break the check constraint of periods. All rows of the person,
    # since one that remained would keep access open.
    contacts.filter(starts_on__gt=yesterday).delete()
    contacts.open(at=yesterday).update(ends_on=yesterday)
