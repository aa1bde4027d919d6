"""Build the draft of an order of what a quotation names."""

from typing import Any

from registrations.invoices.models import Quotation

from .drafts import DraftContent

QUOTED_BILLING_FIELDS = ("name", "street", "postcode", "city", "country")


def build_quoted_draft(quotation: Quotation, people: list[dict[str, Any]]) -> DraftContent:
    """Return a draft of these people with the quotation's code and buyer."""
    buyer = quotation.buyer
    return DraftContent(
        people=people,
        code=quotation.details.get("voucher_code", ""),
        contact=buyer.get("email", ""),
        billing={
            **{f"billing_{name}": buyer.get(name, "") for name in QUOTED_BILLING_FIELDS},
            "billing_tax_number": buyer.get("vat_number") or buyer.get("siren", ""),
            "purchase_order": quotation.details.get("purchase_order", ""),
        },
        quotation=quotation.number,
    )
