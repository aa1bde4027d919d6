"""What places cost and why: facts in, a quote out. Pure; amounts in cents, VAT included."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from .reductions import Reduction
from .vat import STANDARD, vat_within


@dataclass(frozen=True, slots=True)
class Step:
    """A price until a moment."""

    price: int
    until: datetime.datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Fare:
    """What a ticket or an add-on costs: its own price once its steps are over, soonest first."""

    slug: str
    title: str = ""
    price: int = 0
    steps: tuple[Step, ...] = ()
    vat_rate: int = STANDARD
    vat_exemption: str = ""
    uses_pass: bool = False
    is_hidden: bool = False

    def step_at(self, at: datetime.datetime) -> Step | None:
        """The step that holds at that moment."""
        return next((step for step in self.steps if at < step.until), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """What a voucher gives: to these tickets, or to all where it names none, while uses are left."""

    code: str
    kind: str
    value: int = 0
    left: int | None = None
    tickets: frozenset[str] = frozenset()

    def holds_for(self, fare: Fare) -> bool:
        """Whether it is for that ticket; a hidden one has to be named."""
        return fare.slug in self.tickets or not (self.tickets or fare.is_hidden)

    def off(self, price: int) -> int:
        """What it takes off a price, half a cent rounded up."""
        return {
            "percent": (price * self.value + 50) // 100,
            "amount": min(price, self.value),
            "fixed": max(0, price - self.value),
        }.get(self.kind, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One place: its ticket and add-ons, and what its person may claim."""

    fare: Fare
    addons: tuple[Fare, ...] = ()
    may_use_pass: bool = False
    may_use_code: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The price of a ticket or an add-on for the place of that number, and what made it lower."""

    place: int
    fare: Fare
    price: int
    reductions: tuple[Reduction, ...] = ()
    is_addon: bool = False
    uses_code: bool = False

    @property
    def before(self) -> int:
        """The price before all reductions."""
        return self.price + sum(reduction.amount for reduction in self.reductions)

    @property
    def uses_pass(self) -> bool:
        """Whether a pass of the membership pays for it."""
        return any(reduction.reason == "pass" for reduction in self.reductions)


@dataclass(frozen=True, slots=True)
class VatTotal:
    """What is due at one rate, or without VAT for one reason."""

    rate: int
    exemption: str
    gross: int

    @property
    def vat(self) -> int:
        """The VAT within."""
        return vat_within(self.gross, self.rate)

    @property
    def net(self) -> int:
        """The rest."""
        return self.gross - self.vat


@dataclass(frozen=True)
class Quote:
    """The lines of an order, add-ons after the ticket they go with."""

    lines: tuple[Line, ...]
    refused: tuple[int, ...] = field(default=())
    """The places whose hidden ticket the code does not open, or no longer."""

    @cached_property
    def total(self) -> int:
        """What is due."""
        return sum(line.price for line in self.lines)

    @property
    def vat(self) -> list[VatTotal]:
        """What is due by rate, the highest first; nothing where nothing is due."""
        return vat_totals((line.fare.vat_rate, line.fare.vat_exemption, line.price) for line in self.lines)

    @property
    def uses_of_code(self) -> int:
        """How many places use the code."""
        return sum(line.uses_code for line in self.lines)


def vat_totals(priced: Iterable[tuple[int, str, int]]) -> list[VatTotal]:
    """Sums by rate and reason, of (rate, reason, price), the highest rate first."""
    sums: dict[tuple[int, str], int] = {}
    for rate, exemption, price in priced:
        if price:
            sums[rate, exemption] = sums.get((rate, exemption), 0) + price
    return [VatTotal(rate, why, gross) for (rate, why), gross in sorted(sums.items(), reverse=True)]


def quote(
    asked: Sequence[Asked], *, at: datetime.datetime, code: Code | None = None, passes_left: int = 0
) -> Quote:
    """The price of each place at that moment: the step that holds, then a pass, else the code.

    Passes and uses of the code go to the places in their order, but first to those that only the code opens.
    """
    opened = _opened(asked, code)
    uses = len(opened)
    lines: list[Line] = []
    for number, place in enumerate(asked):
        line = _standing(number, place.fare, at)
        if place.may_use_pass and place.fare.uses_pass and line.price and passes_left > 0:
            passes_left -= 1
            line = _reduced(line, Reduction("pass", line.price))
        elif code and number in opened:
            line = _with_code(line, code)
        elif code and _may_lower(place, code, line, uses):
            uses += 1
            line = _with_code(line, code)
        lines += [line, *(_addon(number, fare, at) for fare in place.addons)]
    hidden = (number for number, place in enumerate(asked) if place.fare.is_hidden)
    return Quote(tuple(lines), tuple(number for number in hidden if number not in opened))


def _opened(asked: Sequence[Asked], code: Code | None) -> frozenset[int]:
    """The places whose hidden ticket the code opens, as far as its uses go."""
    if code is None:
        return frozenset()
    fitting = [
        n for n, p in enumerate(asked) if p.fare.is_hidden and p.may_use_code and code.holds_for(p.fare)
    ]
    return frozenset(fitting[: code.left])


def _may_lower(place: Asked, code: Code, line: Line, uses: int) -> bool:
    if place.fare.is_hidden or not place.may_use_code or not code.holds_for(place.fare):
        return False
    return code.off(line.price) > 0 and (code.left is None or uses < code.left)


def _standing(number: int, fare: Fare, at: datetime.datetime) -> Line:
    """The price of the moment, before anything that the person brings."""
    step = fare.step_at(at)
    if step is None:
        return Line(place=number, fare=fare, price=fare.price)
    early = (Reduction("early", fare.price - step.price, step.until),) if step.price < fare.price else ()
    return Line(place=number, fare=fare, price=step.price, reductions=early)


def _addon(number: int, fare: Fare, at: datetime.datetime) -> Line:
    return replace(_standing(number, fare, at), is_addon=True)


def _with_code(line: Line, code: Code) -> Line:
    off = code.off(line.price)
    percent = code.value if code.kind == "percent" else None
    lowered = _reduced(line, Reduction("code", off, code=code.code, percent=percent)) if off else line
    return replace(lowered, uses_code=True)


def _reduced(line: Line, reduction: Reduction) -> Line:
    return replace(line, price=line.price - reduction.amount, reductions=(*line.reductions, reduction))
