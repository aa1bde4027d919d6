"""Save an order with its registrations, stock and mail."""

from django.db import transaction

from convention import hooks
from convention.events.sequence import advance_sequence
from registrations.inventory.stock import company_ticket_sort_key, reserve_company_share, reserve_items
from registrations.models import Registration, RegistrationAddon
from registrations.questions.files import claim_answer_files, is_file_answer

from .fast_order import save_order_fast
from .order_booking import OrderBooking


def save_order(booking: OrderBooking) -> None:
    """Save a booking, reserve its stock and queue its mails, or do nothing at all.

    Raise SoldOut or CompanyFull. Within a transaction the caller has to let it roll back then.
    """
    for registration in booking.registrations:
        registration.update_search_columns()
    if not save_order_fast(booking):
        save_order_plain(booking)


@transaction.atomic
def save_order_plain(booking: OrderBooking) -> None:
    """Save any booking in one transaction, with the ORM."""
    order, registrations = booking.order, booking.registrations
    order.save(force_insert=True)
    if booking.idempotency_key:
        booking.idempotency_key.order = order
        booking.idempotency_key.save(force_insert=True)
    hooks.send_order_mails.enqueue(order.pk)
    for (ticket, company), places in sorted(booking.company_shares.items(), key=company_ticket_sort_key):
        reserve_company_share(ticket, company, places)
    # Everybody waits for the rows of the last places and for the event's sequence: they are locked last.
    reserve_items(booking.required_items)
    sequence = advance_sequence(order.event_id)
    for registration in registrations:
        registration.order, registration.sequence = order, sequence
    Registration.objects.bulk_create(registrations)
    RegistrationAddon.objects.bulk_create(booking.addons)
    for registration in registrations:
        if any(map(is_file_answer, registration.answers.values())):
            claim_answer_files(registration)
