"""Billing details that a company's contact need not type: those of the company in the directory."""

from typing import TYPE_CHECKING

from convention.club.models import Company
from convention.club.permissions import get_companies_of_contact

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def find_billing_company(user: "RequestUser") -> Company | None:
    """Return the company whose contact the user is; None for other people, and contacts of several."""
    companies = list(get_companies_of_contact(user)[:2]) if user.is_authenticated else []
    return companies[0] if len(companies) == 1 else None


def make_billing_data(company: Company) -> dict[str, str]:
    """Return the company's address as initial data of the billing form."""
    return {
        "billing_name": company.name,
        "billing_street": company.street,
        "billing_postcode": company.postcode,
        "billing_city": company.city,
        "billing_country": company.country,
        "billing_tax_number": company.vat_number or company.siren,
    }
