"""The context of an order: channel, idempotency key, user, and data that was loaded before."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from convention.accounts.permissions import has_verified_address
from convention.club.addresses.own_addresses import load_own_addresses
from convention.club.models import Company, Person, Seat
from convention.club.permissions import get_open_seat
from convention.text.email_addresses import is_same_email, normalize_email

from .models import Order, Ticket
from .pricing.catalog import RequestedCatalog
from .pricing.quoted_prices import QuotedPrices


@dataclass(frozen=True)
class OrderContext:
    """The circumstances in which an order arrives.

    - `company` is the company whose contact orders; people with a seat of it need no verification.
    - `catalog` has the tickets and the voucher that the order names, if they were loaded before.
    - `held_offer` is a place that is held for this order already; registration and sale had to be open when
      its wait began.
    - `member_seat` is the membership seat of the signed-in person, if it is known.
    - `rules_at` is the moment at which registration and sale had to be open, if it is not now: a place may be
      given long after the application. The price, and the places left, are always those of now.
    - `quoted_prices` are those of the quotation that is ordered; they apply where they are lower.
    - `can_name_members_later` is for a quotation by staff: members give their addresses with the order.
    """

    source: Order.Source = Order.Source.PAGE
    idempotency_key: str = ""
    person: Person | None = None
    company: Company | None = None
    catalog: RequestedCatalog | None = None
    held_offer: "HeldOffer | None" = None
    member_seat: Seat | None = None
    rules_at: datetime.datetime | None = None
    network: str = ""
    quoted_prices: QuotedPrices | None = None
    can_name_members_later: bool = False

    @cached_property
    def is_trusted(self) -> bool:
        """Return whether the channel or a verified account vouches for the buyer: no link is mailed then."""
        if self.source in Order.TRUSTED_SOURCES:
            return True
        return self.person is not None and has_verified_address(self.person)

    @property
    def rules_apply_at(self) -> datetime.datetime:
        """Return the moment for which deadlines are checked: when the wait began, `rules_at`, or now."""
        return self.held_offer.waiting_since if self.held_offer else self.rules_at or timezone.now()

    @property
    def can_answer_later(self) -> bool:
        """Return whether attendees can answer later by a link, because another person orders for them."""
        return bool(self.company or self.held_offer or self.member_seat)

    # Cached, because pricing and booking both read it, with a query each time.
    @cached_property
    def own_seat(self) -> Seat | None:
        """Return the seat that makes the signed-in person a member today."""
        return get_open_seat(self.person) if self.person else None

    def is_own_address(self, address: str) -> bool:
        """Return whether the address is one of the signed-in person."""
        if self.person is None or not address:
            return False
        # The main one first: it takes no query.
        return is_same_email(self.person.email, address) or normalize_email(address) in self._own_addresses

    # Cached: an order of a company may have hundreds of places.
    @cached_property
    def _own_addresses(self) -> frozenset[str]:
        return load_own_addresses(self.person) if self.person else frozenset()

    @property
    def reserved_tickets(self) -> Mapping[Ticket, int]:
        """Return the stock that is reserved for this order already."""
        return {self.held_offer.ticket: 1} if self.held_offer else {}


@dataclass(frozen=True)
class HeldOffer:
    """A place reserved for a person on the waiting list, and when they joined it."""

    ticket: Ticket
    waiting_since: datetime.datetime


ANONYMOUS_CONTEXT = OrderContext()
