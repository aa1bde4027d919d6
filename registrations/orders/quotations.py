"""Create and mail quotations for an order or a sponsor's package. Nothing is booked and no place is held."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.errors import ConventionError
from convention.events.models import Event
from convention.mail.messages import MailAttachment, MailMessage, MailRefused, send_mail_message
from convention.text.email_addresses import is_same_email
from registrations.billing.receivables import make_buyer, sync_receivable_for_reader
from registrations.billing.tax_number import price_package
from registrations.booking.prepare_sale import quote_order
from registrations.invoices.documents.buyer_document import render_buyer_document
from registrations.invoices.documents.invoice_writer import MissingIssuer
from registrations.invoices.documents.quotation_pdf import render_quotation_pdf
from registrations.invoices.documents.quotations import QuotationSubject, QuotedAttendee, create_quotation
from registrations.invoices.ledger.charges import Buyer, ChargeItem
from registrations.invoices.models.documents import Quotation
from registrations.models import Order, Package
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest
from registrations.pricing.quotation_prices import parse_line_key
from registrations.pricing.quote import Quote, QuoteLine
from registrations.pricing.quoted_prices import ADDON_KIND, TICKET_KIND
from registrations.pricing.special_terms import SpecialTerms, apply_special_terms

QUOTED_BILLING_FIELDS = ("name", "street", "postcode", "city", "country")


class QuotationUnavailable(ConventionError):
    """The event has no issuer of invoices yet, which the buyer cannot change."""

    kind = "cannot-quote"
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


def create_order_quotation(
    *, event: Event, request: OrderRequest, context: OrderContext, terms: AgreedTerms = NO_AGREED_TERMS
) -> Quotation:
    """Create a quotation for an order at today's prices, valid until the first of them changes, or as agreed.

    Raise NotOpenNow, InvalidFields, SoldOut or QuotationUnavailable.
    """
    request = request.normalize()
    with _explain_missing_issuer(_unavailable_text()), translation.override(request.language):
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
            company=request.company,
            voucher_code=request.code,
            company_id=context.company.pk if context.company else None,
            attendees=_list_attendees(request),
            unit_prices={_make_line_key(line): line.list_price for line in quote.lines},
        )
        return create_quotation(buyer=_make_buyer(request), items=lines, currency=currency, subject=subject)


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


def list_quoted_places(quotation: Quotation) -> list[dict[str, Any]]:
    """Return the ticket, the add-ons and the attendee of each quoted place, as a draft stores them.

    Return [] for a package or an older quotation. An attendee without a name or an address has no such keys.
    """
    places: dict[str, dict[str, Any]] = {}
    for line in quotation.lines:
        number, kind, slug = parse_line_key(line.get("key", ""))
        place = places.setdefault(number, {"ticket": "", "addons": []})
        if kind == TICKET_KIND:
            place["ticket"] = slug
        elif kind == ADDON_KIND:
            place["addons"].append(slug)
    for attendee in quotation.details.get("attendees", []):
        if attendee["number"] in places:
            texts = {name: attendee[name] for name in ("first_name", "last_name", "email")}
            places[attendee["number"]] |= texts
    return [place for place in places.values() if place["ticket"]]


def has_quoted_items(quotation: Quotation, places: Iterable[dict[str, Any]]) -> bool:
    """Return whether the places have the quoted tickets and add-ons, in any order."""
    return _list_items(places) == _list_items(list_quoted_places(quotation))


def _list_items(places: Iterable[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Return each place's ticket and add-ons, sorted."""
    return sorted((str(place.get("ticket") or ""), sorted(place.get("addons") or [])) for place in places)


def filter_quotations(rows: QuerySet[Quotation], search_text: str) -> QuerySet[Quotation]:
    """Return the quotations with each word of the search in number, buyer, company or e-mail address."""
    for word in search_text.split():
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(buyer_name__icontains=word)
            | Q(buyer__email__icontains=word)
            | Q(details__company__icontains=word)
        )
    return rows


def find_cheaper_quotation(
    quotation: Quotation | None, *, places: Iterable[dict[str, Any]], total: int
) -> Quotation | None:
    """Return the quotation if it is valid and names less than `total`, the price in cents with its prices.

    That is so where a pass or a voucher that it counted on was used up. Return None if the places differ from
    the quoted ones, or were ordered already.
    """
    if quotation is None or not quotation.is_valid or total <= quotation.total:
        return None
    if Order.objects.filter(quotation_number=quotation.number).exists():
        return None
    return quotation if has_quoted_items(quotation, places) else None


def make_quoted_billing(quotation: Quotation) -> dict[str, str]:
    """Return the buyer's address and purchase order as initial data of the billing form."""
    buyer = quotation.buyer
    return {
        **{f"billing_{name}": buyer.get(name, "") for name in QUOTED_BILLING_FIELDS},
        "billing_tax_number": buyer.get("vat_number") or buyer.get("siren", ""),
        "purchase_order": quotation.details.get("purchase_order", ""),
    }


