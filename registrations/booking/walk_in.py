"""Register an attendee at the desk, or manually as an organizer, with or without an e-mail address."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.club.permissions import find_member_by_email
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.models import Event
from convention.text.email_addresses import filter_by_email
from registrations.application_rules import ApplicationRequired, get_application_path
from registrations.inventory.stock import make_sold_out_error, refresh_availability
from registrations.models import Order, Registration, RegistrationAddon, Ticket
from registrations.models.registrations import make_sort_name
from registrations.order_context import OrderContext
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering, quote_offering
from registrations.pricing.quote import Quote
from registrations.pricing.special_terms import (
    SpecialTerms,
    apply_special_terms,
    find_special_price_error,
)

from .build_order import build_addons, build_order, build_registration
from .idempotency import build_idempotency_key, find_order_by_key
from .order_limits import find_same_person
from .prepared_order import PreparedOrder
from .save_order import save_order
from .use_pass import PRICE_FIELDS, use_pass
from .validation import (
    check_addons,
    check_currency,
    check_person_spelling,
    describe_missing_membership,
    refuse_if_cancelled,
)

# By the source of the order. The verbs are stored data.
AUDIT_VERBS = {Order.Source.DESK: "registration.receive", Order.Source.ORGANIZER: "registration.add"}
NO_BILLING_DETAILS = BillingDetails()
RECORDED_FIELDS = ["first_name", "last_name", "email", "company", "ticket"]


class DuplicateRegistration(ConventionError):
    """The person seems to be registered already; `registrations` are those found, from the latest one."""

    kind = "duplicate-registration"
    status = 409

    def __init__(self, registrations: Sequence[Registration]) -> None:
        super().__init__(_("Somebody with this name and e-mail address is registered already."))
        self.registrations = registrations

    @property
    def registration(self) -> Registration:
        """Return the latest registration, whose reference accepts another one."""
        return self.registrations[0]


def register_walk_in(
    *,
    event: Event,
    place: RequestedPlace,
    idempotency_key: str,
    source: Order.Source = Order.Source.DESK,
    language: str = "fr",
    reference: str = "",
    special_terms: SpecialTerms | None = None,
    billing: BillingDetails = NO_BILLING_DETAILS,
    purchase_order: str = "",
    accepted_duplicate: str | None = None,
) -> Registration:
    """Register an attendee, confirmed at once; any ticket and add-on with places left can be used.

    Hidden tickets can be used too, and any ticket or add-on after its sale has ended. Members need no
    verification: the staff at the desk has seen them.
    The confirmation is queued if there is an address. The same key with the same content returns the same
    registration; with other content it is another attendee. `reference` is that of a badge signed in advance.
    `source` is `DESK`, or `ORGANIZER` for a registration by hand. With special terms of the
    ticket no pass is used. Without billing details the company is invoiced, or else the attendee, once the
    treasurer has added the address. `accepted_duplicate` is the reference of the latest registration in
    DuplicateRegistration, "" if none was shown; None registers a second time without asking.

    Raise NotOpenNow once the event is over or cancelled, InvalidFields, SoldOut, CompanyFull,
    DuplicateRegistration, and if places are given on application only.
    """
    place = place.normalize()
    # The content is part of the key: after a correction the same form registers another attendee.
    idempotency_key = f"{source}:{idempotency_key}:{language}:{place!r}:{special_terms!r}"
    if billing != NO_BILLING_DETAILS:
        idempotency_key += f":{billing!r}:{purchase_order}"
    if order := find_order_by_key(event, idempotency_key):
        return order.registrations.get()
    offering = _load_offering(event, place)
    ticket = _validate_walk_in(event, place, offering)
    _check_special_terms(special_terms, ticket)
    if source == Order.Source.ORGANIZER:
        _check_manual_registration(place, ticket, special_terms)
    _check_duplicates(event, place, source, accepted_duplicate)
    request = _build_request(place, offering, language, billing, purchase_order)
    try:
        return _book_walk_in(
            event, request, offering, idempotency_key,
            source=source, reference=reference, special_terms=special_terms,
        )  # fmt: skip
    except IntegrityError:  # a concurrent request with the same key has booked
        if order := find_order_by_key(event, idempotency_key):
            return order.registrations.get()
        raise


def _load_offering(event: Event, place: RequestedPlace) -> Offering:
    """Return the ticket and the add-ons of the place, public or not."""
    addons = event.addons.filter(slug__in=place.addons).prefetch_related("tickets") if place.addons else ()
    return Offering(
        tickets={ticket.slug: ticket for ticket in event.tickets.filter(slug=place.ticket)},
        addons={addon.slug: addon for addon in addons},
    )


def _validate_walk_in(event: Event, place: RequestedPlace, offering: Offering) -> Ticket:
    now = timezone.now()
    refuse_if_cancelled(event)
    if event.is_over(at=now):
        raise NotOpenNow(_("The event is over: registration is no longer possible."))
    ticket = offering.tickets.get(place.ticket)
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_spelling(place):
        errors.setdefault(field, []).append(sentence)
    if ticket is None:
        errors["ticket"] = [_("Choose a ticket.")]
    elif sentences := _find_addon_errors(place, ticket, offering):
        errors["addons"] = sentences
    if errors or ticket is None:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    if ticket.needs_member_verification and get_application_path(event):
        # Spoken to the staff; `refuse_without_application` speaks to the member.
        raise ApplicationRequired(
            _(
                "Places for members are given on application. The secretary can add one on the visit’s page "
                "“Applicants” while applications are open, or propose the person to the host afterwards."
            )
        )
    # The desk must not turn people away for places whose hold has expired.
    refresh_availability([ticket], at=now)
    return ticket


def _find_addon_errors(place: RequestedPlace, ticket: Ticket, offering: Offering) -> list[str]:
    if sentences := list(check_addons(place, offering, at=None)):
        return sentences
    if sold_out_addons := [addon for addon in offering.addons.values() if addon.remaining == 0]:
        return [str(make_sold_out_error(addon)) for addon in sold_out_addons]
    items = (ticket, *offering.addons.values())
    return [sentence for _field, sentence in check_currency("", {item.currency for item in items})]


def _check_special_terms(special_terms: SpecialTerms | None, ticket: Ticket) -> None:
    if special_terms is None:
        return
    errors = {}
    if sentence := find_special_price_error(special_terms, ticket):
        errors["price"] = [sentence]
    if not special_terms.reason:
        errors["reason"] = [_("Enter the reason for a different price.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _check_manual_registration(
    place: RequestedPlace, ticket: Ticket, special_terms: SpecialTerms | None
) -> None:
    """Raise InvalidFields for a member's ticket that the organizer has to justify."""
    if special_terms and special_terms.reason:
        return
    if sentence := describe_missing_membership(ticket, place.email):
        raise InvalidFields(_("Some fields need to be corrected."), {"reason": [sentence]})


