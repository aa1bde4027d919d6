"""Revenue of an event: what each ticket and add-on brings, and what was received on each day, in cents."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.billing.receivables import FEE_KEY_SUFFIX
from registrations.invoices.ledger.charges import DISCOUNT_KEY_PREFIX
from registrations.invoices.models.documents import Charge, Payment, Refund
from registrations.models import Registration


@dataclass
class RevenueRow:
    """One ticket, add-on or other item: how many are owed, and their sum."""

    title: str
    currency: str
    count: int = 0
    cents: int = 0


@dataclass
class RevenueDay:
    """One day: what was received and refunded."""

    day: datetime.date
    currency: str
    received_cents: int = 0
    refunded_cents: int = 0

    @property
    def net_cents(self) -> int:
        return self.received_cents - self.refunded_cents


@dataclass
class EventRevenue:
    """The rows of an event by item, the most lucrative first, and by day."""

    items: list[RevenueRow] = field(default_factory=list)
    days: list[RevenueDay] = field(default_factory=list)

    @property
    def total_by_currency(self) -> dict[str, int]:
        """Return the sum of all items by currency, in cents."""
        totals: dict[str, int] = defaultdict(int)
        for row in self.items:
            totals[row.currency] += row.cents
        return dict(totals)


def load_revenue(event: Event) -> EventRevenue:
    """Return the revenue of an event, in six queries."""
    return EventRevenue(_list_items(event), _list_days(event))


def _list_items(event: Event) -> list[RevenueRow]:
    """Return what is owed by item, named as the event names it, in the reader's language."""
    tickets = {ticket.pk: ticket.title for ticket in event.tickets.all()}
    addons = {addon.slug: addon.title for addon in event.addons.all()}
    packages = {package.slug: package.title for package in event.packages.all()}
    sold = dict(Registration.objects.filter(event=event).order_by().values_list("reference", "ticket"))
    charges = Charge.objects.active().filter(receivable__event=event).order_by()
    rows: dict[tuple[str, str], RevenueRow] = {}
    columns = ("key", "description", "quantity", "amount", "receivable__currency")
    for key, description, quantity, amount, currency in charges.values_list(*columns):
        title = (
            _find_package_title(key, packages)
            or _find_own_title(key)
            or _name_sold_item(key, description, sold, tickets, addons)
        )
        row = rows.setdefault((title, currency), RevenueRow(title, currency))
        row.count += quantity
        row.cents += amount
    return sorted(rows.values(), key=lambda row: (-row.cents, row.title))


def _find_own_title(key: str) -> str:
    """Return the title of a fee or a discount, "" for anything else."""
    if key.endswith(FEE_KEY_SUFFIX):
        return _("Cancellation fees")
    return _("Discounts") if key.startswith(DISCOUNT_KEY_PREFIX) else ""


def _name_sold_item(
    key: str, description: str, sold: dict[str, int], tickets: dict[int, str], addons: dict[str, str]
) -> str:
    """Return the title of a charge: its ticket or add-on, or its own description."""
    reference, _slash, rest = key.partition("/")
    if reference in sold:
        return addons.get(rest, description) if rest else tickets.get(sold[reference], description)
    return description


def _find_package_title(key: str, packages: dict[str, str]) -> str:
    """Return the title of a sponsor's package, which all its sponsors share; "" for anything else."""
    kind, _slash, rest = key.partition("/")
    return packages.get(rest.partition("/")[0], "") if kind == "package" else ""


def _list_days(event: Event) -> list[RevenueDay]:
    days: dict[tuple[datetime.date, str], RevenueDay] = {}
    payments = Payment.objects.filter(receivable__event=event).order_by()
    for day, amount, currency in payments.values_list("received_on", "amount", "currency"):
        days.setdefault((day, currency), RevenueDay(day, currency)).received_cents += amount
    refunds = Refund.objects.money_sent().filter(receivable__event=event)
    for refund in refunds.select_related("payment", "receivable"):
        for day, cents in refund.cash_movements:
            currency = refund.receivable.currency
            days.setdefault((day, currency), RevenueDay(day, currency)).refunded_cents += cents
    return sorted(days.values(), key=lambda row: (row.day, row.currency))


def build_revenue_sheet(revenue: EventRevenue) -> TableSheet:
    """Return both tables below each other, in whole units."""
    return TableSheet(
        _("Revenue"),
        [_("Item or day"), pgettext("how many", "Number"), _("Amount"), _("Currency")],
        [*_item_cells(revenue.items), *_day_cells(revenue.days)],
    )


def _item_cells(rows: Iterable[RevenueRow]) -> Iterable[list[object]]:
    return ([row.title, row.count, Decimal(row.cents) / 100, row.currency] for row in rows)


def _day_cells(rows: Iterable[RevenueDay]) -> Iterable[list[object]]:
    return ([row.day, "", Decimal(row.net_cents) / 100, row.currency] for row in rows)
