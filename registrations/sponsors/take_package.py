"""Take a package: an order that owes for it, with the places that come with it, names to follow.

By card it is held while it is being paid, with its places, and confirmed by the payment alone.
"""

import datetime
from collections import Counter
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Company
from convention.counters import Counted
from convention.errors import Closed
from convention.text import tidy

from ..bill import receivable_of
from ..booking import Booking, write
from ..keys import key_of, order_with_key
from ..models import Order, Package, Registration, Sponsorship, Ticket
from ..order_request import OrderRequest, Place
from ..places import release_packages, sold_out
from ..register import HOLD
from .tell_sponsor import tell_sponsor

SOURCE = "sponsor"
HELD_FOR_SPONSOR = datetime.timedelta(days=7)
"""How long a package waits for the card of a sponsor for whom an organizer took it."""


@dataclass(frozen=True, kw_only=True)
class Sponsor:
    """Who takes a package, and to whom it is billed; `order` names no places: they come with the package."""

    name: str
    contact: str
    order: OrderRequest
    website: str = ""
    company: Company | None = None

    def tidied(self) -> "Sponsor":
        """The same with clean text."""
        return replace(self, name=tidy(self.name), contact=tidy(self.contact), order=self.order.tidied())


@transaction.atomic
def take_package(*, package: Package, sponsor: Sponsor, key: str) -> Sponsorship:
    """Book a package while it is on sale; the same key gives the same sponsorship again.

    Raises Closed, or SoldOut for the package or for a ticket whose places come with it.
    """
    if order := order_with_key(package.event, key):
        return order.sponsorships.get()
    refuse_if_not_offered(package)
    return _take(package, sponsor.tidied(), key, lasts=HOLD)


@transaction.atomic
def take_package_for(*, package: Package, sponsor: Sponsor, key: str) -> Sponsorship:
    """The same by whoever runs the event, on the sponsor's behalf, also while the package is not on sale."""
    if order := order_with_key(package.event, key):
        return order.sponsorships.get()
    return _take(package, sponsor.tidied(), key, lasts=HELD_FOR_SPONSOR)


def refuse_if_not_offered(package: Package) -> None:
    """Raises Closed where it is not on sale, or SoldOut where none is left."""
    now = timezone.now()
    if package.event.ends_at <= now or not package.is_on_sale(at=now):
        raise Closed(_("“%(package)s” is not on sale now.") % {"package": package.title})
    if package.left == 0 and release_packages(at=now):
        package.refresh_from_db(fields=["taken", "capacity"])
    if package.left == 0:
        raise sold_out(package)


def _take(package: Package, sponsor: Sponsor, key: str, *, lasts: datetime.timedelta) -> Sponsorship:
    order = _order_for(package, sponsor)
    dates = _dates(order, lasts)
    registrations = [_place(order, ticket, dates) for ticket in package.included]
    request = replace(sponsor.order, places=(Place(ticket=f"package/{package.slug}"),))
    besides = Counter[Counted]({package: 1})
    write(Booking(order, registrations, key_of(package.event, request, key), besides=besides))
    sponsorship = Sponsorship.objects.create(
        event=package.event,
        package=package,
        order=order,
        company=sponsor.company,
        name=sponsor.name,
        contact=sponsor.contact,
        website=sponsor.website,
        price=package.price,
        vat_rate=package.vat_rate,
        vat_exemption=package.vat_exemption,
        **dates,
    )
    if package.price and not order.is_by_card:
        receivable_of(order)
    record("sponsorship.take", sponsorship, event=package.event, fields=["package"])
    tell_sponsor.enqueue(sponsorship.pk)
    return sponsorship


def _order_for(package: Package, sponsor: Sponsor) -> Order:
    """The order, not stored yet."""
    request = sponsor.order
    return Order(
        event=package.event,
        email=request.email,
        language=request.language,
        company=sponsor.name,
        payment=request.payment if package.price else Order.Payment.FREE,
        total=package.price,
        currency=package.currency,
        purchase_order=request.purchase_order,
        billing_name=request.billing.name or sponsor.name,
        billing_street=request.billing.street,
        billing_postcode=request.billing.postcode,
        billing_city=request.billing.city,
        billing_country=request.billing.country,
        source=SOURCE,
    )


def _dates(order: Order, lasts: datetime.timedelta) -> dict[str, datetime.datetime]:
    """From when it stands; by card, until when it is held for the payment."""
    now = timezone.now()
    return {"held_until": now + lasts} if order.is_by_card else {"confirmed_at": now}


def _place(order: Order, ticket: Ticket, dates: dict[str, datetime.datetime]) -> Registration:
    """One of the places that come with it: nothing is due for it, and its name follows."""
    return Registration(
        event=order.event,
        ticket=ticket,
        company=order.company,
        vat_rate=ticket.vat_rate,
        vat_exemption=ticket.vat_exemption,
        **dates,
    )
