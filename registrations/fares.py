"""What is for sale, as `pricing` takes it: tickets, add-ons and a voucher, as plain facts."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.utils import timezone

from convention.club.models import Membership
from convention.events.models import Event
from convention.text import fold

from .models import Addon, Passes, Question, Ticket, Voucher
from .on_sale import OnSale, on_sale
from .order_request import OrderRequest, Place
from .pricing import Asked, Code, Fare, Line, Quote, Step, quote


@dataclass(frozen=True)
class Wares:
    """What an order is made of, by slug; the voucher of its code, where there is one; what the event asks.

    `mark` is that of what is sold, where it was kept from before (`kept_sale.py`).
    """

    tickets: dict[str, Ticket]
    addons: dict[str, Addon] = field(default_factory=dict)
    voucher: Voucher | None = None
    questions: Sequence[Question] = ()
    mark: str = ""

    @cached_property
    def code(self) -> Code | None:
        """What the voucher gives."""
        return facts_of(self.voucher) if self.voucher else None

    def lacks_uses(self, places: int) -> bool:
        """Whether the code may not lower the price of so many, as far as was known when it was read."""
        return self.voucher is not None and self.voucher.left is not None and self.voucher.left < places


def wares_for(
    event: Event,
    request: OrderRequest,
    sold: OnSale | None = None,
) -> Wares:
    """What is asked for, of what is offered to whoever has the code; `sold` is what was read already."""
    sold = sold or sold_for(event, request)
    addons = {slug for place in request.places for slug in place.addons}
    found = event.addons.filter(slug__in=addons).prefetch_related("tickets") if addons else ()
    return Wares(
        tickets={ticket.slug: ticket for ticket in offered_to(sold.tickets, sold.voucher)},
        addons={addon.slug: addon for addon in found},
        voucher=sold.voucher,
        questions=sold.questions,
        mark=sold.mark if sold.is_kept else "",
    )


def sold_for(event: Event, request: OrderRequest) -> OnSale:
    """What the event sells of what is asked for, and its questions, in one read."""
    return on_sale(event.slug, *asked_by(request)) or OnSale(event)


def asked_by(request: OrderRequest) -> tuple[set[str], str]:
    """The tickets and the code that a tidied request asks for."""
    return {place.ticket for place in request.places}, request.code


def offered_to(tickets: Iterable[Ticket], voucher: Voucher | None) -> list[Ticket]:
    """The public tickets, and the hidden ones that the voucher opens while it is valid."""
    opened = {t.pk for t in voucher.tickets.all()} if voucher and voucher.is_valid() else set[int]()
    return [ticket for ticket in tickets if ticket.is_public or ticket.pk in opened]


def fare_of(offered: Ticket | Addon) -> Fare:
    """A ticket or an add-on as facts."""
    ticket = offered if isinstance(offered, Ticket) else None
    return Fare(
        slug=offered.slug,
        title=offered.title,
        price=offered.price,
        steps=tuple(Step(step.price, step.until) for step in ticket.steps_ahead()) if ticket else (),
        vat_rate=offered.vat_rate,
        vat_exemption=offered.vat_exemption,
        uses_pass=ticket is not None and ticket.uses_pass,
        is_hidden=ticket is not None and not ticket.is_public,
    )


def moved_price(ticket: Ticket, voucher: Voucher | None, passes: Passes | None) -> Line:
    """What the ticket costs now for who had another one, with a pass or a use of a code counted already."""
    code = replace(facts_of(voucher), left=None) if voucher else None
    asked = Asked(fare=fare_of(ticket), may_use_pass=passes is not None)
    return quote([asked], at=timezone.now(), code=code, passes_left=1 if passes else 0).lines[0]


def facts_of(voucher: Voucher) -> Code:
    """A voucher as facts."""
    return Code(
        code=voucher.code,
        kind=voucher.kind,
        value=voucher.value,
        left=voucher.left,
        tickets=frozenset(ticket.slug for ticket in voucher.tickets.all()),
    )


def is_for(voucher: Voucher, place: Place, company: str = "") -> bool:
    """Whether the voucher may serve that person: its address, or a domain as “@example.org”, and company."""
    address = voucher.for_address.casefold()
    email = place.email.casefold()
    fits_address = email.endswith(address) if address.startswith("@") else email == address
    fits_company = fold(place.company or company) == fold(voucher.for_company)
    return (not address or fits_address) and (not voucher.for_company or fits_company)


def quote_for(
    request: OrderRequest,
    wares: Wares,
    *,
    at: datetime.datetime,
    passes: "Allowance | None" = None,
) -> Quote:
    """What the order costs at that moment, and which of its places a member's pass pays for."""
    voucher = wares.voucher if wares.voucher and wares.voucher.is_valid(at=at) else None
    fares = {slug: fare_of(ticket) for slug, ticket in wares.tickets.items()}
    asked = [
        Asked(
            fare=fares[place.ticket],
            addons=tuple(fare_of(wares.addons[slug]) for slug in place.addons),
            may_use_pass=passes is not None and number in passes.places,
            may_use_code=voucher is not None and is_for(voucher, place, request.company),
        )
        for number, place in enumerate(request.places)
    ]
    left = passes.left if passes else 0
    return quote(asked, at=at, code=wares.code if voucher else None, passes_left=left)


@dataclass(frozen=True)
class Allowance:
    """The passes that a membership has left, and the places of an order, by number, that may use them."""

    membership: Membership
    places: frozenset[int]
    left: int
