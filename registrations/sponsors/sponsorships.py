"""Take and cancel packages: an order that owes for the package, with the places included in it.

By card, the package and its places are held while the sponsor pays, and confirmed by the payment alone. On
invoice by an unverified buyer they are held until the mailed link is opened. Attendees' names follow later.
"""

import datetime
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company
from convention.db.limited_stock import LimitedStock
from convention.errors import NotOpenNow
from convention.text.normalize import normalize_whitespace
from registrations.billing.receivables import sync_receivable
from registrations.billing.refund_rules import decide_terms_for_due
from registrations.billing.tax_number import price_package
from registrations.booking.build_order import HOLD_DURATION, get_hold_duration
from registrations.booking.holds import lock_unverified_count, withhold_unverified_places
from registrations.booking.idempotency import build_idempotency_key, find_order_by_key
from registrations.booking.prepared_order import PreparedOrder
from registrations.booking.save_order import save_order
from registrations.booking.validation import refuse_if_cancelled
from registrations.changes.cancel import AlreadyCancelled, cancel_registrations
from registrations.inventory.stock import make_sold_out_error, release_expired_packages
from registrations.invoices.models import Quotation
from registrations.invoices.reverse_charge import TaxedPrice
from registrations.models import Order, Package, Registration, Sponsorship, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.quotation_prices import (
    QuotedPriceUsed,
    find_quoted_package_price,
    lock_quotation,
)
from registrations.rate_limits import throttle_unverified_order

from .notifications import notify_sponsor

PUBLIC_CONTEXT = OrderContext(source=Order.Source.SPONSOR)
# How long a package taken by an organizer is held for the sponsor's card payment.
ORGANIZER_HOLD_DURATION = datetime.timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class SponsorRequest:
    """The sponsor and the order; `order` has no places, because they come with the package."""

    name: str
    contact: str
    order: OrderRequest
    website: str = ""
    company: Company | None = None

    def normalize(self) -> "SponsorRequest":
        """Return the request with normalized texts."""
        return replace(
            self,
            name=normalize_whitespace(self.name),
            contact=normalize_whitespace(self.contact),
            order=self.order.normalize(),
        )


@transaction.atomic
def take_package(
    *,
    package: Package,
    sponsor_request: SponsorRequest,
    idempotency_key: str,
    context: OrderContext = PUBLIC_CONTEXT,
    quotation: Quotation | None = None,
) -> Sponsorship:
    """Take a package that is on sale; the same key returns the same sponsorship again.

    A valid `quotation` of the package makes it cost at most what was quoted.

    Raise NotOpenNow, TooManyUnverifiedOrders, SoldOut for the package or an included ticket, or
    QuotedPriceUsed if the quotation promises no price.
    """
    # The advisory locks come before all row locks.
    if quotation:
        lock_quotation(quotation.number)
    lock_unverified_count(package.event_id)
    if order := find_order_by_key(package.event, idempotency_key):
        return order.sponsorships.get()
    # After the key: a repeated request that took the last package must not raise SoldOut.
    check_package_on_sale(package)
    if quotation and find_quoted_package_price(quotation, package) is None:
        raise QuotedPriceUsed(quotation.number)
    return _book_package(
        package,
        sponsor_request.normalize(),
        replace(context, idempotency_key=idempotency_key),
        card_hold=HOLD_DURATION,
        quotation=quotation,
    )


@transaction.atomic
def take_package_as_organizer(
    *, package: Package, sponsor_request: SponsorRequest, idempotency_key: str
) -> Sponsorship:
    """Take a package for a sponsor, also while it is not on sale. Raise NotOpenNow for a cancelled event."""
    if order := find_order_by_key(package.event, idempotency_key):
        return order.sponsorships.get()
    refuse_if_cancelled(package.event)
    return _book_package(
        package,
        sponsor_request.normalize(),
        OrderContext(source=Order.Source.ORGANIZER, idempotency_key=idempotency_key),
        card_hold=ORGANIZER_HOLD_DURATION,
    )


def check_package_on_sale(package: Package) -> None:
    """Raise NotOpenNow where the package is not on sale, or SoldOut where none is left."""
    refuse_if_cancelled(package.event)
    now = timezone.now()
    if package.event.is_over(at=now) or not package.is_on_sale(at=now):
        raise NotOpenNow(_("“%(package)s” is not on sale at the moment.") % {"package": package.title})
    # Expired holds are released first, so that a package that is free again is not refused.
    if package.remaining == 0 and release_expired_packages(at=now):
        package.refresh_from_db(fields=["reserved", "capacity"])
    if package.remaining == 0:
        raise make_sold_out_error(package)


