"""Build the unsaved rows of an order: the order itself, its registrations and its add-ons."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.conf import settings

from convention.club.models import Company, Person
from convention.events.models import Event
from registrations.models import Order, Registration, RegistrationAddon, Ticket, Voucher
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering
from registrations.pricing.quote import Quote, QuoteLine
from registrations.pricing.reductions import serialize_reductions

# For card payments, and for members who have to open a mailed link.
HOLD_DURATION = datetime.timedelta(minutes=30)


def build_order(
    event: Event, request: OrderRequest, context: OrderContext, quote: Quote, *, currency: str
) -> Order:
    """Return an unsaved order; it is free if nothing is due."""
    payment = request.payment if quote.total else Order.Payment.FREE
    quotation = context.quoted_prices if quote.has_quoted_items else None
    return Order(
        event=event,
        email=request.email,
        language=request.language,
        company=request.company,
        notifies_attendees=request.notifies_attendees,
        payment=payment,
        needs_verification=payment == Order.Payment.INVOICE and not context.is_trusted,
        network=context.network,
        total=quote.total,
        currency=currency,
        purchase_order=request.purchase_order,
        billing_name=request.billing.name,
        billing_street=request.billing.street,
        billing_postcode=request.billing.postcode,
        billing_city=request.billing.city,
        billing_country=request.billing.country,
        billing_tax_number=request.billing.tax_number,
        source=context.source,
        quotation_number=quotation.number if quotation else "",
    )


def build_registration(
    order: Order,
    place: RequestedPlace,
    ticket: Ticket,
    line: QuoteLine,
    *,
    confirmed_at: datetime.datetime | None,
    hold_expires_at: datetime.datetime | None = None,
    person: Person | None = None,
    member_company: Company | None = None,
    voucher: Voucher | None = None,
) -> Registration:
    """Return an unsaved registration at the price of `line`.

    `member_company` is the attendee's, if the membership needs no verification; only a member's ticket counts
    for it.
    """
    registration = Registration(
        event=order.event,
        order=order,
        ticket=ticket,
        person=person,
        member_of=member_company if ticket.needs_member_verification else None,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        company=place.company or order.company,
        language=place.language,
        no_photo=place.no_photo,
        hold_expires_at=hold_expires_at,
        confirmed_at=confirmed_at,
        **make_price_fields(line, voucher),
    )
    registration.fill_company()
    return registration


def make_price_fields(line: QuoteLine, voucher: Voucher | None) -> dict[str, Any]:
    """Return a registration's fields about its price: cents, VAT, reductions and voucher."""
    return {
        "price": line.price,
        "vat_rate": line.price_list.vat_rate,
        "vat_exemption": line.price_list.vat_exemption,
        "reductions": serialize_reductions(line.reductions),
        "voucher": voucher if line.uses_voucher else None,
    }


def build_addons(
    registrations: Sequence[Registration], offering: Offering, quote: Quote
) -> list[RegistrationAddon]:
    """Return the unsaved add-ons of an order's registrations."""
    return [
        RegistrationAddon(
            registration=registrations[line.place_number],
            addon=offering.addons[line.price_list.slug],
            price=line.price,
            vat_rate=line.price_list.vat_rate,
            vat_exemption=line.price_list.vat_exemption,
        )
        for line in quote.lines
        if line.is_addon
    ]


def get_hold_duration(order: Order) -> datetime.timedelta:
    """Return how long an order's places are held: longer if a mailed link has to verify the buyer."""
    return (
        datetime.timedelta(hours=settings.UNVERIFIED_HOLD_HOURS)
        if order.awaits_verification
        else HOLD_DURATION
    )
