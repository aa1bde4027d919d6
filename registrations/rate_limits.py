"""Rate limits: how often an address, a network or a browser can order, send files and cause mails."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils.translation import ngettext

from convention.api.throttles import (
    TooManyRequests,
    check_rate_limit,
    consume_rate_limit,
    seconds_until_allowed,
)
from convention.club.models import Company
from convention.events.models import Event

from .invoices.models.documents import Quotation
from .models import Order, Registration, Voucher
from .order_context import OrderContext
from .order_request import OrderRequest, normalize_code
from .pricing.catalog import find_voucher

HOUR_SECONDS = 3600
BYTES_PER_MB = 1024 * 1024
ORDERS_PER_HOUR = 300
MAILS_PER_HOUR = 20
CORRECTIONS_PER_HOUR = 60
LINK_RENEWALS_PER_HOUR = 5
SESSION_CHANGES_PER_HOUR = 200
WAITING_ENTRIES_PER_HOUR = 10
WRONG_CODES_PER_HOUR = 20
# More than for one sender, because a company's visitors share a network.
WRONG_CODES_PER_NETWORK = 100
ANSWER_FILES_PER_HOUR = 100
COLLEAGUES_PER_HOUR = 100


def throttle_order(event: Event, request: OrderRequest) -> None:
    """Count an order for its buyer, and a mail for each other address in it. Raise TooManyRequests."""
    consume_rate_limit(
        "orders", f"{event.pk}:{request.email.strip()}", limit=ORDERS_PER_HOUR, window_seconds=HOUR_SECONDS
    )
    for address in {place.email.strip().casefold() for place in request.places if place.email}:
        # The buyer's own mail counts as the order.
        if address != request.email.strip().casefold():
            consume_rate_limit("mail", address, limit=MAILS_PER_HOUR, window_seconds=HOUR_SECONDS)


class TooManyUnverifiedOrders(TooManyRequests):
    """Too many places were ordered from this address or network by buyers who are not verified."""

    def describe_wait(self, minutes: int) -> str:
        sentence = ngettext(
            "Too many places were ordered from this address or network. Sign in before you order, or try "
            "again in %(minutes)d minute.",
            "Too many places were ordered from this address or network. Sign in before you order, or try "
            "again in %(minutes)d minutes.",
            minutes,
        )
        return sentence % {"minutes": minutes}


@contextmanager
def throttle_unverified_order(order: Order, context: OrderContext, *, place_count: int) -> Iterator[None]:
    """Count an order of an untrusted buyer while it is saved; if it fails, the count is reverted.

    Counts the places by the network, free ones too, and orders that await verification by the buyer's address
    too, both per hour. Raise TooManyUnverifiedOrders.
    """
    if settings.RATE_LIMITS == "off" or context.is_trusted:
        yield
        return
    counts = []
    if order.awaits_verification:
        counts += [("unverified-address", order.email.strip(), 1, settings.UNVERIFIED_ORDERS_PER_ADDRESS)]
    if order.network:
        counts += [("unverified-network", order.network, place_count, settings.UNVERIFIED_PLACES_PER_NETWORK)]
    limit_checks = [
        seconds_until_allowed(counter, identity, limit=limit, window_seconds=HOUR_SECONDS, amount=number)
        for counter, identity, number, limit in counts
    ]
    has_booked = False
    try:
        raise_if_limited(max(limit_checks, default=0))
        yield
        has_booked = True
    finally:
        # Counted before, or parallel orders could all pass the check; reverted for a failed order.
        for counter, identity, number, limit in () if has_booked else counts:
            seconds_until_allowed(counter, identity, limit=limit, window_seconds=HOUR_SECONDS, amount=-number)


def raise_if_limited(wait_seconds: int) -> None:
    """Raise TooManyUnverifiedOrders if the wait is not zero."""
    if wait_seconds:
        raise TooManyUnverifiedOrders(wait_seconds)


def throttle_quote(event: Event, request: OrderRequest) -> None:
    """Count a quote, apart from orders since it sends no mail. Raise TooManyRequests."""
    consume_rate_limit(
        "quotes", f"{event.pk}:{request.email.strip()}", limit=ORDERS_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def throttle_correction(order: Order, registration: Registration | None = None) -> None:
    """Count a correction, since each sends the badge again. Raise TooManyRequests."""
    # A private place has its own link: its holder must not use up the buyer's corrections.
    subject = registration if registration and registration.is_private else order
    consume_rate_limit(
        "corrections", subject.reference, limit=CORRECTIONS_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def throttle_link_renewal(subject: Order | Registration) -> None:
    """Count a replaced link, for its order or private place and for the address. Raise TooManyRequests."""
    consume_rate_limit(
        "renewals", subject.reference, limit=LINK_RENEWALS_PER_HOUR, window_seconds=HOUR_SECONDS
    )
    if subject.email:
        consume_rate_limit("renewals", subject.email, limit=MAILS_PER_HOUR, window_seconds=HOUR_SECONDS)


def throttle_erasure_request(address: str) -> None:
    """Count a request to be erased, which may send an e-mail to the address. Raise TooManyRequests."""
    consume_rate_limit(
        "erasures", address.casefold(), limit=LINK_RENEWALS_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def throttle_verification_mail(order: Order, address: str) -> None:
    """Count a verification mail that is sent again, for the order and the address. Raise TooManyRequests."""
    consume_rate_limit("renewals", order.reference, limit=LINK_RENEWALS_PER_HOUR, window_seconds=HOUR_SECONDS)
    consume_rate_limit(
        "mail", (address.strip() or order.email).casefold(), limit=MAILS_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def throttle_session_change(registration: Registration) -> None:
    """Count a change of session bookings: scanning devices fetch each of them. Raise TooManyRequests."""
    consume_rate_limit(
        "seats", registration.reference, limit=SESSION_CHANGES_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def throttle_colleague(company: Company, email: str) -> None:
    """Count a colleague whom a contact adds, and the mail to their address. Raise TooManyRequests."""
    consume_rate_limit("colleagues", company.slug, limit=COLLEAGUES_PER_HOUR, window_seconds=HOUR_SECONDS)
    consume_rate_limit("mail", email.strip().casefold(), limit=MAILS_PER_HOUR, window_seconds=HOUR_SECONDS)


def throttle_waiting_entry(address: str, network: str = "") -> None:
    """Count a request to wait, since each sends a mail to an address that is not verified.

    Counted by network too: each free place would be offered to invented addresses at the head of the list.
    Raise TooManyRequests.
    """
    consume_rate_limit("waits", address.strip(), limit=WAITING_ENTRIES_PER_HOUR, window_seconds=HOUR_SECONDS)
    if network:
        consume_rate_limit(
            "waits of network",
            network,
            limit=settings.UNVERIFIED_PLACES_PER_NETWORK,
            window_seconds=HOUR_SECONDS,
        )


def throttle_answer_file(*senders: str) -> None:
    """Count an uploaded file for each of its senders: a session, an address. Raise TooManyRequests."""
    for name in filter(None, senders):
        consume_rate_limit("files", name.strip(), limit=ANSWER_FILES_PER_HOUR, window_seconds=HOUR_SECONDS)


def throttle_network_files(network: str, *, size: int) -> None:
    """Count a file and its bytes for the network it comes from. Raise TooManyRequests."""
    if network:
        max_bytes = settings.STORAGE_CEILINGS["ANSWER_FILES_NETWORK_MB"] * BYTES_PER_MB
        consume_rate_limit(
            "files of network",
            network,
            limit=settings.STORAGE_CEILINGS["ANSWER_FILES_NETWORK_COUNT"],
            window_seconds=HOUR_SECONDS,
        )
        consume_rate_limit(
            "bytes of files of network", network, limit=max_bytes, window_seconds=HOUR_SECONDS, amount=size
        )


def throttle_draft(network: str, *, size: int = 0) -> None:
    """Count a new draft for its network, or the bytes of a large one. Raise TooManyRequests."""
    if not network:
        return
    # Large drafts are counted by their bytes with each change, small ones once, when they are new.
    if size:
        max_bytes = settings.STORAGE_CEILINGS["DRAFTS_NETWORK_MB"] * BYTES_PER_MB
        consume_rate_limit(
            "bytes of drafts of network", network, limit=max_bytes, window_seconds=HOUR_SECONDS, amount=size
        )
    else:
        consume_rate_limit(
            "drafts of network",
            network,
            limit=settings.STORAGE_CEILINGS["DRAFTS_NETWORK_COUNT"],
            window_seconds=HOUR_SECONDS,
        )


def throttle_quotation_mail(quotation: Quotation) -> None:
    """Count a mailed quotation, for itself and for the address. Raise TooManyRequests."""
    consume_rate_limit(
        "quotation", quotation.number, limit=LINK_RENEWALS_PER_HOUR, window_seconds=HOUR_SECONDS
    )
    consume_rate_limit(
        "mail", str(quotation.buyer["email"]).casefold(), limit=MAILS_PER_HOUR, window_seconds=HOUR_SECONDS
    )


def get_voucher_throttled(event: Event, code: str, *senders: str, network: str = "") -> Voucher | None:
    """Return the voucher with this code, or None. Raise TooManyRequests after too many wrong codes."""
    voucher = find_voucher(event, normalize_code(code))
    throttle_code_guesses(event, code, voucher, *senders, network=network)
    return voucher


def throttle_code_guesses(
    event: Event, code: str, voucher: Voucher | None, *senders: str, network: str = ""
) -> None:
    """Count a code for which no voucher was found, once for each browser, address or network that sends it.

    Raise TooManyRequests for a sender of too many of them, also if the next code is right.
    """
    code = normalize_code(code)
    limits = {f"{event.pk}:{sender.strip()}": WRONG_CODES_PER_HOUR for sender in senders if code and sender}
    if code and network:
        limits[f"{event.pk}:{network}"] = WRONG_CODES_PER_NETWORK
    # Right codes are refused too, or the refusals would tell which guess was right.
    for name, limit in limits.items():
        check_rate_limit("codes", name, limit=limit, window_seconds=HOUR_SECONDS)
    for name, limit in limits.items() if voucher is None else ():
        # A form that is sent again with the same wrong code is one guess.
        if not seconds_until_allowed("code", f"{name}:{code}", limit=1, window_seconds=HOUR_SECONDS):
            consume_rate_limit("codes", name, limit=limit, window_seconds=HOUR_SECONDS)
