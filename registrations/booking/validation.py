"""Validate an order request field by field, for the page, the API and imports."""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Seat
from convention.club.permissions import find_member_by_email
from convention.errors import NotOpenNow
from convention.events.cancellations import describe_cancellation
from convention.events.models import Event
from convention.text.dates import format_datetime
from convention.text.email_addresses import normalize_email
from convention.text.validators import find_length_error, find_link_error, find_name_error
from registrations.billing.tax_number import InvalidTaxNumber, parse_tax_number
from registrations.models import MAX_TAX_NUMBER_LENGTH, Addon, Order, Ticket, Voucher
from registrations.order_request import MAX_PLACES_PER_ORDER, BillingDetails, OrderRequest, RequestedPlace
from registrations.pricing.catalog import Offering, is_voucher_for

type FieldError = tuple[str, str]


# The length of the columns of Registration.
MAX_NAME_LENGTH = 300
# RFC 5321 allows paths of 256 characters, including the angle brackets.
MAX_EMAIL_LENGTH = 254
ORDER_TEXT_LENGTHS = {"company": 200, "purchase_order": 60}
BILLING_TEXT_LENGTHS = {
    "name": 200,
    "street": 200,
    "postcode": 20,
    "city": 100,
    "tax_number": MAX_TAX_NUMBER_LENGTH,
}

INVISIBLE_LETTERS = frozenset(
    "\u115f\u1160\u3164\uffa0\u2800"
)  # letters of Unicode categories that are drawn blank

# ISO 3166-1 alpha-2.
COUNTRY_PATTERN = re.compile(r"[A-Z]{2}")


def find_request_errors(
    request: OrderRequest, offering: Offering, *, at: datetime.datetime
) -> dict[str, list[str]]:
    """Return errors by field, such as `{"registrations.0.email": ["..."]}`; empty if there are none.

    `offering` is what the buyer can choose from.
    """
    errors: dict[str, list[str]] = {}
    for field, sentence in _check_request(request, offering, at):
        errors.setdefault(field, []).append(sentence)
    return errors


def _check_request(request: OrderRequest, offering: Offering, at: datetime.datetime) -> Iterator[FieldError]:
    tickets = offering.tickets
    yield from _check_order_fields(request)
    yield from _check_billing(request.billing)
    yield from check_place_count(len(request.places))
    # An order with too many places is refused for their number; checking thousands of them would cost time.
    for index, place in enumerate(request.places[:MAX_PLACES_PER_ORDER]):
        for field, sentence in check_place(place, tickets.get(place.ticket), at=at):
            yield f"registrations.{index}.{field}", sentence
        for sentence in check_addons(place, offering, at=at):
            yield f"registrations.{index}.addons", sentence
    yield from _check_repeated_members(request.places, tickets)
    chosen = [tickets[place.ticket] for place in request.places if place.ticket in tickets]
    for sentence in check_ticket_counts(chosen):
        yield "registrations", sentence
    yield from _check_code(request, offering, at)
    if request.payment not in Order.Payment.values:
        yield "payment", _("Choose “card”, “invoice” or, where nothing is due, “free”.")
    items = [*chosen, *_list_requested_addons(request, offering)]
    yield from check_currency(request.currency, {offered.currency for offered in items})


def _check_repeated_members(
    places: Iterable[RequestedPlace], tickets: dict[str, Ticket]
) -> Iterator[FieldError]:
    """Refuse two members' tickets for one address, since each member has one place."""
    # Otherwise the second place could never be confirmed: one address verifies one member.
    seen = set()
    for index, place in enumerate(places):
        ticket = tickets.get(place.ticket)
        if ticket is None or not ticket.needs_member_verification or not place.email:
            continue
        if (ticket.slug, normalize_email(place.email)) in seen:
            yield (
                f"registrations.{index}.email",
                _("This address appears twice. Enter each member’s own address."),
            )
        seen.add((ticket.slug, normalize_email(place.email)))


