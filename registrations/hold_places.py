"""Hold the places of an order while it is being paid, and let them go when it will not be.

A sponsor's package is held with the places that come with it.
"""

import datetime
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.counters import Counted
from convention.errors import Closed

from .bill import rebill
from .models import Order, Registration, Sponsorship
from .models.standing import Standing
from .places import release_lapsed, release_packages, take_again
from .register import refuse_if_closed


@dataclass(frozen=True)
class Unconfirmed:
    """What of an order waits for a payment or a proof: a sponsor's packages, and places."""

    packages: list[Sponsorship]
    places: list[Registration]

    @property
    def all(self) -> list[Sponsorship | Registration]:
        """Both."""
        return [*self.packages, *self.places]

    def that(self, is_meant: Callable[[Standing], bool]) -> "Unconfirmed":
        """Those of them."""
        return Unconfirmed(list(filter(is_meant, self.packages)), list(filter(is_meant, self.places)))

    @property
    def lapsed(self) -> list[Sponsorship | Registration]:
        """Those that had been given back."""
        return [one for one in self.all if not one.counts]

    def take_lapsed(self) -> None:
        """Take again what had been given back of them. Raises SoldOut or CompanyFull."""
        besides = Counter[Counted](one.package for one in self.packages if not one.counts)
        take_again([one for one in self.places if not one.counts], besides)

    def save(self, *fields: str) -> None:
        """Store these fields of all."""
        Sponsorship.objects.bulk_update(self.packages, fields)
        Registration.objects.bulk_update(self.places, fields)


def unconfirmed(order: Order) -> Unconfirmed:
    """What of an order waits, locked until the transaction ends."""
    waiting = {"order": order, "confirmed_at__isnull": True, "cancelled_at__isnull": True}
    packages = Sponsorship.objects.select_related("package").filter(**waiting).order_by("pk")
    beside = ("ticket__event", "member_of", "voucher", "membership_pass")
    places = Registration.objects.select_related(*beside).filter(**waiting).order_by("pk")
    return Unconfirmed(
        list(packages.select_for_update(of=("self",))), list(places.select_for_update(of=("self",)))
    )


def refuse_if_over(order: Order, *, at: datetime.datetime) -> None:
    """Raises Closed once the event has ended."""
    if order.event.ends_at <= at:
        raise Closed(_("The event is over."))


@transaction.atomic
def hold_places(*, order: Order, until: datetime.datetime) -> None:
    """Keep what the order waits for until then; what had lapsed is taken again if it is left.

    A later end that was promised stays. Raises SoldOut, CompanyFull or Closed.
    """
    waiting, now = unconfirmed(order), timezone.now()
    lapsed = waiting.lapsed
    if lapsed:
        # Packages are on sale by themselves, whenever places are.
        refuse_if_over(order, at=now) if waiting.packages else refuse_if_closed(order.event, at=now)
        waiting.take_lapsed()
    for one in waiting.all:
        one.held_until = max(until, one.held_until or until)
        one.takes_place = True
    waiting.save("held_until", "takes_place")
    if lapsed:
        rebill(order)


@transaction.atomic
def let_go(*, order: Order) -> None:
    """Free at once what is held for a payment that will not come; a place awaiting its proof stays held."""
    now = timezone.now()
    held = unconfirmed(order).that(lambda one: one.held_until is not None and not one.awaits_proof)
    for one in held.all:
        one.held_until = now
    held.save("held_until")
    release_packages(at=now)
    release_lapsed({place.ticket_id for place in held.places}, at=now)
