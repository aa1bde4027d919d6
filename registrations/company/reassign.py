"""Reassign a company's orders: their links and mails go on to a contact of today when a contact's role ends.

From that day on the former contact's link opens nothing but their own place (`registrations.doors`); here the
orders of events to come get a new link, which is mailed to the successor.
"""

from collections import defaultdict

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from convention.addresses import same
from convention.audit.record import record
from convention.club.models import CompanyContact, Person

from ..doors import has_ended_contact, whole
from ..invoices.models import Receivable
from ..invoices.owe import correct_buyer
from ..models import Order, Registration
from ..send_links import mail_links
from .models import CompanyOrder


def reassign_ended() -> None:
    """Recurring work: reassign the orders of contacts whose role has ended; one mail to each successor."""
    placed = CompanyOrder.objects.filter(order__event__ends_at__gt=timezone.now())
    today = CompanyContact.objects.open().filter(person__is_active=True)
    standing = today.values_list("company", "person")
    rows = placed.order_by("order").values_list("order", "company", "managed_by")
    known = set(standing)
    has_contact = {company for company, _person in known}
    links = defaultdict[int, list[int]](list)
    for order, company, person in rows:
        if (company, person) not in known and (person is not None or company in has_contact):
            successor = reassign(order_id=order)
            if successor:
                links[successor.pk].append(order)
    for orders in links.values():
        mail_links.enqueue(orders, [])


@transaction.atomic
def reassign(*, order_id: int) -> Person | None:
    """Give the order a new link and the address of a contact of today; return the successor, if there is one.

    The former contact gets the link of their own place; links to places without an address of their own,
    which were mailed to the former contact, are void. Without a successor nobody gets the order's mails.
    Changes nothing while the contact's role lasts.
    """
    order = Order.objects.alone().select_related("event", "for_company__managed_by").get(pk=order_id)
    if not has_ended_contact(order):
        return None
    placed, former = order.for_company, order.email
    own = [registration.pk for registration in whole(order).registrations]
    successor = _contact_of(placed)
    if successor is None and placed.managed_by is None and not order.email:
        return None  # so it is already
    order.email = (successor.email or "") if successor else ""
    order.save(update_fields=["email", *order.replace_link()])
    CompanyOrder.objects.filter(pk=placed.pk).update(managed_by=successor)
    _void_links_mailed_to(former, order, own)
    if successor:
        for receivable in Receivable.objects.filter(reference=order.reference, email__iexact=former):
            correct_buyer(receivable, {"email": order.email})
    record("order.reassign", order, event=order.event, fields=["managed_by", "email", "link_version"])
    if own:
        mail_links.enqueue([], own)
    return successor


def _contact_of(placed: CompanyOrder) -> Person | None:
    """Return the company's contact of longest standing who can be written to."""
    contacts = CompanyContact.objects.open().filter(company=placed.company_id, person__is_active=True)
    reachable = contacts.exclude(person__email=None).exclude(person__email="")
    found = reachable.select_related("person").order_by("starts_on", "pk").first()
    return found.person if found else None


def _void_links_mailed_to(address: str, order: Order, own: list[int]) -> None:
    """Replace the own links of the order's other places that had no other address than that one."""
    others = order.registrations.exclude(pk__in=own).filter(is_private=False)
    theirs = [one.pk for one in others.only("email") if not one.email or same(one.email, address)]
    Registration.objects.filter(pk__in=theirs).update(link_version=F("link_version") + 1)