def find_repeated_members(
    places: Iterable[RequestedPlace], tickets: Mapping[str, Ticket], seats: Mapping[str, Seat]
) -> dict[int, str]:
    """Return an error by index for each member's ticket whose member has one in the order already.

    `seats` are those of the members, by normalized address. The same address twice is another error, which
    `find_request_errors` returns.
    """
    addresses: dict[tuple[str, int], str] = {}
    errors = {}
    for index, place in enumerate(places):
        address = normalize_email(place.email)
        ticket, seat = tickets.get(place.ticket), seats.get(address)
        if ticket is None or not ticket.needs_member_verification or seat is None:
            continue
        if addresses.setdefault((ticket.slug, seat.person_id), address) != address:
            errors[index] = _("This is another address of a member who has a place in this order already.")
    return errors


def _check_order_fields(request: OrderRequest) -> Iterator[FieldError]:
    yield from _check_email("email", request.email)
    if not request.email:
        yield "email", _("Enter the e-mail address for the confirmation.")
    if request.language not in dict(settings.LANGUAGES):
        yield "language", _("“language” must be “fr” or “en”.")
    for name, max_length in ORDER_TEXT_LENGTHS.items():
        yield from _check_length(name, getattr(request, name), max_length)
        yield from _check_links(name, getattr(request, name))


def _check_billing(billing: BillingDetails) -> Iterator[FieldError]:
    for name, max_length in BILLING_TEXT_LENGTHS.items():
        yield from _check_length(f"billing.{name}", getattr(billing, name), max_length)
        yield from _check_links(f"billing.{name}", getattr(billing, name))
    if billing.country and not COUNTRY_PATTERN.fullmatch(billing.country):
        yield "billing.country", _("Enter the country as two capital letters, for example FR.")
    try:
        parse_tax_number(billing.tax_number, country=billing.country)
    except InvalidTaxNumber as error:
        yield "billing.tax_number", str(error)


def check_place_count(place_count: int) -> Iterator[FieldError]:
    if not place_count:
        yield "registrations", _("Enter at least one attendee.")
    if place_count > MAX_PLACES_PER_ORDER:
        yield (
            "registrations",
            ngettext(
                "An order can include at most %(most)d person. Split it into several orders.",
                "An order can include at most %(most)d people. Split it into several orders.",
                MAX_PLACES_PER_ORDER,
            )
            % {"most": MAX_PLACES_PER_ORDER},
        )


def check_payment(payment: str, *, total: int) -> str:
    """Return an error if this payment method cannot be used for `total` cents, else an empty string."""
    if payment == Order.Payment.FREE and total:
        return _("Something is due for this order: choose “card” or “invoice”.")
    if payment == Order.Payment.CARD and total and not settings.CARD_PAYMENT:
        return _("Card payment is not available for this event. Choose “invoice”.")
    return ""


def check_ticket_counts(chosen: Iterable[Ticket]) -> Iterator[str]:
    """Yield errors about the number of each ticket in one order."""
    for ticket, places in Counter(chosen).items():
        if places < ticket.min_per_order:
            sentence = _(
                "“%(ticket)s” is for groups of at least %(least)d people; this order has %(places)d."
            )
            yield sentence % {"ticket": ticket.title, "least": ticket.min_per_order, "places": places}
        if ticket.max_per_order is not None and places > ticket.max_per_order:
            sentence = ngettext(
                "An order can include at most %(most)d place of “%(ticket)s”.",
                "An order can include at most %(most)d places of “%(ticket)s”.",
                ticket.max_per_order,
            )
            yield sentence % {"ticket": ticket.title, "most": ticket.max_per_order}


def _check_code(request: OrderRequest, offering: Offering, at: datetime.datetime) -> Iterator[FieldError]:
    if not request.code:
        return
    # A buyer who saw a price with the code gets the new price (PriceChanged) instead of an error.
    if offering.voucher and offering.voucher.remaining == 0 and request.expected_total is not None:
        return
    sentence = check_voucher(offering.voucher, at=at)
    if not sentence and offering.voucher:
        sentence = check_voucher_use(offering.voucher, request.places, company=request.company)
    if sentence:
        yield "code", sentence