def _check_duplicates(
    event: Event, place: RequestedPlace, source: Order.Source, accepted: str | None
) -> None:
    """Raise DuplicateRegistration unless the latest registration of the same person was accepted.

    An organizer types name and address of somebody known: both are the same. At the desk a person may give
    no address, or another one than when they registered: either is enough.
    """
    if accepted is None:
        return
    sort_name = make_sort_name(place.first_name, place.last_name)
    if source == Order.Source.DESK:
        active = Registration.objects.active().filter(event=event).select_related("ticket")
        same_email = filter_by_email(active, place.email) if place.email else []
        by_id = {row.pk: row for row in [*active.filter(sort_name=sort_name), *same_email]}
        duplicates = [by_id[pk] for pk in sorted(by_id, reverse=True)]
    else:
        duplicates = find_same_person(event, sort_name=sort_name, email=place.email)
    if duplicates and duplicates[0].reference != accepted:
        raise DuplicateRegistration(duplicates)


@transaction.atomic
def _book_walk_in(
    event: Event,
    request: OrderRequest,
    offering: Offering,
    key: str,
    *,
    source: Order.Source,
    reference: str,
    special_terms: SpecialTerms | None,
) -> Registration:
    [place] = request.places
    ticket = offering.tickets[place.ticket]
    quote = _quote_walk_in(request, offering, special_terms)
    order = build_order(event, request, OrderContext(source=source), quote, currency=ticket.currency)
    member = (
        find_member_by_email(place.email) if ticket.needs_member_verification or ticket.uses_pass else None
    )
    registration = build_registration(
        order,
        place,
        ticket,
        quote.lines[0],
        confirmed_at=timezone.now(),
        member_company=member[1] if member else None,
    )
    if reference:
        registration.reference = reference
    addons = build_addons([registration], offering, quote)
    key_row = build_idempotency_key(event, request, key)
    save_order(PreparedOrder(order, [registration], key_row, addons=addons))
    if member and (special_terms is None or special_terms.ticket_cents is None):
        _pay_with_pass(registration, member[0])
    _record_walk_in(registration, addons, special_terms)
    return registration


def _build_request(
    place: RequestedPlace, offering: Offering, language: str, billing: BillingDetails, purchase_order: str
) -> OrderRequest:
    has_price = offering.tickets[place.ticket].current_price.amount or any(
        addon.price for addon in offering.addons.values()
    )
    # An invoice needs a recipient; the column is shorter than two names may be.
    default_name = (place.company or f"{place.first_name} {place.last_name}")[:200]
    if billing == NO_BILLING_DETAILS:
        billing = BillingDetails(name=default_name)
    return OrderRequest(
        email=place.email,
        places=(place,),
        language=language,
        company=place.company[:200],
        billing=billing if has_price else NO_BILLING_DETAILS,
        purchase_order=purchase_order if has_price else "",
    ).normalize()


def _record_walk_in(
    registration: Registration, addons: Collection[RegistrationAddon], special_terms: SpecialTerms | None
) -> None:
    is_lower = special_terms is not None and special_terms.is_lower
    fields = [*RECORDED_FIELDS, *(["addons"] if addons else []), *(["price"] if is_lower else [])]
    record_action(
        AUDIT_VERBS[Order.Source(registration.order.source)],
        registration,
        event=registration.event,
        fields=fields,
        reason=special_terms.reason if special_terms else "",
    )


def _quote_walk_in(request: OrderRequest, offering: Offering, special_terms: SpecialTerms | None) -> Quote:
    """Return the quote of ticket and add-ons, lowered by the special terms."""
    quote = quote_offering(request, offering, at=timezone.now())
    if special_terms is None:
        return quote
    return replace(quote, lines=tuple(apply_special_terms(line, special_terms) for line in quote.lines))


def _pay_with_pass(registration: Registration, person: Person) -> None:
    """Use a pass of the member's company if one is left: it pays for the ticket, not for the add-ons."""
    if use_pass(registration, person):
        order = registration.order
        order.refresh_from_db(fields=["total"])
        if not order.total:
            order.payment = Order.Payment.FREE
            order.save(update_fields=["payment"])
        registration.save(update_fields=PRICE_FIELDS)
