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
from registrations.billing.charge_titles import FEE_KEY_SUFFIX, load_charged_items
from registrations.invoices.ledger.charges import DISCOUNT_KEY_PREFIX
from registrations.invoices.models.documents import Charge, Payment, Refund


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
    charges = Charge.objects.active().filter(receivable__event=event).order_by()
    columns = ("key", "description", "quantity", "amount", "receivable__currency")
    values = list(charges.values_list(*columns))
    items = load_charged_items(event, {key for key, *_rest in values})
    rows: dict[tuple[str, str], RevenueRow] = {}
    for key, description, quantity, amount, currency in values:
        title = _find_group_title(key) or (items[key].title if key in items else description)
        row = rows.setdefault((title, currency), RevenueRow(title, currency))
        row.count += quantity
        row.cents += amount
    return sorted(rows.values(), key=lambda row: (-row.cents, row.title))


def _find_group_title(key: str) -> str:
    """Return the title that all fees or all discounts share, "" for anything else."""
    if key.endswith(FEE_KEY_SUFFIX):
        return _("Cancellation fees")
    return _("Discounts") if key.startswith(DISCOUNT_KEY_PREFIX) else ""


def _list_days(event: Event) -> list[RevenueDay]:
    days: dict[tuple[datetime.date, str], RevenueDay] = {}
    payments = Payment.objects.filter(receivable__event=event).order_by()
    for day, amount, currency in payments.values_list("received_on", "amount", "currency"):
        days.setdefault((day, currency), RevenueDay(day, currency)).received_cents += amount
    refunds = Refund.objects.money_sent().filter(receivable__event=event)
    for refund in refunds.select_related("payment", "receivable"):
        for day, cents in refund.cash_movements:
            currency = refund.receivable.currency
            row = days.setdefault((day, currency), RevenueDay(day, currency))
            # It takes a payment back that was recorded by mistake: no money was returned.
            if refund.is_counter_entry:
                row.received_cents -= cents
            else:
                row.refunded_cents += cents
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
