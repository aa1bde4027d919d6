"""Orders and quotations of a company's contacts that were not made in the company area."""

import datetime
from collections import Counter
from dataclasses import dataclass

from django.db.models.fields.json import KT
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import ngettext

from convention.accounts.permissions import owns_address
from convention.club.addresses.own_addresses import load_own_addresses
from convention.club.models import Company, Person
from convention.money import Money
from convention.text.normalize import casefold_text
from registrations.billing.receivables import calculate_amounts_owed
from registrations.billing.refund_summary import (
    load_amounts_due,
    load_completed_refunds,
    load_requested_refunds,
)
from registrations.invoices.models import Quotation
from registrations.models import Order
from registrations.permissions import build_link_path

from .open_payments import load_due_dates
from .permissions import list_contacts_orders

# The latest ones; older ones are in the contacts' e-mails.
MAX_OTHER_ORDERS = 50


@dataclass(frozen=True)
class OtherOrder:
    """An order with its content in words, its money and its refunds.

    `path` is "" unless it is the reader's own; so is `sponsor_path`, which leads to the package's logo.
    """

    order: Order
    content: str
    amount_owed: Money
    amount_due: Money
    amount_requested: Money | None
    amount_refunded: Money | None
    path: str
    sponsor_path: str = ""
    due_on: datetime.date | None = None


def list_other_orders(company: Company, reader: Person) -> list[OtherOrder]:
    """Return the orders that contacts placed for the company elsewhere, the newest first."""
    rows = list_contacts_orders(company).select_related("event")
    rows = rows.prefetch_related("registrations__addons", "sponsorships__package")
    orders = list(rows.order_by("-created_at", "-pk")[:MAX_OTHER_ORDERS])
    owed, due = calculate_amounts_owed(orders), load_amounts_due(orders)
    requested, refunded = load_requested_refunds(orders), load_completed_refunds(orders)
    due_dates = load_due_dates(orders)
    # Asked once for each address: few contacts have ordered.
    own_addresses = {email for email in {order.email for order in orders} if owns_address(reader, email)}
    return [
        OtherOrder(
            order,
            _describe_content(order),
            owed[order.pk],
            due.get(order.pk, Money(0)),
            requested.get(order.pk),
            refunded.get(order.pk),
            path=build_link_path(order) if order.email in own_addresses else "",
            sponsor_path=(
                build_link_path(order, page="order-sponsor")
                if order.email in own_addresses and order.sponsorships.all()
                else ""
            ),
            due_on=due_dates.get(order.reference),
        )
        for order in orders
    ]


def _describe_content(order: Order) -> str:
    """Return the order's packages, or how many places it has."""
    packages = Counter(row.package.title for row in order.sponsorships.all() if row.cancelled_at is None)
    if packages:
        return ", ".join(packages)
    places = sum(row.cancelled_at is None for row in order.registrations.all())
    return ngettext("%(places)d place", "%(places)d places", places) % {"places": places}


def list_valid_quotations(company: Company, reader: Person) -> list[Quotation]:
    """Return the quotations that the reader requested for the company and that are still valid."""
    # Lower() only narrows the candidates: `owns_address` compares as for a sign-in.
    rows = Quotation.objects.select_related("event").alias(email=Lower(KT("buyer__email")))
    rows = rows.filter(
        email__in=[email.lower() for email in load_own_addresses(reader)],
        valid_until__gte=timezone.localdate(),
        withdrawn_at=None,
    )
    return [
        quotation
        for quotation in rows.exclude(event=None)[:MAX_OTHER_ORDERS]
        if _is_for_company(quotation, company) and owns_address(reader, quotation.buyer["email"])
    ]


def _is_for_company(quotation: Quotation, company: Company) -> bool:
    """Return whether the quotation was made in the company's area, or elsewhere in its name."""
    if company_id := quotation.details.get("company_id"):
        return bool(company_id == company.pk)
    names = (quotation.buyer_name, quotation.details.get("company", ""))
    return casefold_text(company.name) in map(casefold_text, names)
