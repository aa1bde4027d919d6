"""The filters of the lists of companies and people, as their addresses carry them."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.club.companies import search_companies
from convention.club.memberships import MembershipFilter, filter_by_membership
from convention.club.models import Company, CompanyRole, Person
from convention.club.people import CLOSED_ACCOUNTS, SEAT_FILTERS, search_people
from convention.text.normalize import normalize_whitespace

# Labels and values in the active language.
type FilterFacts = list[tuple[str, str]]


@dataclass(frozen=True)
class CompanyFilter:
    """Which companies the list shows."""

    words: str = ""
    role: str = ""
    membership: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> "CompanyFilter":
        """Return the filter of a query string; an unknown value is ignored, and must not become an error."""
        role, membership = query.get("role", ""), query.get("membership", "")
        return cls(
            words=normalize_whitespace(query.get("q", "")[:200]),
            role=role if role in CompanyRole.Role.values else "",
            membership=membership if membership in MembershipFilter.values else "",
        )

    def find_companies(self) -> QuerySet[Company]:
        """Return the matching companies, by name."""
        return filter_by_membership(search_companies(self.words, role=self.role), self.membership)

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query parameters of the active parts of the filter."""
        values = {"q": self.words, "role": self.role, "membership": self.membership}
        return {name: value for name, value in values.items() if value}

    def describe(self) -> FilterFacts:
        """Return each active part of the filter in words."""
        role = str(capfirst(CompanyRole.Role(self.role).label)) if self.role else ""
        membership = str(MembershipFilter(self.membership).label) if self.membership else ""
        facts = [(_("Search"), self.words), (_("Role"), role), (_("Membership"), membership)]
        return [(label, value) for label, value in facts if value]


@dataclass(frozen=True)
class PeopleFilter:
    """Which people the list shows."""

    words: str = ""
    company: Company | None = None
    seat: str = ""
    account: str = ""

    @classmethod
    def from_query(cls, query: QueryDict) -> "PeopleFilter":
        """Return the filter of a query string; an unknown value is ignored, and must not become an error."""
        seat = query.get("seat", "")
        return cls(
            words=normalize_whitespace(query.get("q", "")[:200]),
            company=find_company_in_query(query),
            seat=seat if seat in SEAT_FILTERS else "",
            account=CLOSED_ACCOUNTS if query.get("account") == CLOSED_ACCOUNTS else "",
        )

    @property
    def parameters(self) -> dict[str, str]:
        """Return the query parameters of the active parts of the filter."""
        company = self.company.slug if self.company else ""
        values = {"q": self.words, "company": company, "seat": self.seat, "account": self.account}
        return {name: value for name, value in values.items() if value}

    def find_people(self) -> QuerySet[Person]:
        """Return the matching people, by name."""
        company = self.company.slug if self.company else ""
        return search_people(self.words, company=company, seat=self.seat, account=self.account)

    def describe(self) -> FilterFacts:
        """Return each active part of the filter in words."""
        seats = {"held": _("with a seat"), "none": _("without a seat")}
        facts = [
            (_("Search"), self.words),
            (_("Company"), str(self.company or "")),
            (_("Seat"), seats.get(self.seat, "")),
            (_("Account"), pgettext("account", "closed") if self.account else ""),
        ]
        return [(label, value) for label, value in facts if value]


def find_company_in_query(query: QueryDict) -> Company | None:
    """Return the company that the page's address names, or None."""
    return Company.objects.filter(slug=normalize_whitespace(query.get("company", "")[:80])).first()