def _book_package(
    package: Package,
    sponsor_request: SponsorRequest,
    context: OrderContext,
    *,
    card_hold: datetime.timedelta,
    quotation: Quotation | None = None,
) -> Sponsorship:
    billing = sponsor_request.order.billing
    quoted_price = find_quoted_package_price(quotation, package)
    price = price_package(
        package, country=billing.country, tax_number=billing.tax_number, quoted_price=quoted_price
    )
    order = _make_order(package, sponsor_request, context, price)
    order.quotation_number = quotation.number if quotation and quoted_price is not None else ""
    status_dates = _make_status_dates(order, card_hold)
    # The same dates for all, so that package and places expire and are confirmed together.
    registrations = [_make_registration(order, ticket, status_dates) for ticket in package.included_tickets]
    sponsorship = _make_sponsorship(package, order, sponsor_request, price, status_dates)
    # The request is hashed for idempotency, so the package has to be part of it.
    request = replace(sponsor_request.order, places=(RequestedPlace(ticket=f"package/{package.slug}"),))
    with throttle_unverified_order(order, context, place_count=len(registrations) + 1):
        withhold_unverified_places(order, [*registrations, sponsorship], at=timezone.now())
        extra_items = Counter[LimitedStock]({package: 1} if sponsorship.is_reserved else {})
        key = build_idempotency_key(package.event, request, context.idempotency_key)
        save_order(PreparedOrder(order, registrations, key, extra_items=extra_items))
    # Assigned again: Django copies the id of a related object only when it is assigned.
    sponsorship.order = order
    sponsorship.save()
    record_action("sponsorship.take", sponsorship, event=package.event, fields=["package"])
    # Nothing is owed and no link is mailed before the address is verified; verification does both.
    if order.awaits_verification:
        return sponsorship
    # A card payment creates the receivable itself.
    if order.total and not order.is_by_card:
        sync_receivable(order)
    notify_sponsor.enqueue(sponsorship.pk)
    return sponsorship


def _make_sponsorship(
    package: Package,
    order: Order,
    sponsor_request: SponsorRequest,
    price: TaxedPrice,
    status_dates: dict[str, datetime.datetime],
) -> Sponsorship:
    """Return the sponsorship, unsaved."""
    return Sponsorship(
        event=package.event,
        package=package,
        order=order,
        company=sponsor_request.company,
        name=sponsor_request.name,
        contact=sponsor_request.contact,
        website=sponsor_request.website,
        # Copied: the order owes what was agreed, whatever the package costs later.
        price=price.cents,
        vat_rate=price.vat_rate,
        vat_exemption=price.exemption,
        **status_dates,
    )


def _make_order(
    package: Package, sponsor_request: SponsorRequest, context: OrderContext, price: TaxedPrice
) -> Order:
    """Return the order, unsaved."""
    request = sponsor_request.order
    payment = request.payment if price.cents else Order.Payment.FREE
    return Order(
        event=package.event,
        email=request.email,
        language=request.language,
        company=sponsor_request.name,
        payment=payment,
        needs_verification=payment == Order.Payment.INVOICE and not context.is_trusted,
        network=context.network,
        total=price.cents,
        currency=package.currency,
        purchase_order=request.purchase_order,
        billing_name=request.billing.name or sponsor_request.name,
        billing_street=request.billing.street,
        billing_postcode=request.billing.postcode,
        billing_city=request.billing.city,
        billing_country=request.billing.country,
        billing_tax_number=request.billing.tax_number,
        source=Order.Source.SPONSOR,
    )


def _make_status_dates(order: Order, card_hold: datetime.timedelta) -> dict[str, datetime.datetime]:
    """Return when it is confirmed, or until when it is held for payment or verification."""
    now = timezone.now()
    if order.awaits_verification:
        return {"hold_expires_at": now + get_hold_duration(order)}
    return {"hold_expires_at": now + card_hold} if order.is_by_card else {"confirmed_at": now}


def _make_registration(
    order: Order, ticket: Ticket, status_dates: dict[str, datetime.datetime]
) -> Registration:
    """Return one of the included places, unsaved: it costs nothing and has no name yet."""
    return Registration(
        event=order.event,
        ticket=ticket,
        company=order.company,
        vat_rate=ticket.vat_rate,
        vat_exemption=ticket.vat_exemption,
        **status_dates,
    )


@transaction.atomic
def change_sponsorship(*, sponsorship: Sponsorship, changed_fields: Collection[str]) -> Sponsorship:
    """Save the changed fields and record the change."""
    if changed_fields:
        sponsorship.save(update_fields=list(changed_fields))
        record_action("sponsorship.change", sponsorship, event=sponsorship.event, fields=list(changed_fields))
    return sponsorship


@transaction.atomic
def cancel_sponsorship(*, sponsorship: Sponsorship, reason: str = "") -> Sponsorship:
    """Cancel a sponsorship with all its places. Raise AlreadyCancelled or NotOpenNow.

    Invoices are credited; payments are refunded as for any order.
    """
    # Order first: the lock order that payments and cancellations share.
    Order.objects.locked_for_update().get(pk=sponsorship.order_id)
    rows = Sponsorship.objects.select_related("order", "package", "event")
    locked = rows.select_for_update(of=("self",)).get(pk=sponsorship.pk)
    if locked.cancelled_at:
        raise AlreadyCancelled(_("This sponsorship has already been cancelled."))
    if locked.event.is_over():
        raise NotOpenNow(_("The event is over, so the sponsorship can no longer be cancelled."))
    # An expired hold has been released already.
    extra_items = Counter[LimitedStock]([locked.package] if locked.occupies_place else [])
    locked.cancelled_at = timezone.now()
    # Before the places: the amount due is computed from sponsorships that are active.
    locked.save(update_fields=["cancelled_at"])
    record_action("sponsorship.cancel", locked, event=locked.event, reason=reason)
    active_registrations = Registration.objects.select_related("order__event", "event", "ticket").filter(
        order=locked.order, cancelled_at__isnull=True
    )
    registrations = list(active_registrations.order_by("pk").select_for_update(of=("self",)))
    get_terms = partial(decide_terms_for_due, at=timezone.now())
    cancel_registrations(
        registrations, order=locked.order, reason=reason, get_terms=get_terms, extra_items=extra_items
    )
    return locked
