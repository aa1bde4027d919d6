"""Calculate a quote: pure functions without a database; amounts in cents, VAT included."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from registrations.invoices.tax_amounts import STANDARD_VAT_RATE, compute_included_vat

from .reductions import Reduction


@dataclass(frozen=True, slots=True)
class TimedPrice:
    """A price until a moment."""

    price: int
    ends_at: datetime.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceList:
    """The prices of a ticket or an add-on: timed ones, soonest first, then its own.

    `quoted_price` is promised by a quotation, and applies where it is lower.
    """

    slug: str
    title: str = ""
    price: int = 0
    timed_prices: tuple[TimedPrice, ...] = ()
    quoted_price: TimedPrice | None = None
    vat_rate: int = STANDARD_VAT_RATE
    vat_exemption: str = ""
    uses_pass: bool = False
    is_hidden: bool = False

    def find_price_at(self, at: datetime.datetime) -> TimedPrice | None:
        """Return the timed price at that moment; None if `price` applies."""
        return next((step for step in self.timed_prices if at < step.ends_at), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class VoucherTerms:
    """The terms of a voucher, for these tickets or for all if it names none, while uses are left."""

    code: str
    kind: str
    value: int = 0
    uses_left: int | None = None
    ticket_slugs: frozenset[str] = frozenset()
    ends_at: datetime.datetime | None = None

    def applies_to(self, price_list: PriceList) -> bool:
        """Return whether it applies to the ticket; a hidden one has to be named."""
        return price_list.slug in self.ticket_slugs or not (self.ticket_slugs or price_list.is_hidden)

    def calculate_discount(self, price: int) -> int:
        """Return the discount on a price, in cents."""
        return {
            # Half a cent is rounded up, in the buyer's favour.
            "percent": (price * self.value + 50) // 100,
            "amount": min(price, self.value),
            # A fixed price above the ticket's own does not raise it.
            "fixed": max(0, price - self.value),
        }.get(self.kind, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceRequest:
    """One place of an order: ticket, add-ons, and what its attendee is entitled to."""

    price_list: PriceList
    addons: tuple[PriceList, ...] = ()
    can_use_pass: bool = False
    can_use_voucher: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteLine:
    """The price of a ticket or an add-on of one place, with its reductions."""

    place_number: int
    price_list: PriceList
    price: int
    reductions: tuple[Reduction, ...] = ()
    price_ends_at: datetime.datetime | None = None
    is_addon: bool = False
    uses_voucher: bool = False

    @property
    def price_before(self) -> int:
        """Return the price before all reductions."""
        return self.price + sum(reduction.amount for reduction in self.reductions)

    @property
    def uses_pass(self) -> bool:
        return any(reduction.reason == "pass" for reduction in self.reductions)

    @property
    def list_price(self) -> int:
        """Return the price of the moment for anybody: before a pass or a voucher, which may be used up."""
        personal = (reduction for reduction in self.reductions if reduction.reason in ("pass", "code"))
        return self.price + sum(reduction.amount for reduction in personal)


@dataclass(frozen=True, slots=True)
class VatTotal:
    """The sum at one VAT rate, or without VAT for one reason."""

    rate: int
    exemption: str
    gross_amount: int

    @property
    def vat_amount(self) -> int:
        """Return the VAT included in the gross amount, in cents."""
        return compute_included_vat(self.gross_amount, self.rate)

    @property
    def net_amount(self) -> int:
        return self.gross_amount - self.vat_amount


@dataclass(frozen=True)
class Quote:
    """The lines of an order, add-ons after the ticket they belong to."""

    lines: tuple[QuoteLine, ...]
    # The places whose hidden ticket the code does not open, or no longer.
    refused_places: tuple[int, ...] = field(default=())

    @cached_property
    def total(self) -> int:
        return sum(line.price for line in self.lines)

    @property
    def price_ends_at(self) -> datetime.datetime | None:
        """Return when the first timed price or code ends; None if the total has no end."""
        return min((line.price_ends_at for line in self.lines if line.price_ends_at), default=None)

    @property
    def vat_by_rate(self) -> list[VatTotal]:
        """Return the sums by VAT rate, highest first; none if nothing is due."""
        return sum_vat_by_rate(
            (line.price_list.vat_rate, line.price_list.vat_exemption, line.price) for line in self.lines
        )

    @property
    def has_quoted_items(self) -> bool:
        """Return whether a quotation promises the price of a line, also where today's price is lower."""
        return any(line.price_list.quoted_price for line in self.lines)

    @property
    def voucher_use_count(self) -> int:
        return sum(line.uses_voucher for line in self.lines)


def sum_vat_by_rate(priced: Iterable[tuple[int, str, int]]) -> list[VatTotal]:
    """Sum (rate, exemption, price) by rate and exemption, highest rate first.

    VAT is computed on these sums and not line by line, as on invoices (EN 16931, BG-23): rounding differs.
    """
    sums: dict[tuple[int, str], int] = {}
    for rate, exemption, price in priced:
        if price:
            sums[rate, exemption] = sums.get((rate, exemption), 0) + price
    return [
        VatTotal(rate, exemption, gross)
        for (rate, exemption), gross in sorted(sums.items(), reverse=True)
        # A discount may cover all items of a rate.
        if gross
    ]


