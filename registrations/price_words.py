"""A quote in words and amounts: for pages as rows, for programs as data."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from convention.money import Money

from .bill import owed_for, owed_for_package
from .models import Registration, Sponsorship
from .pricing import Line, Quote, VatTotal, vat_totals
from .reductions import Reduction, read
from .vat import EXEMPTIONS


@dataclass(frozen=True)
class PriceRow:
    """One price as a page shows it, with what it was before and why it is lower."""

    title: str
    price: Money
    before: Money | None = None
    reasons: list[tuple[str, Money]] = field(default_factory=list)


def row_of(line: Line, *, currency: str, zone: datetime.tzinfo) -> PriceRow:
    """A line of a quote."""
    return priced_row(line.fare.title, line.price, line.reductions, currency=currency, zone=zone)


def priced_row(
    title: str, price: int, reductions: Iterable[Reduction], *, currency: str, zone: datetime.tzinfo
) -> PriceRow:
    """A price in cents with its reductions."""
    reductions = list(reductions)
    before = price + sum(one.amount for one in reductions)
    return PriceRow(
        title=title,
        price=Money(price, currency),
        before=Money(before, currency) if reductions else None,
        reasons=[(one.say(zone), Money(-one.amount, currency)) for one in reductions],
    )


def say_vat(total: VatTotal, currency: str) -> str:
    """“incl. VAT 20 %: €20”; without VAT, the reason that the law asks for."""
    if total.rate == 0:
        return str(dict(EXEMPTIONS).get(total.exemption, total.exemption))
    amount = Money(total.vat, currency)
    return _("incl. VAT %(rate)s\u00a0%%: %(amount)s") % {"rate": say_rate(total.rate), "amount": amount}


def vat_of(registrations: Iterable[Registration], packages: Iterable[Sponsorship]) -> list[VatTotal]:
    """What is due for these registrations and packages of an order by rate, as its invoice will say."""
    owed = [line for one in packages for line in owed_for_package(one)]
    owed += [line for one in registrations if one.order.owes_for(one) for line in owed_for(one)]
    return vat_totals((line.vat_rate, line.exemption, line.unit_price) for line in owed)


def rows_of(registration: Registration) -> list[PriceRow]:
    """The ticket and the add-ons of a registration, each with why it costs what it does."""
    told: dict[str, Any] = {"currency": registration.order.currency, "zone": registration.event.zone}
    own = priced_row(registration.ticket.title, registration.price, reductions_of(registration), **told)
    return [own, *(priced_row(one.addon.title, one.price, (), **told) for one in registration.besides)]


def reductions_of(registration: Registration) -> list[Reduction]:
    """Return why a registration costs less than it would."""
    return read(registration.reductions, code=registration.voucher.code if registration.voucher else "")


def say_rate(rate: int) -> str:
    """A rate in hundredths of a percent as it is written: “20”, “5,5”."""
    return formats.number_format(rate / 100, 0 if rate % 100 == 0 else 1 if rate % 10 == 0 else 2)


def as_data(quote: Quote, *, currency: str, zone: datetime.tzinfo) -> dict[str, Any]:
    """A quote for programs."""
    return {
        "total": {"amount": quote.total, "currency": currency},
        "lines": [_line(line, zone) for line in quote.lines],
        "vat": [
            {"rate": one.rate, "exemption": one.exemption, "net": one.net, "vat": one.vat}
            for one in quote.vat
        ],
    }


def _line(line: Line, zone: datetime.tzinfo) -> dict[str, Any]:
    return {
        "registration": line.place,
        "addon" if line.is_addon else "ticket": line.fare.slug,
        "before": line.before,
        "reductions": [reduction_data(one, zone) for one in line.reductions],
        "price": line.price,
        "vat_rate": line.fare.vat_rate,
    }


def reduction_data(reduction: Reduction, zone: datetime.tzinfo) -> dict[str, Any]:
    """One reason for programs."""
    return {"reason": reduction.reason, "amount": reduction.amount, "words": reduction.say(zone)}
