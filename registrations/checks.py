"""What is wrong with a request, by field: pure, for page, API and file alike."""

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.validators import about_links, about_name

from .fares import Wares, is_for
from .models import Addon, Order, Ticket, Voucher
from .order_request import Billing, OrderRequest, Place

type Complaint = tuple[str, str]

MOST_PLACES = 50
NAME_LENGTH = 300
EMAIL_LENGTH = 254
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # letters and a sign that are drawn as nothing
COUNTRY = re.compile(r"[A-Z]{2}")


def complaints(request: OrderRequest, wares: Wares, *, at: datetime.datetime) -> dict[str, list[str]]:
    """Sentences by field, such as {"registrations.0.email": ["..."]}; empty when all is well.

    The wares are those offered to whoever asks.
    """
    found: dict[str, list[str]] = {}
    for field, sentence in _all(request, wares, at):
        found.setdefault(field, []).append(sentence)
    return found


def _all(request: OrderRequest, wares: Wares, at: datetime.datetime) -> Iterator[Complaint]:
    tickets = wares.tickets
    yield from _about_order(request)
    yield from _about_billing(request.billing)
    yield from about_number(len(request.places))
    for index, place in enumerate(request.places[:MOST_PLACES]):
        for field, sentence in about_place(place, tickets.get(place.ticket), at=at):
            yield f"registrations.{index}.{field}", sentence
        for sentence in about_addons(place, wares, at=at):
            yield f"registrations.{index}.addons", sentence
    yield from _about_repeated_members(request.places, tickets)
    chosen = [tickets[place.ticket] for place in request.places if place.ticket in tickets]
    for sentence in about_numbers(chosen):
        yield "registrations", sentence
    yield from _about_code(request, wares, at)
    if request.payment not in Order.Payment.values:
        yield "payment", _("Choose “card”, “invoice” or, where nothing is due, “free”.")
    sold = [*chosen, *_chosen_addons(request, wares)]
    yield from _about_currency(request.currency, {offered.currency for offered in sold})


def _about_repeated_members(places: Iterable[Place], tickets: dict[str, Ticket]) -> Iterator[Complaint]:
    """One member, one place: the same address is not written to twice."""
    seen = set()
    for index, place in enumerate(places):
        ticket = tickets.get(place.ticket)
        if ticket is None or not ticket.needs_proof or not place.email:
            continue
        if (ticket.slug, place.email.casefold()) in seen:
            yield (
                f"registrations.{index}.email",
                _("This address stands here twice: each member comes with their own."),
            )
        seen.add((ticket.slug, place.email.casefold()))


def _about_order(request: OrderRequest) -> Iterator[Complaint]:
    yield from _about_email("email", request.email)
    if not request.email:
        yield "email", _("Write the address that gets the confirmation.")
    if request.language not in dict(settings.LANGUAGES):
        yield "language", _("The language is “fr” or “en”.")
    for name, most in (("company", 200), ("purchase_order", 60)):
        yield from _about_length(name, getattr(request, name), most)
        yield from _about_links(name, getattr(request, name))


def _about_billing(billing: Billing) -> Iterator[Complaint]:
    for name, most in (("name", 200), ("street", 200), ("postcode", 20), ("city", 100)):
        yield from _about_length(f"billing.{name}", getattr(billing, name), most)
        yield from _about_links(f"billing.{name}", getattr(billing, name))
    if billing.country and not COUNTRY.fullmatch(billing.country):
        yield "billing.country", _("Write the country as two capital letters, such as FR.")


def about_number(places: int) -> Iterator[Complaint]:
    """What is wrong with how many places there are."""
    if not places:
        yield "registrations", _("Name at least one person.")
    if places > MOST_PLACES:
        yield (
            "registrations",
            ngettext(
                "One order holds at most %(most)d person; split this one.",
                "One order holds at most %(most)d people; split this one.",
                MOST_PLACES,
            )
            % {"most": MOST_PLACES},
        )


def about_payment(payment: str, *, total: int) -> str:
    """What is wrong with paying so much so, where the order stands otherwise; else nothing."""
    if payment == Order.Payment.FREE and total:
        return _("Something is due for this order: choose “card” or “invoice”.")
    if payment == Order.Payment.CARD and total and not settings.CARD_PAYMENT:
        return _("Cards are not taken here: choose “invoice”.")
    return ""


def about_numbers(chosen: Iterable[Ticket]) -> Iterator[str]:
    """What is wrong with how many of each ticket one order asks for."""
    for ticket, places in Counter(chosen).items():
        if places < ticket.least:
            sentence = _("“%(ticket)s” is sold to groups of at least %(least)d people; here are %(places)d.")
            yield sentence % {"ticket": ticket.title, "least": ticket.least, "places": places}
        if ticket.most is not None and places > ticket.most:
            sentence = ngettext(
                "One order holds at most %(most)d place of “%(ticket)s”.",
                "One order holds at most %(most)d places of “%(ticket)s”.",
                ticket.most,
            )
            yield sentence % {"ticket": ticket.title, "most": ticket.most}


def _about_code(request: OrderRequest, wares: Wares, at: datetime.datetime) -> Iterator[Complaint]:
    if not request.code:
        return
    # Who was shown a price with the code is shown the new one instead, once others used it up.
    if wares.voucher and wares.voucher.left == 0 and request.expected_total is not None:
        return
    sentence = about_voucher(wares.voucher, at=at)
    if not sentence and wares.voucher:
        sentence = about_its_use(wares.voucher, request.places, company=request.company)
    if sentence:
        yield "code", sentence