def check_voucher(voucher: Voucher | None, *, at: datetime.datetime) -> str:
    """Return an error if the voucher cannot be used by anybody at `at`, else an empty string."""
    if voucher is None:
        return _("We do not know this code. Check it letter by letter, or continue without it.")
    if not voucher.is_valid(at=at):
        is_too_early = voucher.opens_at is not None and at < voucher.opens_at
        return _("This code is not valid yet.") if is_too_early else _("This code is no longer valid.")
    if voucher.remaining == 0:
        return _("This code has reached its maximum number of uses.")
    return ""


def check_voucher_use(voucher: Voucher, places: Iterable[RequestedPlace], *, company: str = "") -> str:
    """Return an error if a valid voucher applies to none of these attendees, else an empty string."""
    ticket_slugs = {ticket.slug for ticket in voucher.list_tickets()}
    matching_places = [place for place in places if not ticket_slugs or place.ticket in ticket_slugs]
    if not matching_places:
        titles = [ticket.title for ticket in voucher.list_tickets()]
        sentence = ngettext(
            "This code only applies to the ticket “%(tickets)s”. Choose it, or continue without the code.",
            "This code only applies to these tickets: %(tickets)s. Choose one of them, or continue without "
            "the code.",
            len(titles),
        )
        return sentence % {"tickets": ", ".join(titles)}
    return check_voucher_recipients(voucher, matching_places, company=company)


def check_voucher_recipients(voucher: Voucher, places: Iterable[RequestedPlace], *, company: str = "") -> str:
    """Return an error if none of the attendees has the voucher's company or address, else an empty string."""
    if not any(is_voucher_for(voucher, place, company) for place in places):
        return _("This code is for another company or e-mail address.")
    return ""


def check_addons(place: RequestedPlace, offering: Offering, *, at: datetime.datetime | None) -> Iterator[str]:
    """Yield errors about the add-ons of one place; without `at` they need not be on sale."""
    if len(set(place.addons)) < len(place.addons):
        yield _("Each add-on can be chosen only once per person.")
    for slug in dict.fromkeys(place.addons):
        addon = offering.addons.get(slug)
        if addon is None:
            # The slug is whatever a program sent, of any length.
            yield _("This add-on is not available for this event: %(slug)s.") % {"slug": slug[:50]}
        elif not is_addon_for_ticket(addon, place.ticket):
            yield _("“%(addon)s” is not available with this ticket.") % {"addon": addon.title}
        elif at is not None and not addon.is_on_sale(at=at):
            yield _("“%(addon)s” is not on sale at the moment.") % {"addon": addon.title}


def describe_missing_membership(ticket: Ticket, email: str) -> str:
    """Return that an organizer needs a reason to give this ticket to a non-member, or ""."""
    if not ticket.needs_member_verification or find_member_by_email(email):
        return ""
    return _(
        "“%(ticket)s” is for members only, and the attendee is not a member today. Enter the reason."
    ) % {"ticket": ticket.title}


def is_addon_for_ticket(addon: Addon, ticket_slug: str) -> bool:
    """Return whether the add-on can be booked with the ticket of that slug."""
    allowed_slugs = {ticket.slug for ticket in addon.tickets.all()}
    return not allowed_slugs or ticket_slug in allowed_slugs


def _list_requested_addons(request: OrderRequest, offering: Offering) -> Iterator[Addon]:
    for place in request.places:
        yield from (offering.addons[slug] for slug in place.addons if slug in offering.addons)


def check_currency(expected: str, currencies: set[str]) -> Iterator[FieldError]:
    """Yield errors about the currencies of the items of one order, which needs a single one."""
    if len(currencies) > 1:
        yield "registrations", _("These tickets are priced in different currencies. Order them separately.")
    elif expected and currencies and expected not in currencies:
        yield "currency", _("These tickets are priced in %(currency)s.") % {"currency": currencies.pop()}


