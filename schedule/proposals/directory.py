"""Look up people's employers in the club's directory, by e-mail address."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from convention.club.models import Company, CompanyRole, Employment
from convention.text.email_addresses import normalize_email
from convention.text.normalize import search_text


@dataclass(frozen=True)
class DirectoryFacts:
    """Employers by normalized address, and the vendors, each as the search key of a company's name."""

    employers: dict[str, frozenset[str]] = field(default_factory=dict)
    vendors: frozenset[str] = frozenset()

    def find_employers(self, email: str, company: str = "") -> frozenset[str]:
        """Return the employers of an address, with the company that the person names."""
        named = {search_text(company)} if company.strip() else set()
        return self.employers.get(normalize_email(email), frozenset()) | named

    def is_vendor_employee(self, email: str, company: str) -> bool:
        """Return whether the person works for a vendor, by the directory or by the company they name."""
        return not self.find_employers(email, company).isdisjoint(self.vendors)


def load_directory_facts(addresses: Iterable[str]) -> DirectoryFacts:
    """Load the employers of these addresses and all vendors of today, in two queries."""
    wanted = {normalize_email(address) for address in addresses if address}
    # Addresses of people are stored in lower case.
    rows = Employment.objects.open().filter(person__email__in=wanted, person__is_active=True)
    employers: dict[str, set[str]] = {}
    for email, company in rows.values_list("person__email", "company__name"):
        employers.setdefault(normalize_email(email or ""), set()).add(search_text(company))
    roles = CompanyRole.objects.open().filter(role=CompanyRole.Role.VENDOR)
    vendors = Company.objects.filter(pk__in=roles.values("company")).values_list("name", flat=True)
    return DirectoryFacts(
        employers={address: frozenset(names) for address, names in employers.items()},
        vendors=frozenset(search_text(name) for name in vendors),
    )
