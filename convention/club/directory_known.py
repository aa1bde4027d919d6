"""What the club knows when a list of companies and people arrives: found by SIREN, name and address."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password

from convention.addresses import folded
from convention.short_names import short_name
from convention.text import fold

from .directory_rows import Row
from .keep import NAMELESS, RESERVED
from .models import Company, CompanyContact, CompanyRole, Employment, Market, Person
from .periods import Span, overlap


@dataclass
class Known:
    """The whole directory in memory, the new rows of the list among them as they are read.

    What is not stored yet has no key: sets and mappings go by the object itself, its `id`.
    """

    today: datetime.date
    by_siren: dict[str, Company] = field(default_factory=dict)
    by_name: dict[str, Company] = field(default_factory=dict)
    slugs: set[str] = field(default_factory=RESERVED.copy)
    by_email: dict[str, Person] = field(default_factory=dict)
    named_at: dict[tuple[int, str], Person] = field(default_factory=dict)
    jobs: dict[int, list[Employment]] = field(default_factory=lambda: defaultdict(list))
    roles: set[tuple[int, str]] = field(default_factory=set)
    contacts: set[tuple[int, int]] = field(default_factory=set)
    markets: dict[str, Market] = field(default_factory=dict)
    sold: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def now(cls, today: datetime.date) -> "Known":
        """What the database says; a fixed number of queries."""
        known = cls(today)
        companies = {one.pk: one for one in Company.objects.prefetch_related("markets")}
        for company in companies.values():
            known.add_company(company)
            known.sold.update((id(company), market.slug) for market in company.markets.all())
        people = {one.pk: one for one in Person.objects.order_by("pk")}
        known.by_email = {folded(one.email): one for one in people.values() if one.email}
        for job in Employment.objects.order_by("starts_on", "pk"):
            job.person, job.company = people[job.person_id], companies[job.company_id]
            known.add_job(job)
        held = CompanyRole.objects.open(at=today)
        known.roles = {(id(companies[one.company_id]), one.role) for one in held}
        act = CompanyContact.objects.open(at=today)
        known.contacts = {(id(companies[one.company_id]), id(people[one.person_id])) for one in act}
        known.markets = {one.slug: one for one in Market.objects.all()}
        return known

    def add_company(self, company: Company) -> None:
        """Let it be found."""
        company.slug = company.slug or short_name(company.name, taken=self.slugs, or_else=NAMELESS)
        self.slugs.add(company.slug)
        self.by_name[fold(company.name)] = company
        if company.siren:
            self.by_siren[company.siren] = company

    def add_job(self, job: Employment) -> None:
        """Let the person be found there."""
        self.jobs[id(job.person)].append(job)
        self.named_at[id(job.company), fold(job.person.name)] = job.person

    def company_of(self, row: Row) -> Company | None:
        """The company of the row, by SIREN before name."""
        return (self.by_siren.get(row.siren) if row.siren else None) or self.by_name.get(fold(row.company))

    def person_of(self, row: Row, company: Company) -> Person | None:
        """Who the row is of: by address, else by name among the company's people."""
        if row.email and (found := self.by_email.get(folded(row.email))):
            return found
        named = self.named_at.get((id(company), fold(row.name)))
        return named if named and not (row.email and named.email) else None

    def jobs_during(self, person: Person, span: Span) -> list[Employment]:
        """Where the person works on one of these days."""
        return [job for job in self.jobs[id(person)] if overlap((job.starts_on, job.ends_on), span)]

    def new_person(self, row: Row) -> Person:
        """Somebody new, not stored yet; sign-in goes by a mailed code."""
        person = Person(
            email=row.email or None,
            first_name=row.first_name,
            last_name=row.last_name,
            password=make_password(None),
        )
        if row.email:
            self.by_email[folded(row.email)] = person
        return person
