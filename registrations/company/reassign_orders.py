"""Hand a company's orders to a current contact when the former contact's role ends.

From that day the former contact's link opens only their own registration (`registrations.permissions`). This
module gives the orders of upcoming events a new link and mails it to the successor.
"""

from collections import defaultdict

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from convention.audit.record import record_action
from convention.club.models import CompanyContact, Person
from convention.text.email_addresses import is_same_email
from registrations.changes.links import send_links_mail
from registrations.invoices.ledger.charges import update_buyer
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, Registration
from registrations.permissions import get_full_access, has_ended_contact

from .models import CompanyOrder


def reassign_ended_contacts() -> None:
    """Reassign all orders of former contacts, with one mail to each successor; a periodic job."""
    company_orders = CompanyOrder.objects.filter(order__event__ends_at__gt=timezone.now())
    open_contacts = CompanyContact.objects.open().filter(person__is_active=True)
    current_contacts = set(open_contacts.values_list("company", "person"))
    company_ids = {company for company, _person in current_contacts}
    rows = company_orders.order_by("order").values_list("order", "company", "managed_by")
    # Collected, so that a successor of many orders gets one mail.
    links = defaultdict[int, list[int]](list)
    for order, company, person in rows:
        # An order without a manager is tried again once the company has a contact.
        if (company, person) not in current_contacts and (person is not None or company in company_ids):
            successor = reassign_order(order_id=order)
            if successor:
                links[successor.pk].append(order)
    for orders in links.values():
        send_links_mail.enqueue(orders, [])


@transaction.atomic
def reassign_order(*, order_id: int) -> Person | None:
    """Give the order a new link and a current contact's address; return the successor, if there is one.

    The former contact is mailed the link of their own registration. Links that were mailed to the former
    contact for attendees without an address are voided. Without a successor nobody gets the order's mails.
    Does nothing while the contact's role lasts.
    """
    order = (
        Order.objects.locked_for_update().select_related("event", "for_company__managed_by").get(pk=order_id)
    )
    if not has_ended_contact(order):
        return None
    company_order, former_email = order.for_company, order.email
    own_ids = [registration.pk for registration in get_full_access(order).registrations]
    # `own_ids` is read before the address changes, as it depends on it.
    successor = _find_successor(company_order)
    if successor is None and company_order.managed_by is None and not order.email:
        return None  # handled in an earlier run
    # Emptied without a successor: mails about colleagues must not reach somebody who has left.
    order.email = (successor.email or "") if successor else ""
    order.save(update_fields=["email", *order.raise_link_version()])
    CompanyOrder.objects.filter(pk=company_order.pk).update(managed_by=successor)
    _void_links_sent_to(former_email, order, own_ids)
    if successor:
        # Only where invoices went to the former contact: an accounting address stays.
        for receivable in Receivable.objects.filter(reference=order.reference, email__iexact=former_email):
            update_buyer(receivable, {"email": order.email})
    record_action("order.reassign", order, event=order.event, fields=["managed_by", "email", "link_version"])
    # The former contact keeps the link of their own registration.
    if own_ids:
        send_links_mail.enqueue([], own_ids)
    return successor


def _find_successor(company_order: CompanyOrder) -> Person | None:
    """Return the longest-serving current contact with an address."""
    contacts = CompanyContact.objects.open().filter(company=company_order.company_id, person__is_active=True)
    reachable = contacts.exclude(person__email=None).exclude(person__email="")
    contact = reachable.select_related("person").order_by("starts_on", "pk").first()
    return contact.person if contact else None


def _void_links_sent_to(address: str, order: Order, own_ids: list[int]) -> None:
    """Void the own links of the order's other registrations that were mailed to this address."""
    others = order.registrations.exclude(pk__in=own_ids).filter(is_private=False)
    voided_ids = [
        registration.pk
        for registration in others.only("email")
        if not registration.email or is_same_email(registration.email, address)
    ]
    Registration.objects.filter(pk__in=voided_ids).update(link_version=F("link_version") + 1)