def about_voucher(voucher: Voucher | None, *, at: datetime.datetime) -> str:
    """What is wrong with a code, whoever comes with it; nothing where it is good."""
    if voucher is None:
        return _("There is no such code here. Check it letter by letter, or go on without it.")
    if not voucher.is_valid(at=at):
        early = voucher.opens_at is not None and at < voucher.opens_at
        return _("This code is not valid yet.") if early else _("This code is no longer valid.")
    if voucher.left == 0:
        return _("This code was used as often as it may be.")
    return ""


def about_its_use(voucher: Voucher, places: Iterable[Place], *, company: str = "") -> str:
    """What is wrong with a good code for these people; nothing where it serves one of them."""
    named = {ticket.slug for ticket in voucher.tickets.all()}
    fitting = [place for place in places if not named or place.ticket in named]
    if not fitting:
        titles = ", ".join(ticket.title for ticket in voucher.tickets.all())
        return _("This code is for other tickets: %(tickets)s.") % {"tickets": titles}
    if not any(is_for(voucher, place, company) for place in fitting):
        return _("This code is for somebody else: company or address is not the one it was made for.")
    return ""


def about_addons(place: Place, wares: Wares, *, at: datetime.datetime) -> Iterator[str]:
    """What is wrong with the add-ons of one place."""
    if len(set(place.addons)) < len(place.addons):
        yield _("Each add-on can be taken once per person.")
    for slug in dict.fromkeys(place.addons):
        addon = wares.addons.get(slug)
        if addon is None:
            yield _("This add-on is not offered here: %(slug)s.") % {"slug": slug[:50]}
        elif not goes_with(addon, place.ticket):
            yield _("“%(addon)s” does not go with this ticket.") % {"addon": addon.title}
        elif not addon.is_on_sale(at=at):
            yield _("“%(addon)s” is not on sale now.") % {"addon": addon.title}


def goes_with(addon: Addon, ticket: str) -> bool:
    """Whether the add-on is for holders of the ticket of that slug."""
    named = {ticket.slug for ticket in addon.tickets.all()}
    return not named or ticket in named


def _chosen_addons(request: OrderRequest, wares: Wares) -> Iterator[Addon]:
    for place in request.places:
        yield from (wares.addons[slug] for slug in place.addons if slug in wares.addons)


def _about_currency(expected: str, currencies: set[str]) -> Iterator[Complaint]:
    if len(currencies) > 1:
        yield "registrations", _("These tickets are priced in different currencies; order them apart.")
    elif expected and currencies and expected not in currencies:
        yield "currency", _("These tickets are priced in %(currency)s.") % {"currency": currencies.pop()}


def about_place(place: Place, ticket: Ticket | None, *, at: datetime.datetime) -> Iterator[Complaint]:
    """What is wrong with one place; `ticket` is None where none of that name is offered."""
    yield from _about_ticket(ticket, at)
    yield from about_words(place)
    if ticket and ticket.needs_proof and not place.email:
        yield "email", _("A member’s place needs the member’s own address: the confirmation goes there.")


def about_words(place: Place) -> Iterator[Complaint]:
    """Yield complaints about how anybody writes a person, links included: mails carry it to others."""
    yield from about_spelling(place)
    for name in ("first_name", "last_name"):
        if sentence := about_name(getattr(place, name)):
            yield name, sentence
    yield from _about_links("company", place.company)


def _about_links(field: str, text: str) -> Iterator[Complaint]:
    if sentence := about_links(text):
        yield field, sentence


def about_spelling(place: Place) -> Iterator[Complaint]:
    """Yield complaints about how an organizer writes a person, who may use any characters."""
    for name, sentence in (
        ("first_name", _("Write the first name.")),
        ("last_name", _("Write the last name.")),
    ):
        if not place.is_to_follow and not any(map(_is_seen, getattr(place, name))):
            yield name, sentence
        yield from _about_length(name, getattr(place, name), NAME_LENGTH)
    yield from _about_length("company", place.company, NAME_LENGTH)
    yield from _about_email("email", place.email)


def _is_seen(character: str) -> bool:
    """Whether it leaves a mark on paper: joiners, marks of direction and the like do not."""
    return unicodedata.category(character)[0] in "LNPS" and character not in BLANKS


def _about_ticket(ticket: Ticket | None, at: datetime.datetime) -> Iterator[Complaint]:
    if ticket is None:
        yield "ticket", _("This ticket is not offered here.")
    elif not ticket.is_on_sale(at=at):
        early = ticket.opens_at is not None and at < ticket.opens_at
        yield (
            "ticket",
            _("This ticket is not on sale yet.") if early else _("This ticket is no longer on sale."),
        )


def _about_email(field: str, address: str) -> Iterator[Complaint]:
    if not address:
        return
    try:
        validate_email(address)
    except ValidationError:
        yield field, _("This is not a valid e-mail address; it looks like name@example.org.")
        return
    yield from _about_length(field, address, EMAIL_LENGTH)


def _about_length(field: str, text: str, most: int) -> Iterator[Complaint]:
    if len(text) > most:
        yield (
            field,
            _("At most %(most)d characters; this has %(length)d.") % {"most": most, "length": len(text)},
        )
