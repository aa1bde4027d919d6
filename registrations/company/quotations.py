"""Quotations of bulk orders: find the company they were made for, and the draft of an order of the same."""

from typing import TYPE_CHECKING

from django.urls import reverse

from convention.club.models import Company
from convention.club.permissions import get_companies_of_contact
from registrations.invoices.models import Quotation
from registrations.quotations.lookup import has_quoted_items, list_quoted_places
from registrations.storefront.drafts import DraftContent, build_quoted_draft

from .draft_rows import is_filled_row

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def is_quotation_of(quotation: Quotation, company: Company) -> bool:
    """Return whether the quotation was made of a bulk order of this company."""
    return quotation.details.get("company_id") == company.pk


def find_quotation_order_path(quotation: Quotation, reader: "RequestUser") -> str:
    """Return the page on which the reader orders for their company what was quoted for it, else "".

    Called by the hook `quotation_order_pages`.
    """
    company_id = quotation.details.get("company_id")
    if not company_id:
        return ""
    company = get_companies_of_contact(reader).filter(pk=company_id).first()
    return reverse("company-quotation-order", args=[company.slug, quotation.link_token]) if company else ""


def has_quoted_rows(draft: DraftContent, quotation: Quotation) -> bool:
    """Return whether the quotation was made of this draft, and still names the same."""
    people = [person for person in draft.people if is_filled_row(person)]
    return draft.quotation == quotation.number and has_quoted_items(quotation, people)


def make_quoted_rows(quotation: Quotation) -> DraftContent:
    """Return a draft with a row for each quoted place; those without a name are to follow."""
    rows = [
        place if place.get("first_name") or place.get("last_name") else {**place, "is_to_follow": "on"}
        for place in list_quoted_places(quotation)
    ]
    return build_quoted_draft(quotation, rows)
