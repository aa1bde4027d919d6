"""Find the name of the person who placed an order; the order itself stores only their address."""

from convention.club.models import Person
from registrations.models import Order, Registration


def find_buyer_name(order: Order) -> str:
    """Return the buyer's name, else the billing name, which may be a company's; else ""."""
    buyer = find_buyer(order)
    return buyer.name if buyer else order.billing_name


def find_billing_name(order: Order) -> str:
    """Return the name to bill: as entered, the company's, or that of the person who ordered; else ""."""
    return order.billing_name or order.company or find_buyer_name(order)


def find_buyer_first_name(order: Order) -> str:
    """Return the first name by which the buyer is greeted, "" if unknown."""
    buyer = find_buyer(order)
    return buyer.first_name if buyer else ""


def find_buyer(order: Order) -> Person | Registration | None:
    """Return the company's contact, else the attendee of the buyer's own place."""
    if order.source == Order.Source.COMPANY_CONTACT:
        # Through the reverse relation, because `registrations.company` imports this package.
        company_order = getattr(order, "for_company", None)
        if company_order and company_order.managed_by:
            contact: Person = company_order.managed_by
            return contact
    rows = order.registrations.order_by("pk")
    return next((row for row in rows if row.has_name and row.is_buyers_own), None)


def find_attendee_first_name(registration: Registration) -> str:
    """Return the first name for a mail about one place; without an address it goes to the buyer."""
    return registration.first_name if registration.email else find_buyer_first_name(registration.order)
