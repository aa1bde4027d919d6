"""Find new companies of a list that look like one of the directory. No database access."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from convention.club.models import Company, Employment
from convention.text.company_names import make_company_key
from convention.text.edit_distance import find_close_words
from convention.text.email_addresses import get_employer_domain

from .changes import DirectoryChanges
from .directory_index import DirectoryIndex
from .same_companies import SameCompany

# Shorter names resemble each other by chance.
MIN_MISTYPED_CHARS: Final = 8


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


@dataclass
class CompanyNames:
    """Companies by the key of their name, and the keys that can be the same name with a typing error."""

    companies_by_key: dict[str, Company] = field(default_factory=dict)
    # By first letter and digits: “Agence 12” is not a mistyped “Agence 13”, and long lists stay quick.
    comparable_keys: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))

    def add_company(self, company: Company) -> None:
        key = make_company_key(company.name)
        if key and key not in self.companies_by_key:
            self.companies_by_key[key] = company
            self.comparable_keys[_group_key(key)].append(key)

    def find_same_name(self, company: Company) -> Company | None:
        """Return the company whose name differs by its punctuation or legal form only."""
        return self.companies_by_key.get(make_company_key(company.name))

    def find_mistyped_name(self, company: Company) -> Company | None:
        """Return a company whose name is one or two typing errors away."""
        key = make_company_key(company.name)
        if len(key) < MIN_MISTYPED_CHARS:
            return None
        pieces = _cut_into_thirds(key)
        comparable_keys = self.comparable_keys.get(_group_key(key), ())
        # Two errors leave one of three pieces intact. Counting the errors of all names would take minutes.
        candidates = (other for other in comparable_keys if any(piece in other for piece in pieces))
        close_keys = find_close_words(key, candidates)
        others = (self.companies_by_key[close_key] for close_key in close_keys)
        # Two numbers that differ are two companies, since a row with a known number is no new company.
        return next((other for other in others if not (company.siren and other.siren)), None)


def _group_key(key: str) -> tuple[str, str]:
    return key[0], "".join(filter(str.isdigit, key))


def _cut_into_thirds(key: str) -> tuple[str, str, str]:
    first, second = len(key) // 3, 2 * len(key) // 3
    return key[:first], key[first:second], key[second:]


def find_similar_companies(changes: DirectoryChanges, index: DirectoryIndex) -> list[SimilarCompany]:
    """Return the new companies with almost the name of another, or whose people share its mail domain."""
    new_ids = {id(company) for company in changes.created_rows["company"]}
    if not new_ids:
        return []
    names, found = CompanyNames(), list[SimilarCompany]()
    new_domains = _group_domains(changes.created_rows["employment"])
    known_companies = _index_known_domains(index)
    # Companies of the directory come first in the index, new ones after them: each is compared with those
    # before it.
    for company in index.companies_by_name.values():
        if id(company) in new_ids and (
            similar := _find_similar(company, names, new_domains[id(company)], known_companies)
        ):
            found.append(similar)
        names.add_company(company)
    return found


def _find_similar(
    company: Company, names: CompanyNames, domains: Iterable[str], by_domain: Mapping[str, Company]
) -> SimilarCompany | None:
    if same := names.find_same_name(company):
        return SimilarCompany(company.name, same.name)
    for domain in sorted(domains):
        if domain in by_domain:
            return SimilarCompany(company.name, by_domain[domain].name, domain)
    mistyped = names.find_mistyped_name(company)
    return SimilarCompany(company.name, mistyped.name) if mistyped else None


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
