"""How often one address may order, and be written to because somebody typed it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import ngettext

from convention.api.throttles import TooOften, refuse_spent, seconds_to_wait, spend
from convention.club.models import Company
from convention.events.models import Event

from .invoices.models import Quotation
from .models import Order, Registration, Voucher
from .on_sale import voucher_named
from .order_context import Means
from .order_request import OrderRequest, code_typed

HOUR = 3600
MEGABYTE = 1024 * 1024
ORDERS_PER_HOUR = 300
MAILS_PER_HOUR = 20
CORRECTIONS_PER_HOUR = 60
RENEWALS_PER_HOUR = 5
SEATS_PER_HOUR = 200
WAITS_PER_HOUR = 10
WRONG_CODES_PER_HOUR = 20
WRONG_CODES_PER_NETWORK = 100
FILES_PER_HOUR = 100
COLLEAGUES_PER_HOUR = 100


def refuse_flood(event: Event, request: OrderRequest) -> None:
    """Count an order for whoever gets its mail, and for each address that gets a mail. Raises TooOften."""
    spend("orders", f"{event.pk}:{request.email.strip()}", most=ORDERS_PER_HOUR, seconds=HOUR)
    for address in {place.email.strip().casefold() for place in request.places if place.email}:
        if address != request.email.strip().casefold():
            spend("mail", address, most=MAILS_PER_HOUR, seconds=HOUR)


class TooManyUnverified(TooOften):
    """Too many places were ordered from this address or network by buyers who are not verified."""

    def describe(self, minutes: int) -> str:
        """Return the sentence for a wait of that many minutes."""
        sentence = ngettext(
            "Too many places were ordered from this address or network. Sign in before you order, or try "
            "again in %(minutes)d minute.",
            "Too many places were ordered from this address or network. Sign in before you order, or try "
            "again in %(minutes)d minutes.",
            minutes,
        )
        return sentence % {"minutes": minutes}


@contextmanager
def count_unverified(order: Order, means: Means, *, places: int) -> Iterator[None]:
    """Count an order of a buyer who is not trusted while it is written; one that fails gives its count back.

    Counts the places by the network, free ones too, and orders that await verification by the buyer's address
    too, both per hour. Raises TooManyUnverified.
    """
    if settings.RATE_LIMITS == "off" or means.is_trusted:
        yield
        return
    counts = []
    if order.awaits_verification:
        counts += [("unverified-address", order.email.strip(), 1, settings.UNVERIFIED_ORDERS_PER_ADDRESS)]
    if order.network:
        counts += [("unverified-network", order.network, places, settings.UNVERIFIED_PLACES_PER_NETWORK)]
    waits = [seconds_to_wait(what, of, most=most, seconds=HOUR, amount=n) for what, of, n, most in counts]
    has_booked = False
    try:
        refuse_unverified(max(waits, default=0))
        yield
        has_booked = True
    finally:
        for what, of, number, most in () if has_booked else counts:
            seconds_to_wait(what, of, most=most, seconds=HOUR, amount=-number)


def refuse_unverified(wait: int) -> None:
    """Raise TooManyUnverified where there is a wait, in seconds."""
    if wait:
        raise TooManyUnverified(wait)


def refuse_many_quotes(event: Event, request: OrderRequest) -> None:
    """Count a question for a price apart from orders, since nobody is written to. Raises TooOften."""
    spend("quotes", f"{event.pk}:{request.email.strip()}", most=ORDERS_PER_HOUR, seconds=HOUR)


def refuse_many_corrections(order: Order, registration: Registration | None = None) -> None:
    """Count a correction, since each sends the badge again; of a private place, apart from its order's.

    Raises TooOften.
    """
    one = registration if registration and registration.is_private else order
    spend("corrections", one.reference, most=CORRECTIONS_PER_HOUR, seconds=HOUR)


def refuse_many_renewals(one: Order | Registration) -> None:
    """Count a replaced link of an order or a private place, and of the address it is mailed to.

    Raises TooOften.
    """
    spend("renewals", one.reference, most=RENEWALS_PER_HOUR, seconds=HOUR)
    if one.email:
        spend("renewals", one.email, most=MAILS_PER_HOUR, seconds=HOUR)


def refuse_many_verification_mails(order: Order, address: str) -> None:
    """Count a link that is mailed again, for the order and for the address it goes to. Raises TooOften."""
    spend("renewals", order.reference, most=RENEWALS_PER_HOUR, seconds=HOUR)
    spend("mail", (address.strip() or order.email).casefold(), most=MAILS_PER_HOUR, seconds=HOUR)


def refuse_many_seats(registration: Registration) -> None:
    """Count a change of seats, since each is told to every phone at the doors. Raises TooOften."""
    spend("seats", registration.reference, most=SEATS_PER_HOUR, seconds=HOUR)


def refuse_many_colleagues(company: Company, email: str) -> None:
    """Count a colleague whom a contact adds, and an e-mail to the address, which is sent to some.

    Raises TooOften.
    """
    spend("colleagues", company.slug, most=COLLEAGUES_PER_HOUR, seconds=HOUR)
    spend("mail", email.strip().casefold(), most=MAILS_PER_HOUR, seconds=HOUR)


def refuse_many_waits(address: str, network: str = "") -> None:
    """Count a wish to wait, since each sends a mail to an address that anybody typed. Raises TooOften.

    Counted by network too: invented addresses in front of the line would be offered each place that is free.
    """
    spend("waits", address.strip(), most=WAITS_PER_HOUR, seconds=HOUR)
    if network:
        spend("waits of network", network, most=settings.UNVERIFIED_PLACES_PER_NETWORK, seconds=HOUR)


def refuse_many_files(*who: str) -> None:
    """Count a file that is sent in, once for each browser, address or place that it comes from.

    Raises TooOften.
    """
    for name in filter(None, who):
        spend("files", name.strip(), most=FILES_PER_HOUR, seconds=HOUR)


def refuse_many_files_of_network(network: str, *, size: int) -> None:
    """Count a file and its bytes for the network it comes from. Raises TooOften."""
    if network:
        most = settings.CEILINGS["ANSWER_FILES_NETWORK_MB"] * MEGABYTE
        spend("files of network", network, most=settings.CEILINGS["ANSWER_FILES_NETWORK_COUNT"], seconds=HOUR)
        spend("bytes of files of network", network, most=most, seconds=HOUR, amount=size)


def refuse_many_drafts(network: str, *, size: int = 0) -> None:
    """Count a registration that is begun, or the bytes of a large one, for its network. Raises TooOften."""
    if not network:
        return
    if size:
        most = settings.CEILINGS["DRAFTS_NETWORK_MB"] * MEGABYTE
        spend("bytes of drafts of network", network, most=most, seconds=HOUR, amount=size)
    else:
        spend("drafts of network", network, most=settings.CEILINGS["DRAFTS_NETWORK_COUNT"], seconds=HOUR)


def refuse_many_quotation_mails(quotation: Quotation) -> None:
    """Count a quotation that is mailed, for itself and for the address that it goes to. Raises TooOften."""
    spend("quotation", quotation.number, most=RENEWALS_PER_HOUR, seconds=HOUR)
    spend("mail", str(quotation.buyer["email"]).casefold(), most=MAILS_PER_HOUR, seconds=HOUR)


def voucher_brought(event: Event, code: str, *who: str, network: str = "") -> Voucher | None:
    """The voucher of that code, of whoever has not guessed too often. Raises TooOften."""
    voucher = voucher_named(event, code_typed(code))
    refuse_guesses(event, code, voucher, *who, network=network)
    return voucher


def refuse_guesses(event: Event, code: str, voucher: Voucher | None, *who: str, network: str = "") -> None:
    """Count a code for which no voucher was found, once for each browser, address or network that brings it.

    Raises TooOften for a sender of too many of them, whatever they send next.
    """
    code = code_typed(code)
    limits = {f"{event.pk}:{one.strip()}": WRONG_CODES_PER_HOUR for one in who if code and one}
    if code and network:
        limits[f"{event.pk}:{network}"] = WRONG_CODES_PER_NETWORK
    for name, most in limits.items():
        refuse_spent("codes", name, most=most, seconds=HOUR)
    for name, most in limits.items() if voucher is None else ():
        if not seconds_to_wait("code", f"{name}:{code}", most=1, seconds=HOUR):
            spend("codes", name, most=most, seconds=HOUR)
