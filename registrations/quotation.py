"""Quotations of what an order or a package would cost: nothing is booked, and no place is held."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.utils import translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.models import Event

from .bill import buyer_of, receivable_of
from .invoices.documents import NoIssuer
from .invoices.draw_offers import pro_forma_pdf
from .invoices.models import Quotation
from .invoices.owe import Buyer, Owed
from .invoices.quote import Subject, quote
from .models import Order, Package
from .order_context import Means
from .order_request import OrderRequest
from .register import look_up


class CannotQuote(ConventionError):
    """Nobody has said yet who invoices: whoever asks for a paper cannot mend it."""

    kind = "cannot-quote"
    status = 409


def ask_quotation(*, event: Event, request: OrderRequest, means: Means) -> Quotation:
    """A quotation of what would be ordered, at the prices of the moment.

    Raises Closed, InvalidFields, SoldOut, CannotQuote.
    """
    request = request.tidied()
    with _told_to_buyers(_no_quotation()), translation.override(request.language):
        priced, currency = look_up(event=event, request=request, means=means)
        lines = [
            Owed(
                key=str(number),
                description=line.fare.title[:300],
                attendee=_name(request, line.place),
                unit_price=line.price,
                vat_rate=line.fare.vat_rate,
                exemption=line.fare.vat_exemption,
            )
            for number, line in enumerate(priced.lines)
        ]
        return _quote(event, request, lines, currency)


def quote_package(*, package: Package, request: OrderRequest) -> Quotation:
    """A quotation of a sponsor's package. Raises CannotQuote."""
    request = request.tidied()
    with _told_to_buyers(_no_quotation()), translation.override(request.language):
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


def pro_forma_of(order: Order) -> bytes:
    """What the order's invoice will say, as a PDF. Raises CannotQuote, NothingToIssue."""
    with _told_to_buyers(_("No pro forma invoice can be made here yet: ask the organizer for it.")):
        return pro_forma_pdf(receivable_of(order))


def _no_quotation() -> str:
    """What to do where none can be given, in the language of the page."""
    return _("No quotation can be given here yet: ask the organizer, or order without it.")


@contextmanager
def _told_to_buyers(sentence: str) -> Iterator[None]:
    """Where nobody has said who invoices, whoever asks for a paper reads what they can do themselves."""
    try:
        yield
    except NoIssuer as error:
        raise CannotQuote(sentence) from error


def _quote(event: Event, request: OrderRequest, lines: Sequence[Owed], currency: str) -> Quotation:
    starts, ends = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    subject = Subject(
        text=event.title[:300],
        event=event,
        service_from=starts,
        service_to=ends,
        valid_until=(event.registration_closes_at or event.ends_at).astimezone(event.zone).date(),
    )
    return quote(buyer=_buyer(request), lines=lines, currency=currency, subject=subject)


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
