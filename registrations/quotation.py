"""Quotations of what an order or a package would cost: nothing is booked, and no place is held."""

from collections.abc import Sequence

from django.utils import translation

from convention.events.models import Event

from .bill import buyer_of
from .invoices.models import Quotation
from .invoices.owe import Buyer, Owed
from .invoices.quote import Subject, quote
from .models import Order, Package
from .order_request import OrderRequest
from .register import Means, look_up


def ask_quotation(*, event: Event, request: OrderRequest, means: Means) -> Quotation:
    """A quotation of what would be ordered, at the prices of the moment.

    Raises Closed, InvalidFields, SoldOut, NoIssuer.
    """
    request = request.tidied()
    with translation.override(request.language):
        priced, currency = look_up(event=event, request=request, means=means)
        lines = [
            Owed(
                key=str(number),
                description=f"{line.fare.title}, {_name(request, line.place)}".rstrip(", ")[:300],
                unit_price=line.price,
                vat_rate=line.fare.vat_rate,
                exemption=line.fare.vat_exemption,
            )
            for number, line in enumerate(priced.lines)
        ]
        return _quote(event, request, lines, currency)


def quote_package(*, package: Package, request: OrderRequest) -> Quotation:
    """A quotation of a sponsor's package. Raises NoIssuer."""
    request = request.tidied()
    with translation.override(request.language):
        line = Owed(
            key=package.slug,
            description=package.title,
            unit_price=package.price,
            vat_rate=package.vat_rate,
            exemption=package.vat_exemption,
        )
        return _quote(package.event, request, [line], package.currency)


def _name(request: OrderRequest, place: int) -> str:
    person = request.places[place]
    return f"{person.first_name} {person.last_name}".strip()


def _quote(event: Event, request: OrderRequest, lines: Sequence[Owed], currency: str) -> Quotation:
    starts, ends = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    return quote(
        buyer=_buyer(request),
        lines=lines,
        currency=currency,
        subject=Subject(
            text=event.title[:300],
            event=event,
            service_from=starts,
            service_to=ends,
            valid_until=(event.registration_closes_at or event.ends_at).astimezone(event.zone).date(),
        ),
    )


def _buyer(request: OrderRequest) -> Buyer:
    """Who asks, as an order would say it."""
    billing = request.billing
    asked = Order(
        email=request.email,
        language=request.language,
        company=request.company,
        purchase_order=request.purchase_order,
        billing_name=billing.name,
        billing_street=billing.street,
        billing_postcode=billing.postcode,
        billing_city=billing.city,
        billing_country=billing.country,
    )
    return buyer_of(asked)
