"""Find new companies of a list that look like one of the directory. No database access."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.club.models import Company, Employment
from convention.text.company_names import CompanyNameIndex
from convention.text.email_addresses import get_employer_domain

from .changes import DirectoryChanges
from .directory_index import DirectoryIndex
from .same_companies import SameCompany


@dataclass(frozen=True)
class SimilarCompany:
    """A new company, and another one that it may be; `domain` is that of their people’s addresses."""

    new_name: str
    other_name: str
    domain: str = ""

    @property
    def choice(self) -> SameCompany:
        """Return the choice that both are one company."""
        return SameCompany(self.new_name, self.other_name)

    def __str__(self) -> str:
        values = {"new": self.new_name, "other": self.other_name, "domain": self.domain}
        if self.domain:
            return _("%(new)s: people at %(other)s have addresses at %(domain)s too") % values
        return _("%(new)s: almost the same name as %(other)s") % values


def find_similar_companies(changes: DirectoryChanges, index: DirectoryIndex) -> list[SimilarCompany]:
    """Return the new companies with almost the name of another, or whose people share its mail domain."""
    new_ids = {id(company) for company in changes.created_rows["company"]}
    if not new_ids:
        return []
    names, found = CompanyNameIndex[Company](), list[SimilarCompany]()
    new_domains = _group_domains(changes.created_rows["employment"])
    known_companies = _index_known_domains(index)
    # Companies of the directory come first in the index, new ones after them: each is compared with those
    # before it.
    for company in index.companies_by_name.values():
        if id(company) in new_ids and (
            similar := _find_similar(company, names, new_domains[id(company)], known_companies)
        ):
            found.append(similar)
        names.add_company(company.name, company)
    return found


def _find_similar(
    company: Company,
    names: CompanyNameIndex[Company],
    domains: Iterable[str],
    by_domain: Mapping[str, Company],
) -> SimilarCompany | None:
    if same := names.find_same_name(company.name):
        return SimilarCompany(company.name, same[0].name)
    for domain in sorted(domains):
        if domain in by_domain:
            return SimilarCompany(company.name, by_domain[domain].name, domain)
    # Two numbers that differ are two companies, since a row with a known number is no new company.
    mistyped = (
        other for other in names.find_mistyped_name(company.name) if not (company.siren and other.siren)
    )
    return next((SimilarCompany(company.name, other.name) for other in mistyped), None)


def _group_domains(employments: Iterable[Employment]) -> dict[int, set[str]]:
    """Return the mail domains of the people by the `id` of the company object."""
    domains: dict[int, set[str]] = defaultdict(set)
    for employment in employments:
        if domain := get_employer_domain(employment.person.email or ""):
            domains[id(employment.company)].add(domain)
    return domains


def _index_known_domains(index: DirectoryIndex) -> dict[str, Company]:
    """Return the company of the directory whose people have addresses at a domain, if it is only one."""
    companies: dict[str, dict[int, Company]] = defaultdict(dict)
    for employments in index.employments_by_person.values():
        for employment in employments:
            domain = get_employer_domain(employment.person.email or "")
            if employment.pk and domain:
                companies[domain][employment.company.pk] = employment.company
    return {domain: next(iter(found.values())) for domain, found in companies.items() if len(found) == 1}
