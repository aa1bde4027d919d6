"""Create quotations for an order or a sponsor's package. Nothing is booked and no place is held."""

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.email_addresses import is_same_email
from registrations.billing.receivables import make_buyer
from registrations.billing.tax_number import price_package
from registrations.booking.prepare_sale import quote_order
from registrations.invoices.documents.invoice_writer import MissingIssuer
from registrations.invoices.documents.quotations import QuotationSubject, QuotedAttendee, create_quotation
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.models.documents import Quotation
from registrations.models import Order, Package
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest
from registrations.pricing.quote import Quote, QuoteLine
from registrations.pricing.quoted_prices import ADDON_KIND, TICKET_KIND
from registrations.pricing.special_terms import SpecialTerms, apply_special_terms


class QuotationUnavailable(ConventionError):
    """The event has no issuer of invoices yet, which the buyer cannot change."""

    kind = "cannot-quote"
    status = 409


class QuotationRepeated(ConventionError):
    """The form was sent again, such as by a double click; its quotation exists."""

    kind = "quotation-repeated"
    status = 409


@dataclass(frozen=True, kw_only=True)
class AgreedTerms:
    """Terms that staff grant in a quotation: lower prices by ticket slug, last day, reason."""

    special_terms: Mapping[str, SpecialTerms] = field(default_factory=dict)
    valid_until: datetime.date | None = None
    reason: str = ""


NO_AGREED_TERMS = AgreedTerms()


def price_quotation(
    *, event: Event, request: OrderRequest, context: OrderContext, terms: AgreedTerms = NO_AGREED_TERMS
) -> tuple[Quote, str]:
    """Return what a quotation would name, and its currency. Raise what `quote_order` raises."""
    # At today's prices: an earlier quotation must not be prolonged by a new one.
    quote, currency = quote_order(event=event, request=request, context=replace(context, quoted_prices=None))
    lines = []
    for line in quote.lines:
        special_terms = terms.special_terms.get(request.places[line.place_number].ticket)
        lines.append(apply_special_terms(line, special_terms) if special_terms else line)
    return replace(quote, lines=tuple(lines)), currency


@transaction.atomic
def create_order_quotation(
    *,
    event: Event,
    request: OrderRequest,
    context: OrderContext,
    terms: AgreedTerms = NO_AGREED_TERMS,
    form_key: str = "",
) -> Quotation:
    """Create a quotation for an order at today's prices, valid until the first of them changes, or as agreed.

    Raise NotOpenNow, InvalidFields, SoldOut or QuotationUnavailable, and QuotationRepeated for a `form_key`
    that came with the same content before.
    """
    request = request.normalize()
    request_hash = _hash_request(form_key, request, terms) if form_key else ""
    if request_hash:
        _refuse_repeated(event, request_hash)
    with _explain_missing_issuer(), translation.override(request.language):
        quote, currency = price_quotation(event=event, request=request, context=context, terms=terms)
        lines = [
            ChargeItem(
                key=_make_line_key(line),
                description=line.price_list.title[:300],
                attendee=_attendee_name(request, line.place_number),
                unit_price=line.price,
                vat_rate=line.price_list.vat_rate,
                exemption=line.price_list.vat_exemption,
            )
            for line in quote.lines
        ]
        subject = replace(
            _describe_subject(event, price_ends_at=quote.price_ends_at),
            agreed_valid_until=terms.valid_until,
            reason=terms.reason,
            request_hash=request_hash,
            company=request.company,
            voucher_code=request.code,
            company_id=context.company.pk if context.company else None,
            attendees=_list_attendees(request),
            unit_prices={_make_line_key(line): line.list_price for line in quote.lines},
        )
        return create_quotation(buyer=_make_buyer(request), items=lines, currency=currency, subject=subject)


def _hash_request(form_key: str, request: OrderRequest, terms: AgreedTerms) -> str:
    # With the content: a page that is opened again with the browser’s Back button may get another recipient.
    content = f"{form_key}:{request.content_hash}:{terms}"
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse_repeated(event: Event, request_hash: str) -> None:
    acquire_advisory_lock(f"quotation:{request_hash}")
    if existing := Quotation.objects.filter(event=event, details__request_hash=request_hash).first():
        sentence = _("Quotation %(number)s has already been created from this form.")
        raise QuotationRepeated(sentence % {"number": existing.number})


