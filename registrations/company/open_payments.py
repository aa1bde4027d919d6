"""Load what a company has to pay or to complete now: unpaid invoices, card payments, names in packages."""

import datetime
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from convention.club.models import Company, Person
from convention.events.models import Event
from convention.money import Money
from registrations.invoices.ledger.receivable_list import annotate_receivables
from registrations.models import Order, Registration
from registrations.models.orders import OrderQuerySet

from .permissions import (
    find_own_path,
    list_company_orders,
    list_contacts_orders,
    list_manual_receivables,
)


@dataclass(frozen=True)
class UnpaidInvoices:
    """The invoices in one currency that are not paid in full, and the day on which the first is due."""

    amount: Money
    due_on: datetime.date
    is_late: bool


@dataclass(frozen=True)
class CardPayment:
    """An order whose places are released unless it is paid by card before `expires_at`.

    `has_page` says whether the order has a page in the company area. `path` is that of an order placed
    elsewhere, "" unless it is the reader's own.
    """

    order: Order
    expires_at: datetime.datetime
    has_page: bool
    path: str = ""


@dataclass(frozen=True)
class UnnamedPlaces:
    """How many places of a package have no name yet; `path`, where to name them, is "" for others' orders."""

    event: Event
    count: int
    path: str = ""


@dataclass(frozen=True)
class OpenPayments:
    """Payments and names that a company owes; `unnamed_places` are those of packages."""

    unpaid_invoices: list[UnpaidInvoices] = field(default_factory=list)
    card_payments: list[CardPayment] = field(default_factory=list)
    unnamed_places: list[UnnamedPlaces] = field(default_factory=list)


def load_open_payments(company: Company, *, reader: Person, at: datetime.datetime) -> OpenPayments:
    """Load what is open in the company's orders, and in those that its contacts placed elsewhere.

    Invoices without an order count too. `reader` is the contact, who is led to their own orders.
    """
    orders = Order.objects.filter(
        Q(pk__in=list_company_orders(company)) | Q(pk__in=list_contacts_orders(company))
    )
    return OpenPayments(
        _load_unpaid_invoices(company, orders, timezone.localdate(at)),
        _load_card_payments(company, orders, reader, at),
        _count_unnamed_places(orders, reader, at),
    )


def _load_unpaid_invoices(
    company: Company, orders: OrderQuerySet, day: datetime.date
) -> list[UnpaidInvoices]:
    is_of_company = Q(reference__in=orders.values("reference")) | Q(pk__in=list_manual_receivables(company))
    rows: Any = annotate_receivables(day).filter(is_of_company)
    # Without a due date nothing was invoiced yet, so nothing has to be paid now.
    rows = rows.filter(amount_due__gt=0, unpaid_due_on__isnull=False)
    amounts = Counter[tuple[bool, str]]()
    first_days: dict[tuple[bool, str], datetime.date] = {}
    for row in rows:
        key = (row.is_late, row.currency)
        amounts[key] += row.amount_due
        first_days[key] = min(first_days.get(key, row.unpaid_due_on), row.unpaid_due_on)
    return [
        UnpaidInvoices(Money(cents, currency), first_days[is_late, currency], is_late)
        for (is_late, currency), cents in amounts.items()
    ]


def load_due_dates(orders: Iterable[Order]) -> dict[str, datetime.date]:
    """Return the due date of the first unpaid invoice, by reference, of the orders that have one."""
    rows: Any = annotate_receivables(timezone.localdate())
    rows = rows.filter(reference__in=[order.reference for order in orders])
    rows = rows.filter(amount_due__gt=0, unpaid_due_on__isnull=False)
    return {row.reference: row.unpaid_due_on for row in rows}


def _load_card_payments(
    company: Company, orders: OrderQuerySet, reader: Person, at: datetime.datetime
) -> list[CardPayment]:
    # An order is paid as a whole: its first hold ends the time to pay.
    pending = Q(registrations__cancelled_at=None, registrations__confirmed_at=None)
    rows = orders.filter(payment=Order.Payment.CARD).select_related("event")
    rows = rows.annotate(expires_at=Min("registrations__hold_expires_at", filter=pending))
    pending_orders = list(rows.filter(expires_at__gt=at).order_by("expires_at"))
    if not pending_orders:
        return []
    company_orders = list_company_orders(company).filter(pk__in=[order.pk for order in pending_orders])
    ids_with_page = set(company_orders.values_list("pk", flat=True))
    return [
        CardPayment(
            order,
            order.expires_at,
            has_page=order.pk in ids_with_page,
            path="" if order.pk in ids_with_page else find_own_path(order, reader),
        )
        for order in pending_orders
    ]


def _count_unnamed_places(
    orders: OrderQuerySet, reader: Person, at: datetime.datetime
) -> list[UnnamedPlaces]:
    """Return how many places of packages have no name yet, by order."""
    packages = orders.filter(sponsorships__cancelled_at=None, sponsorships__isnull=False)
    rows = Registration.objects.active(at=at).filter(
        order__in=packages.values("pk"), event__ends_at__gt=at, first_name="", last_name=""
    )
    unnamed = list(rows.select_related("event", "order__event").order_by("event__starts_at", "pk"))
    counts = Counter(row.order_id for row in unnamed)
    first_rows = {row.order_id: row for row in reversed(unnamed)}
    return [
        UnnamedPlaces(
            first_rows[pk].event, count, find_own_path(first_rows[pk].order, reader, page="order-names")
        )
        for pk, count in counts.items()
    ]
