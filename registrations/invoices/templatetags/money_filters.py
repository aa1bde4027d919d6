"""Filters: `cents`, `unsigned_cents` (amounts), `vat_label` (the VAT of a line), `get_item` (of a mapping).

Tag: `{% money_pages as pages %}` (the navigation of the treasurer's pages).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from convention.templatetags.convention import page_url
from registrations.invoices.formatting import describe_vat_rate, format_cents

register = template.Library()
register.filter("cents", format_cents)


@register.filter
def unsigned_cents(cents: int, currency: str = "EUR") -> str:
    """Format an amount without its sign, beside a label that says that it was overpaid."""
    return format_cents(abs(cents), currency)


@register.filter
def vat_label(row: Any) -> str:
    """Return the VAT rate of a row with `vat_rate` and `exemption`, or why it has none."""
    return describe_vat_rate(row.vat_rate, row.exemption)


@register.filter
def get_item(mapping: Mapping[Any, Any], key: Any) -> Any:
    """Return the mapping's value for `key`, or None."""
    return mapping.get(key)


MONEY_PAGES = (
    ("receivables", _("Receivables")),
    ("invoice-list", _("Invoices")),
    ("quotations", _("Quotations")),
    ("card-payments", _("Cards and refunds")),
    ("bank-lines", _("Bank")),
    ("payouts", _("Payouts")),
    ("accounting", _("VAT and accounting")),
    ("issuer", _("Issuer")),
)


@dataclass(frozen=True)
class MoneyPage:
    """Entry of the navigation."""

    url: str
    label: str | Promise
    is_current: bool


@register.simple_tag(takes_context=True)
def money_pages(context: template.Context) -> list[MoneyPage]:
    """Return the pages of the navigation; the current one is that whose address the request's begins with."""
    entries = [(url, label) for name, label in MONEY_PAGES if (url := page_url(name))]
    path = context["request"].path
    # The longest match, since the address of the receivables begins all others, such as that of the revenue.
    current = max((url for url, _label in entries if path.startswith(url)), key=len, default="")
    return [MoneyPage(url, label, url == current) for url, label in entries]