def find_last_day(event: Event, quote: Quote, terms: AgreedTerms) -> datetime.date:
    """Return the last day of a quotation given today."""
    subject = _describe_subject(event, price_ends_at=quote.price_ends_at)
    return replace(subject, agreed_valid_until=terms.valid_until).get_valid_until(timezone.localdate())


def _list_attendees(request: OrderRequest) -> list[QuotedAttendee]:
    """Return the attendees of the places that have a name or an address."""
    return [
        QuotedAttendee(str(number), place.first_name, place.last_name, place.email)
        for number, place in enumerate(request.places)
        if place.first_name or place.last_name or place.email
    ]


def _make_line_key(line: QuoteLine) -> str:
    kind = ADDON_KIND if line.is_addon else TICKET_KIND
    return f"{line.place_number}:{kind}:{line.price_list.slug}"


def create_package_quotation(
    *, package: Package, request: OrderRequest, contact: str = "", website: str = ""
) -> Quotation:
    """Create a quotation for a sponsor's package. Raise QuotationUnavailable.

    The name of the sponsor's contact and the website are for an order of the same.
    """
    request = request.normalize()
    billing = request.billing
    price = price_package(package, country=billing.country, tax_number=billing.tax_number)
    with _explain_missing_issuer(), translation.override(request.language):
        line = ChargeItem(
            key=package.slug,
            description=package.title,
            unit_price=price.cents,
            vat_rate=price.vat_rate,
            exemption=price.exemption,
        )
        return create_quotation(
            buyer=_make_buyer(request),
            items=[line],
            currency=package.currency,
            subject=replace(
                _describe_subject(package.event),
                company=request.company,
                contact=contact,
                website=website,
                unit_prices={package.slug: package.price},
            ),
        )


def _attendee_name(request: OrderRequest, place_index: int) -> str:
    person = request.places[place_index]
    return f"{person.first_name} {person.last_name}".strip()


@contextmanager
def _explain_missing_issuer() -> Iterator[None]:
    """Replace MissingIssuer, whose text is for organizers, by an error with a text for buyers."""
    try:
        yield
    except MissingIssuer as error:
        raise QuotationUnavailable(
            _("Quotations are not available for this event yet. Ask the organizer, or order without one.")
        ) from error


def _describe_subject(event: Event, *, price_ends_at: datetime.datetime | None = None) -> QuotationSubject:
    starts, ends = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    # A quotation cannot outlast the registration period.
    valid_until = event.registration_deadline.astimezone(event.zone).date()
    if price_ends_at is not None:
        # The last whole day at these prices: a price that ends at noon cannot be promised for that day.
        valid_until = min(
            valid_until, price_ends_at.astimezone(event.zone).date() - datetime.timedelta(days=1)
        )
    return QuotationSubject(
        text=event.title[:300], event=event, service_from=starts, service_to=ends, valid_until=valid_until
    )


def _make_buyer(request: OrderRequest) -> Buyer:
    """Return the buyer as an order with the same data would name them."""
    billing = request.billing
    # Never saved: billing reads an order's data, and a quotation should read the same.
    order = Order(
        email=request.email,
        language=request.language,
        company=request.company,
        purchase_order=request.purchase_order,
        billing_name=billing.name,
        billing_street=billing.street,
        billing_postcode=billing.postcode,
        billing_city=billing.city,
        billing_country=billing.country,
        billing_tax_number=billing.tax_number,
    )
    name = billing.name or request.company or _find_requester_name(request)
    return make_buyer(order, name)


def _find_requester_name(request: OrderRequest) -> str:
    """Return the name of the attendee with the requester's address, else of the first one; else ""."""
    names = {number: _attendee_name(request, number) for number in range(len(request.places))}
    # The own place first; `sorted` keeps the order of the others.
    numbers = sorted(names, key=lambda number: not is_same_email(request.places[number].email, request.email))
    return next((names[number] for number in numbers if names[number]), "")
