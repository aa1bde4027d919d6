"""Show a quote as rows on pages."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from convention.money import Money
from registrations.billing.receivables import list_owed_items
from registrations.invoices.vat_exemptions import VAT_EXEMPTIONS
from registrations.models import Order, Registration, Sponsorship, Ticket

from .quote import QuoteLine, VatTotal, sum_vat_by_rate
from .reductions import Reduction, parse_reductions


@dataclass(frozen=True)
class PriceRow:
    """A price on a page, with the price before reductions and the reasons."""

    title: str
    price: Money
    price_before: Money | None = None
    reasons: list[tuple[str, Money]] = field(default_factory=list)


def describe_priced_ticket(ticket: Ticket) -> str:
    """Return the ticket's title with its current price, such as “Guest · €90”."""
    cost = ticket.current_price
    price = str(cost) if cost.amount else _("free")
    return f"{ticket.title} · {price}"


def make_line_row(line: QuoteLine, *, currency: str, zone: datetime.tzinfo) -> PriceRow:
    return make_price_row(line.price_list.title, line.price, line.reductions, currency=currency, zone=zone)


def make_price_row(
    title: str, price: int, reductions: Iterable[Reduction], *, currency: str, zone: datetime.tzinfo
) -> PriceRow:
    """Return a row for a price in cents after these reductions."""
    reductions = list(reductions)
    price_before = price + sum(reduction.amount for reduction in reductions)
    return PriceRow(
        title=title,
        price=Money(price, currency),
        price_before=Money(price_before, currency) if reductions else None,
        reasons=[
            (reduction.describe_reason(zone), Money(-reduction.amount, currency)) for reduction in reductions
        ],
    )


def describe_vat(total: VatTotal, currency: str) -> str:
    """Return “incl. €20 VAT (20%)”, or the legal reason why there is no VAT."""
    # An invoice without VAT must name the legal reason (EN 16931, BT-120).
    if total.rate == 0:
        exemption = VAT_EXEMPTIONS.get(total.exemption)
        return str(exemption.legal_text) if exemption else total.exemption
    amount = Money(total.vat_amount, currency)
    return _("incl. %(amount)s VAT (%(rate)s%%)") % {
        "rate": format_vat_rate(total.rate),
        "amount": amount,
    }


def describe_price_parts(total: VatTotal, currency: str) -> str:
    """Return “€100 excl. VAT + €20 VAT (20%)”, or the legal reason why there is no VAT."""
    if total.rate == 0:
        return describe_vat(total, currency)
    return _("%(net)s excl. VAT + %(amount)s VAT (%(rate)s%%)") % {
        "net": Money(total.net_amount, currency),
        "amount": Money(total.vat_amount, currency),
        "rate": format_vat_rate(total.rate),
    }


def sum_order_vat(
    order: Order, registrations: Iterable[Registration], packages: Iterable[Sponsorship]
) -> list[VatTotal]:
    """Return what is due for registrations and packages of an order by rate, as on its documents."""
    items = list_owed_items(order, registrations, packages)
    return sum_vat_by_rate((item.vat_rate, item.exemption, item.key_and_total[1]) for item in items)


def list_price_rows(registration: Registration) -> list[PriceRow]:
    """Return the rows of a registration: its ticket, then its add-ons; those cancelled with it, too."""
    row_context: dict[str, Any] = {"currency": registration.order.currency, "zone": registration.event.zone}
    is_cancelled = registration.cancelled_at is not None
    shown_addons = registration.billed_addons if is_cancelled else registration.active_addons
    ticket_row = make_price_row(
        registration.ticket.title, registration.price, list_reductions(registration), **row_context
    )
    return [
        ticket_row,
        *(make_price_row(item.addon.title, item.price, (), **row_context) for item in shown_addons),
    ]


def list_reductions(registration: Registration) -> list[Reduction]:
    """Return the reductions of the registration's price."""
    return parse_reductions(
        registration.reductions, code=registration.voucher.code if registration.voucher else ""
    )


def format_vat_rate(rate: int) -> str:
    """Return a rate in hundredths of a percent as people write it: “20”, “5,5”."""
    # As few decimals as the rate needs: 20, 5,5 or 2,25.
    return formats.number_format(rate / 100, 0 if rate % 100 == 0 else 1 if rate % 10 == 0 else 2)
