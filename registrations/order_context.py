"""The circumstances of an order: channel, idempotency key, who is signed in, and what was read before."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.utils import timezone

from convention.accounts.doors import has_verified_address
from convention.club.doors import open_seat
from convention.club.models import Company, Person, Seat

from .models import BY_CONTACT, Ticket
from .on_sale import OnSale

TRUSTED_SOURCES = frozenset({BY_CONTACT, "desk", "visit", "waiting"})
"""Sources whose buyer is known: a contact, the desk, an applicant, the holder of a mailed offer."""


@dataclass(frozen=True)
class Means:
    """How an order arrives: through what, with which key against repetition, and who is signed in.

    `company` is the one whose contact orders: who holds a seat of it needs no proof. `sold` is what the event
    sells of what is asked for, where it was read already or kept (`kept_sale.py`); else it
    is read. `offer` is a place that is held for this order already: the rules are those of the moment when
    its wait began. `seat` is the one for which the signed-in person comes, where it is known already, and
    `as_of` the moment whose rules hold, where it is not now: a place given on application may be given later.
    """

    source: str = "page"
    key: str = ""
    person: Person | None = None
    company: Company | None = None
    sold: OnSale | None = None
    offer: "Offer | None" = None
    seat: Seat | None = None
    as_of: datetime.datetime | None = None
    network: str = ""

    @cached_property
    def is_trusted(self) -> bool:
        """Whether the buyer is known without opening a mailed link."""
        if self.source in TRUSTED_SOURCES:
            return True
        return self.person is not None and has_verified_address(self.person)

    @property
    def since(self) -> datetime.datetime:
        """The moment whose rules hold: now, or when the wait began, or the one that is said."""
        return self.offer.since if self.offer else self.as_of or timezone.now()

    @property
    def answers_later(self) -> bool:
        """Whether questions are answered by a link of one's own: who comes was not there to be asked."""
        return bool(self.company or self.offer or self.seat)

    @property
    def sells_by_what_is_kept(self) -> bool:
        """Whether what is sold was read for somebody before, so that it may sell but not refuse."""
        return self.sold is not None and self.sold.is_kept

    @cached_property
    def own_seat(self) -> Seat | None:
        """The seat that makes the signed-in person a member today."""
        return open_seat(self.person) if self.person else None

    @property
    def held(self) -> Mapping[Ticket, int]:
        """What is counted for this order already."""
        return {self.offer.ticket: 1} if self.offer else {}


@dataclass(frozen=True)
class Offer:
    """A place that is counted already for whoever waited since then."""

    ticket: Ticket
    since: datetime.datetime


ANONYMOUS = Means()
