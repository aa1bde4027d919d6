"""Find the name of the person who placed an order, of whom an order itself stores only the address."""

from convention.club.models import Person
from convention.text.email_addresses import is_same_email
from registrations.models import SOURCE_COMPANY_CONTACT, Order, Registration


def find_buyer_name(order: Order) -> str:
    """Return the buyer's name, else the billing name, which may be a company's; else ""."""
    buyer = _find_buyer(order)
    return buyer.name if buyer else order.billing_name


def find_buyer_first_name(order: Order) -> str:
    """Return the first name by which the buyer is greeted, "" if unknown."""
    buyer = _find_buyer(order)
    return buyer.first_name if buyer else ""


def _find_buyer(order: Order) -> Person | Registration | None:
    """Return the company's contact, else the attendee with the buyer's own address."""
    if order.source == SOURCE_COMPANY_CONTACT:
        # Only reachable by the relation: the company desk builds on this package.
        company_order = getattr(order, "for_company", None)
        if company_order and company_order.managed_by:
            contact: Person = company_order.managed_by
            return contact
    # A correction to another person's name may keep the buyer's address, so that a transferred place does not
    # tell the buyer's name.
    rows = order.registrations.filter(transferred_at__isnull=True).order_by("pk")
    return next((row for row in rows if row.has_name and is_same_email(row.email, order.email)), None)


def find_attendee_first_name(registration: Registration) -> str:
    """Return the first name for a mail about one place, which goes to the buyer without an own address."""
    return registration.first_name if registration.email else find_buyer_first_name(registration.order)
