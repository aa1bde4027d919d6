"""Unit prices that a quotation promises to orders placed in time: plain data without a database."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .quote import PriceList, TimedPrice

# Kinds of items, as in the keys of a quotation's lines.
TICKET_KIND, ADDON_KIND = "ticket", "addon"


@dataclass(frozen=True, kw_only=True)
class QuotedPrices:
    """The prices in cents that quotation `number` promises until `ends_at`, before passes and vouchers.

    By kind and slug of the item, with one price for each place that was not ordered from it so far.
    """

    number: str
    currency: str
    ends_at: datetime.datetime
    prices: Mapping[tuple[str, str], tuple[int, ...]]


class QuotedPriceAllocation:
    """Give the quoted prices to the items of one order, each price once."""

    def __init__(self, quoted_prices: QuotedPrices | None) -> None:
        self._quoted_prices = quoted_prices
        self._unused = (
            {key: list(prices) for key, prices in quoted_prices.prices.items()} if quoted_prices else {}
        )

    def apply_next(self, price_list: PriceList, *, kind: str, currency: str) -> PriceList:
        """Return the item's prices with the next quoted one, or as they are if none is left."""
        quoted_prices, unused = self._quoted_prices, self._unused.get((kind, price_list.slug))
        if quoted_prices is None or not unused or currency != quoted_prices.currency:
            return price_list
        return replace(price_list, quoted_price=TimedPrice(unused.pop(0), quoted_prices.ends_at))
