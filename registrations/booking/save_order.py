"""Save orders with registrations, stock and mails: by one plain path, or by a fast one for usual orders."""

from collections import Counter
from collections.abc import Callable, Sequence

from django.db import transaction

from convention import hooks
from convention.club.models import Company
from convention.db.limited_stock import LimitedStock
from convention.events.sequence import advance_sequence
from registrations.inventory.stock import company_ticket_sort_key, reserve_company_share, reserve_items
from registrations.models import IdempotencyKey, Order, Registration, RegistrationAddon, Ticket
from registrations.questions.files import claim_answer_files, is_file_answer

from .fast_order import save_order_fast
from .order_booking import OrderBooking

BATCH_SIZE = 500


def save_order(booking: OrderBooking) -> None:
    """Save a booking, reserve its stock and queue its mails, or do nothing at all.

    Raise SoldOut or CompanyFull. Within a transaction the caller has to let it roll back then.
    """
    for registration in booking.registrations:
        registration.update_search_columns()
    if not save_order_fast(booking):
        save_order_plain(booking)


def save_order_plain(booking: OrderBooking) -> None:
    """Save any booking in one transaction, with the ORM."""
    save_bookings([booking], event_id=booking.order.event_id)


@transaction.atomic
def save_bookings(
    bookings: Sequence[OrderBooking], *, event_id: int, reserve: Callable[[], None] | None = None
) -> int:
    """Save bookings of one event, all or none, with the ORM; return the event's new sequence.

    `reserve` is called instead of reserving what the bookings need, where an action releases stock at once
    with it. Raise SoldOut or CompanyFull.
    """
    Order.objects.bulk_create([booking.order for booking in bookings], BATCH_SIZE)
    keys = [booking.idempotency_key for booking in bookings if booking.idempotency_key]
    for booking in bookings:
        if booking.idempotency_key:
            booking.idempotency_key.order = booking.order
        if booking.sends_mails:
            hooks.send_order_mails.enqueue(booking.order.pk)
    IdempotencyKey.objects.bulk_create(keys, BATCH_SIZE)
    # Everybody waits for the rows of the last places and for the event's sequence: they are locked last.
    if reserve:
        reserve()
    else:
        _reserve_stock(bookings)
    sequence = advance_sequence(event_id)
    _save_registrations(bookings, sequence)
    return sequence


def _reserve_stock(bookings: Sequence[OrderBooking]) -> None:
    shares = Counter[tuple[Ticket, Company]]()
    items = Counter[LimitedStock]()
    for booking in bookings:
        shares.update(booking.company_shares)
        items.update(booking.required_items)
    for (ticket, company), places in sorted(shares.items(), key=company_ticket_sort_key):
        reserve_company_share(ticket, company, places)
    reserve_items(items)


def _save_registrations(bookings: Sequence[OrderBooking], sequence: int) -> None:
    registrations = [registration for booking in bookings for registration in booking.registrations]
    for booking in bookings:
        for registration in booking.registrations:
            # Assigned again, now that the order has an id.
            registration.order, registration.sequence = booking.order, sequence
    Registration.objects.bulk_create(registrations, BATCH_SIZE)
    addons = [addon for booking in bookings for addon in booking.addons]
    RegistrationAddon.objects.bulk_create(addons, BATCH_SIZE)
    for registration in registrations:
        if any(map(is_file_answer, registration.answers.values())):
            claim_answer_files(registration)