def find_quoted_package(quotation: Quotation) -> Package | None:
    """Return the quoted sponsor's package, or None for places, or if the package was removed since."""
    keys = [line.get("key", "") for line in quotation.lines]
    return Package.objects.filter(event=quotation.event_id, slug__in=keys).first() if len(keys) == 1 else None


def load_quoted_orders(quotations: Iterable[Quotation]) -> dict[str, list[Order]]:
    """Return the orders placed from each of these quotations, by number."""
    orders = defaultdict[str, list[Order]](list)
    numbers = [quotation.number for quotation in quotations]
    for order in Order.objects.filter(quotation_number__in=numbers).order_by("pk"):
        orders[order.quotation_number].append(order)
    return orders


def create_package_quotation(
    *, package: Package, request: OrderRequest, contact: str = "", website: str = ""
) -> Quotation:
    """Create a quotation for a sponsor's package. Raise QuotationUnavailable.

    The name of the sponsor's contact and the website are for an order of the same.
    """
    request = request.normalize()
    billing = request.billing
    price = price_package(package, country=billing.country, tax_number=billing.tax_number)
    with _explain_missing_issuer(_unavailable_text()), translation.override(request.language):
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


def render_order_document(order: Order) -> bytes:
    """Return the invoice of an order as a PDF; without one, a receipt or a pro forma invoice.

    Raise QuotationUnavailable, or NothingToIssue where the order owes nothing.
    """
    with _explain_missing_issuer(
        _("Pro forma invoices are not available for this event yet. Ask the organizer for one.")
    ):
        # The receivable is made here if need be: an order just placed may not be billed yet.
        return render_buyer_document(sync_receivable_for_reader(order))


def _unavailable_text() -> str:
    return _("Quotations are not available for this event yet. Ask the organizer, or order without one.")


@contextmanager
def _explain_missing_issuer(error_text: str) -> Iterator[None]:
    """Replace MissingIssuer, whose text is for organizers, by an error with a text for buyers."""
    try:
        yield
    except MissingIssuer as error:
        raise QuotationUnavailable(error_text) from error


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


class QuotationWithoutAddress(ConventionError):
    kind = "no-address"
    status = 409


class QuotationNotOpen(ConventionError):
    """The quotation was withdrawn or has expired."""

    kind = "quotation-not-open"
    status = 409


def queue_quotation_mail(*, quotation: Quotation) -> str:
    """Queue the mail to the address the quotation was requested with, and return that address.

    Raise QuotationWithoutAddress, or QuotationNotOpen if it was withdrawn.
    """
    if quotation.withdrawn_at:
        raise QuotationNotOpen(_("This quotation was withdrawn."))
    address = str(quotation.buyer["email"])
    if not address:
        raise QuotationWithoutAddress(
            _("This quotation has no e-mail address. Download it and send it yourself.")
        )
    record_action("quotation.mail", quotation, event=quotation.event)
    send_quotation_mail.enqueue(quotation.pk, int(timezone.now().timestamp()))
    return address


@task()
def send_quotation_mail(quotation_id: int, requested_at: int) -> None:
    """Send the quotation. Raise MailNotSent.

    `requested_at` (Unix seconds) is part of the Message-ID, so a task that runs twice sends the same mail.
    """
    quotation = Quotation.objects.select_related("event").filter(pk=quotation_id).first()
    # Erased, removed at the end of its retention, or withdrawn meanwhile.
    if quotation is None or quotation.withdrawn_at:
        return
    with hold_lease(f"quotation:{quotation.pk}"), translation.override(quotation.language):
        try:
            send_mail_message(
                write_quotation_mail(quotation, message_key=f"quotation-{quotation.pk}-{requested_at}")
            )
        except MailRefused:
            record_action("quotation.mail_refused", quotation, event=quotation.event)


def write_quotation_mail(quotation: Quotation, *, message_key: str) -> MailMessage:
    """Return the mail in the active language."""
    event = quotation.event
    return MailMessage(
        to=quotation.buyer["email"],
        subject=_("Quotation %(number)s: %(subject)s")
        % {"number": quotation.number, "subject": quotation.details["subject"]},
        template="quotation",
        context={
            "quotation": quotation,
            "url": f"{settings.SITE_URL}{reverse('quotation', args=[quotation.link_token])}",
        },
        language=quotation.language,
        message_key=message_key,
        accent=event.accent if event else "",
        # Without an event's contact, as after the event was removed, the seller answers.
        reply_to=(event.contact_email if event else "") or quotation.seller["email"],
        attachments=[
            MailAttachment(
                name=f"{quotation.number.replace('/', '-')}.pdf",
                content=render_quotation_pdf(quotation),
                mimetype="application/pdf",
            )
        ],
    )
