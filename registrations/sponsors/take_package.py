"""Take a package: an order that owes for it, with the places that come with it, names to follow.

By card it is held while it is being paid, with its places, and confirmed by the payment alone; on invoice,
by a buyer to be verified, until the mailed link is opened.
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
from ..holds import limit_unverified, serialize_unverified
from ..keys import key_of, order_with_key
from ..limits import count_unverified
from ..models import Order, Package, Registration, Sponsorship, Ticket
from ..order_context import Means
from ..order_request import OrderRequest, Place
from ..places import release_packages, sold_out
from ..register import HOLD, hold_duration
from .tell_sponsor import tell_sponsor

SOURCE = "sponsor"
BY_THE_PUBLIC = Means(source=SOURCE)
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
def take_package(
    *, package: Package, sponsor: Sponsor, key: str, means: Means = BY_THE_PUBLIC
) -> Sponsorship:
    """Book a package while it is on sale; the same key gives the same sponsorship again.

    Raises Closed, TooManyUnverified, or SoldOut for the package or for a ticket whose places come with it.
    """
    serialize_unverified(package.event_id)  # before any row is locked
    if order := order_with_key(package.event, key):
        return order.sponsorships.get()
    refuse_if_not_offered(package)
    return _take(package, sponsor.tidied(), replace(means, key=key), lasts=HOLD)


@transaction.atomic
def take_package_for(*, package: Package, sponsor: Sponsor, key: str) -> Sponsorship:
    """The same by whoever runs the event, on the sponsor's behalf, also while the package is not on sale."""
    if order := order_with_key(package.event, key):
        return order.sponsorships.get()
    return _take(package, sponsor.tidied(), Means(source="desk", key=key), lasts=HELD_FOR_SPONSOR)


def refuse_if_not_offered(package: Package) -> None:
    """Raises Closed where it is not on sale, or SoldOut where none is left."""
    now = timezone.now()
    if package.event.ends_at <= now or not package.is_on_sale(at=now):
        raise Closed(_("“%(package)s” is not on sale now.") % {"package": package.title})
    if package.left == 0 and release_packages(at=now):
        package.refresh_from_db(fields=["taken", "capacity"])
    if package.left == 0:
        raise sold_out(package)


def _take(package: Package, sponsor: Sponsor, means: Means, *, lasts: datetime.timedelta) -> Sponsorship:
    order = _order_for(package, sponsor, means)
    dates = _dates(order, lasts)
    registrations = [_place(order, ticket, dates) for ticket in package.included]
    sponsorship = _sponsorship(package, order, sponsor, dates)
    request = replace(sponsor.order, places=(Place(ticket=f"package/{package.slug}"),))
    with count_unverified(order, means, places=len(registrations) + 1):
        limit_unverified(order, [*registrations, sponsorship], at=timezone.now())
        besides = Counter[Counted]({package: 1} if sponsorship.takes_place else {})
        key = key_of(package.event, request, means.key)
        write(Booking(order, registrations, key, besides=besides))
    sponsorship.order = order  # its id is known now
    sponsorship.save()
    record("sponsorship.take", sponsorship, event=package.event, fields=["package"])
    if order.awaits_verification:
        return sponsorship
    if package.price and not order.is_by_card:
        receivable_of(order)
    tell_sponsor.enqueue(sponsorship.pk)
    return sponsorship


def _sponsorship(
    package: Package, order: Order, sponsor: Sponsor, dates: dict[str, datetime.datetime]
) -> Sponsorship:
    """Return what is taken, not stored yet."""
    return Sponsorship(
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


def _order_for(package: Package, sponsor: Sponsor, means: Means) -> Order:
    """The order, not stored yet."""
    request = sponsor.order
    payment = request.payment if package.price else Order.Payment.FREE
    return Order(
        event=package.event,
        email=request.email,
        language=request.language,
        company=sponsor.name,
        payment=payment,
        needs_verification=payment == Order.Payment.INVOICE and not means.is_trusted,
        network=means.network,
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
    """From when it stands; else until when it is held for the payment or the verification."""
    now = timezone.now()
    if order.awaits_verification:
        return {"held_until": now + hold_duration(order)}
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
