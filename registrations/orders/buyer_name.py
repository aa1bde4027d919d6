"""Find the name of the person who placed an order, of whom an order itself stores only the address."""

from convention.text.email_addresses import is_same_email
from registrations.models import SOURCE_COMPANY_CONTACT, Order


def find_buyer_name(order: Order) -> str:
    """Return the buyer's name: a contact, an attendee with the same address, or the billing name; else ""."""
    if order.source == SOURCE_COMPANY_CONTACT:
        # Only reachable by the relation: the company desk builds on this package.
        company_order = getattr(order, "for_company", None)
        if company_order and company_order.managed_by:
            return str(company_order.managed_by.name)
    # All places, also those passed on since: only the one with the buyer's own address counts.
    for registration in order.registrations.order_by("pk"):
        if registration.has_name and is_same_email(registration.email, order.email):
            return registration.name
    return order.billing_name
