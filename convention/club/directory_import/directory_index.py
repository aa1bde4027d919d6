"""The club's directory in memory, to find the known records of a list by SIREN, name and address."""

import copy
import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from django.contrib.auth.hashers import make_password

from convention.club.addresses.other_addresses import select_other_addresses
from convention.club.companies import FALLBACK_SLUG, RESERVED_SLUGS
from convention.club.models import Company, CompanyContact, CompanyRole, Employment, Market, Person
from convention.club.periods import ONE_DAY, DateSpan, spans_overlap
from convention.club.permissions import select_people_with_roles
from convention.text.email_addresses import normalize_email
from convention.text.normalize import casefold_text, make_unique_slug

from .employer_choices import EmployerChoices
from .listed_memberships import MembershipIndex
from .rows import DirectoryRow
from .same_companies import SameCompany, index_same_companies
from .same_people import ListedPersonKey, SamePerson, index_same_people, make_listed_person_key

NO_EMPLOYER_CHOICES: Final = EmployerChoices()


@dataclass
class DirectoryIndex:
    """The whole directory, and the new rows of the list as they are read.

    Rows that are not stored yet have no key, so sets and mappings use the `id` of the objects.
    """

    today: datetime.date
    companies_by_siren: dict[str, Company] = field(default_factory=dict)
    companies_by_name: dict[str, Company] = field(default_factory=dict)
    slugs: set[str] = field(default_factory=RESERVED_SLUGS.copy)
    people_by_id: dict[int, Person] = field(default_factory=dict)
    people_by_email: dict[str, Person] = field(default_factory=dict)
    people_by_name: dict[tuple[int, str], Person] = field(default_factory=dict)
    employments_by_person: dict[int, list[Employment]] = field(default_factory=lambda: defaultdict(list))
    roles: set[tuple[int, str]] = field(default_factory=set)
    contacts: set[tuple[int, int]] = field(default_factory=set)
    markets: dict[str, Market] = field(default_factory=dict)
    company_markets: set[tuple[int, str]] = field(default_factory=set)
    # Casefolded names of the list that stand for another company (`index_same_companies`).
    same_companies: Mapping[str, str] = field(default_factory=dict)
    same_people: Mapping[ListedPersonKey, SamePerson] = field(default_factory=dict)
    employer_choices: EmployerChoices = field(default_factory=EmployerChoices)
    # Loaded only for a list that has columns of memberships.
    memberships: MembershipIndex = field(default_factory=MembershipIndex)

    @cached_property
    def people_with_roles(self) -> set[int]:
        """Return the ids of the people who have or had a role."""
        return set(select_people_with_roles().values_list("pk", flat=True))

    @classmethod
    def load_current(
        cls,
        today: datetime.date,
        same_companies: Iterable[SameCompany] = (),
        same_people: Iterable[SamePerson] = (),
        employer_choices: EmployerChoices = NO_EMPLOYER_CHOICES,
    ) -> "DirectoryIndex":
        """Load the directory with a fixed number of queries."""
        company_names = index_same_companies(same_companies)
        index = cls(
            today,
            same_companies=company_names,
            same_people=index_same_people(same_people, company_names),
            employer_choices=employer_choices,
        )
        companies = {row.pk: row for row in Company.objects.prefetch_related("markets")}
        for company in companies.values():
            index.add_company(company)
            index.company_markets.update((id(company), market.slug) for market in company.markets.all())
        people = index.people_by_id = {row.pk: row for row in Person.objects.order_by("pk")}
        # Inactive people too: the import must not create a second record for a closed account.
        # First the addresses of records that were merged: a list that still has them names no new person.
        others = select_other_addresses().values_list("email", "user")
        index.people_by_email = {normalize_email(email): people[pk] for email, pk in others}
        index.people_by_email |= {normalize_email(row.email): row for row in people.values() if row.email}
        for employment in Employment.objects.order_by("starts_on", "pk"):
            # Otherwise each access would query the database and return another object.
            employment.person, employment.company = (
                people[employment.person_id],
                companies[employment.company_id],
            )
            index.add_employment(employment)
        open_roles = CompanyRole.objects.open(at=today)
        index.roles = {(id(companies[row.company_id]), row.role) for row in open_roles}
        open_contacts = CompanyContact.objects.open(at=today)
        index.contacts = {(id(companies[row.company_id]), id(people[row.person_id])) for row in open_contacts}
        index.markets = {row.slug: row for row in Market.objects.all()}
        return index

    def add_company(self, company: Company) -> None:
        # Here and not in `save`, which `bulk_create` does not call.
        company.slug = company.slug or make_unique_slug(
            company.name, taken=self.slugs, fallback=FALLBACK_SLUG
        )
        self.slugs.add(company.slug)
        # Casefolded: lists spell names in capitals or without accents.
        self.companies_by_name[casefold_text(company.name)] = company
        if company.siren:
            self.companies_by_siren[company.siren] = company

    def add_employment(self, employment: Employment) -> None:
        person = employment.person
        self.employments_by_person[id(person)].append(employment)
        self.people_by_name[id(employment.company), casefold_text(person.name)] = person

    def end_employments(self, employments: Iterable[Employment], *, before: datetime.date) -> None:
        """Let further rows see the employments end the day before; the rows themselves stay as stored."""
        for employment in employments:
            ended = copy.copy(employment)
            ended.ends_on = before - ONE_DAY
            jobs = self.employments_by_person[id(employment.person)]
            jobs[jobs.index(employment)] = ended

    def find_company(self, row: DirectoryRow) -> Company | None:
        """Return the company of the row, by SIREN before name."""
        # SIREN first: companies change their names, and INSEE never reuses a number.
        if row.siren and (company := self.companies_by_siren.get(row.siren)):
            return company
        name = casefold_text(row.company)
        return self.companies_by_name.get(self.same_companies.get(name, name))

    def has_same_company(self, row: DirectoryRow) -> bool:
        """Return whether the row's company was chosen to be another one."""
        return casefold_text(row.company) in self.same_companies

    def find_person(self, row: DirectoryRow, company: Company) -> Person | None:
        """Return the person of the row, by e-mail, by choice, or by name among the company's people."""
        if row.email and (person_with_email := self.people_by_email.get(normalize_email(row.email))):
            return person_with_email
        if same := self.find_same_person(row, company):
            return self.people_by_id.get(same.person_id)
        person = self.people_by_name.get((id(company), casefold_text(row.name)))
        # With two different addresses they are two people of the same name.
        return person if person and not (row.email and person.email) else None

    def find_same_person(self, row: DirectoryRow, company: Company) -> SamePerson | None:
        """Return the choice of who the row's person is, unless somebody has the address already."""
        if row.email and normalize_email(row.email) in self.people_by_email:
            return None
        return self.same_people.get(make_listed_person_key(row.email, company.name, row.name))

    def find_employments(self, person: Person, span: DateSpan) -> list[Employment]:
        """Return the person's employments that share a day with the span."""
        return [
            employment
            for employment in self.employments_by_person[id(person)]
            if spans_overlap((employment.starts_on, employment.ends_on), span)
        ]

    def create_person(self, row: DirectoryRow) -> Person:
        """Return a new person who is not stored yet, without a password."""
        person = Person(
            email=row.email or None,
            first_name=row.first_name,
            last_name=row.last_name,
            # `bulk_create` calls no manager: without an unusable hash the field would be empty.
            password=make_password(None),
        )
        if row.email:
            self.people_by_email[normalize_email(row.email)] = person
        return person