def check_place(
    place: RequestedPlace, ticket: Ticket | None, *, at: datetime.datetime
) -> Iterator[FieldError]:
    """Yield errors about one place; `ticket` is None if no such ticket is offered."""
    yield from _check_ticket(ticket, at)
    yield from check_person_texts(place)
    if place.language and place.language not in dict(settings.LANGUAGES):
        yield "language", _("Choose the language of the e-mails.")
    if ticket and ticket.needs_member_verification and not place.email:
        yield "email", _("Enter the member’s own e-mail address: we send them the link to confirm the place.")


def check_person_texts(place: RequestedPlace) -> Iterator[FieldError]:
    """Yield errors about an attendee's names, company and address, as anybody may type them.

    Links and markup are refused, because mails carry these texts to other people.
    """
    yield from check_person_spelling(place)
    for name in ("first_name", "last_name"):
        if sentence := find_name_error(getattr(place, name)):
            yield name, sentence
    yield from _check_links("company", place.company)


def _check_links(field: str, text: str) -> Iterator[FieldError]:
    if sentence := find_link_error(text):
        yield field, sentence


def check_person_spelling(place: RequestedPlace) -> Iterator[FieldError]:
    """Yield errors about an attendee's texts as an organizer types them: any characters are accepted."""
    for name, sentence in (
        ("first_name", _("Enter the first name.")),
        ("last_name", _("Enter the last name.")),
    ):
        if not place.is_to_follow and not any(map(_is_visible, getattr(place, name))):
            yield name, sentence
        yield from _check_length(name, getattr(place, name), MAX_NAME_LENGTH)
    yield from _check_length("company", place.company, MAX_NAME_LENGTH)
    yield from _check_email("email", place.email)


def _is_visible(character: str) -> bool:
    """Return whether a character is visible in print; joiners, direction marks and the like are not."""
    return unicodedata.category(character)[0] in "LNPS" and character not in INVISIBLE_LETTERS


def _check_ticket(ticket: Ticket | None, at: datetime.datetime) -> Iterator[FieldError]:
    if ticket is None:
        yield "ticket", _("This ticket is not available for this event.")
    elif not ticket.is_on_sale(at=at):
        is_too_early = ticket.opens_at is not None and at < ticket.opens_at
        yield (
            "ticket",
            _("This ticket is not on sale yet.") if is_too_early else _("This ticket is no longer on sale."),
        )


def _check_email(field: str, address: str) -> Iterator[FieldError]:
    if not address:
        return
    try:
        validate_email(address)
    except ValidationError:
        yield field, _("Enter a valid e-mail address, for example name@example.org.")
        return
    yield from _check_length(field, address, MAX_EMAIL_LENGTH)


def _check_length(field: str, text: str, max_length: int) -> Iterator[FieldError]:
    if sentence := find_length_error(text, max_length):
        yield field, sentence


class RegistrationClosed(NotOpenNow):
    """Registration for an event is not open yet, or no longer."""

    def __init__(self, sentence: str, *, event: Event, title: str) -> None:
        super().__init__(sentence)
        self.page_title = f"{title} · {event.title}"


def refuse_if_cancelled(event: Event) -> None:
    """Raise NotOpenNow if the event itself was cancelled; site visits have checks of their own."""
    if event.cancelled_at:
        raise RegistrationClosed(describe_cancellation(event), event=event, title=_("Event cancelled"))


def refuse_if_closed(event: Event, *, at: datetime.datetime) -> None:
    """Raise NotOpenNow, with the reason, if registration is not open at `at`."""
    if event.is_registration_open(at=at):
        return
    refuse_if_cancelled(event)
    opens = event.registration_opens_at
    if opens and at < opens:
        day = format_datetime(opens, event.zone)
        sentence = _("Registration opens on %(day)s.") % {"day": day}
        raise RegistrationClosed(sentence, event=event, title=_("Registration not open yet"))
    raise RegistrationClosed(_("Registration is closed."), event=event, title=_("Registration closed"))