def calculate_quote(
    requests: Sequence[PriceRequest],
    *,
    at: datetime.datetime,
    voucher_terms: VoucherTerms | None = None,
    passes_left: int = 0,
) -> Quote:
    """Return the price of each place at that moment: the timed or quoted price, then a pass or the voucher.

    Passes and voucher uses go to the places in order, but voucher uses first to those that only the voucher
    opens.
    """
    opened = _find_opened_places(requests, voucher_terms)
    # Uses for hidden tickets are set aside: without them these places cannot be booked at all.
    uses = len(opened)
    lines: list[QuoteLine] = []
    for number, place in enumerate(requests):
        line = _make_line(number, place.price_list, at)
        if place.can_use_pass and place.price_list.uses_pass and line.price and passes_left > 0:
            passes_left -= 1
            # A code that opens the ticket is used by the place, although the pass pays for it.
            line = replace(
                _apply_reduction(line, Reduction("pass", line.price)), uses_voucher=number in opened
            )
        elif voucher_terms and number in opened:
            line = _apply_voucher(line, voucher_terms)
        elif voucher_terms and _can_discount(place, voucher_terms, line, uses):
            uses += 1
            line = _apply_voucher(line, voucher_terms)
        # Passes and codes lower the price of the ticket only.
        lines += [line, *(_make_addon_line(number, addon, at) for addon in place.addons)]
    hidden = (number for number, place in enumerate(requests) if place.price_list.is_hidden)
    return Quote(tuple(lines), tuple(number for number in hidden if number not in opened))


def _find_opened_places(
    requests: Sequence[PriceRequest], voucher_terms: VoucherTerms | None
) -> frozenset[int]:
    """Return the places whose hidden ticket the voucher opens, as far as its uses go."""
    if voucher_terms is None:
        return frozenset()
    fitting = [
        number
        for number, place in enumerate(requests)
        if place.price_list.is_hidden and place.can_use_voucher and voucher_terms.applies_to(place.price_list)
    ]
    # Without a limit `uses_left` is None, and the slice has all of them.
    return frozenset(fitting[: voucher_terms.uses_left])


def _can_discount(place: PriceRequest, voucher_terms: VoucherTerms, line: QuoteLine, uses: int) -> bool:
    if (
        place.price_list.is_hidden
        or not place.can_use_voucher
        or not voucher_terms.applies_to(place.price_list)
    ):
        return False
    # A use without a discount, as for a free ticket, would be wasted.
    return voucher_terms.calculate_discount(line.price) > 0 and (
        voucher_terms.uses_left is None or uses < voucher_terms.uses_left
    )


def _make_line(number: int, price_list: PriceList, at: datetime.datetime) -> QuoteLine:
    """Return the price of the moment or the quoted one, before any reduction for the attendee."""
    line, quoted = _make_timed_line(number, price_list, at), price_list.quoted_price
    if quoted is None or at >= quoted.ends_at or quoted.price >= line.price:
        return line
    reduction = Reduction("quotation", line.price - quoted.price, quoted.ends_at)
    return replace(_apply_reduction(line, reduction), price_ends_at=quoted.ends_at)


def _make_timed_line(number: int, price_list: PriceList, at: datetime.datetime) -> QuoteLine:
    step = price_list.find_price_at(at)
    if step is None:
        return QuoteLine(place_number=number, price_list=price_list, price=price_list.price)
    # A timed price above the regular price is no reduction.
    early = (
        (Reduction("early", price_list.price - step.price, step.ends_at),)
        if step.price < price_list.price
        else ()
    )
    return QuoteLine(
        place_number=number,
        price_list=price_list,
        price=step.price,
        reductions=early,
        price_ends_at=step.ends_at,
    )


def _make_addon_line(number: int, price_list: PriceList, at: datetime.datetime) -> QuoteLine:
    return replace(_make_line(number, price_list, at), is_addon=True)


def _apply_voucher(line: QuoteLine, voucher_terms: VoucherTerms) -> QuoteLine:
    discount = voucher_terms.calculate_discount(line.price)
    percent = voucher_terms.value if voucher_terms.kind == "percent" else None
    lowered = (
        _apply_reduction(line, Reduction("code", discount, code=voucher_terms.code, percent=percent))
        if discount
        else line
    )
    price_ends_at = min((end for end in (line.price_ends_at, voucher_terms.ends_at) if end), default=None)
    # A code that only opens a hidden ticket lowers nothing, but its use counts too.
    return replace(lowered, uses_voucher=True, price_ends_at=price_ends_at)


def _apply_reduction(line: QuoteLine, reduction: Reduction) -> QuoteLine:
    return replace(line, price=line.price - reduction.amount, reductions=(*line.reductions, reduction))
