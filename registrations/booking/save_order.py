"""Save orders with registrations, stock and mails: by one plain path, or by a fast one for usual orders."""

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence

from django.db import connection, transaction

from convention import hooks
from convention.club.models import Company
from convention.db.limited_stock import LimitedStock
from convention.events.sequence import advance_sequence_unless_cancelled
from registrations.inventory.stock import company_ticket_sort_key, reserve_company_share, reserve_items
from registrations.models import IdempotencyKey, Order, Registration, RegistrationAddon, Ticket
from registrations.questions.files import claim_answer_files, is_file_answer

from .fast_order import FastPathFailed, save_order_fast
from .prepared_order import PreparedOrder

BATCH_SIZE = 500


def save_order(prepared: PreparedOrder) -> None:
    """Save an order, reserve its stock and queue its mails, or do nothing at all.

    Raise SoldOut, CompanyFull, or NotOpenNow if the event was cancelled since it was read. Within a
    transaction the caller has to let it roll back then.
    """
    # Without the savepoint a violated constraint would also end the caller's transaction.
    savepoint = transaction.atomic() if connection.in_atomic_block else contextlib.nullcontext()
    try:
        with savepoint:
            is_saved = save_order_fast(prepared)
    except FastPathFailed:
        is_saved = False
    if not is_saved:
        save_order_plain(prepared)


def save_order_without_savepoint(prepared: PreparedOrder) -> None:
    """Save an order as `save_order` in the caller's transaction, with two statements less.

    Raise FastPathFailed too: then the caller has to roll back and to begin again with `save_order_plain`.
    """
    if not save_order_fast(prepared):
        save_order_plain(prepared)


def save_order_plain(prepared: PreparedOrder) -> None:
    """Save any order in one transaction, with the ORM."""
    save_orders([prepared], event_id=prepared.order.event_id)


@transaction.atomic
def save_orders(
    prepared_orders: Sequence[PreparedOrder], *, event_id: int, reserve: Callable[[], None] | None = None
) -> int:
    """Save orders of one event, all or none, with the ORM; return the event's new sequence.

    `reserve` is called instead of reserving what the orders need, for actions that release other stock in the
    same step. Raise SoldOut, CompanyFull, or NotOpenNow if the event was cancelled meanwhile.
    """
    Order.objects.bulk_create([prepared.order for prepared in prepared_orders], BATCH_SIZE)
    keys = [prepared.idempotency_key for prepared in prepared_orders if prepared.idempotency_key]
    for prepared in prepared_orders:
        if prepared.idempotency_key:
            prepared.idempotency_key.order = prepared.order
        if prepared.sends_mails:
            hooks.send_order_mails.enqueue(prepared.order.pk)
    IdempotencyKey.objects.bulk_create(keys, BATCH_SIZE)
    # Concurrent orders wait for the rows of the last places and of the event, so these are locked last.
    if reserve:
        reserve()
    else:
        _reserve_stock(prepared_orders)
    sequence = advance_sequence_unless_cancelled(event_id)
    _save_registrations(prepared_orders, sequence)
    return sequence


def _reserve_stock(prepared_orders: Sequence[PreparedOrder]) -> None:
    shares = Counter[tuple[Ticket, Company]]()
    items = Counter[LimitedStock]()
    for prepared in prepared_orders:
        shares.update(prepared.company_shares)
        items.update(prepared.required_items)
    for (ticket, company), places in sorted(shares.items(), key=company_ticket_sort_key):
        reserve_company_share(ticket, company, places)
    reserve_items(items)


def _save_registrations(prepared_orders: Sequence[PreparedOrder], sequence: int) -> None:
    registrations = [registration for prepared in prepared_orders for registration in prepared.registrations]
    for prepared in prepared_orders:
        for registration in prepared.registrations:
            # Assigned again, now that the order has an id.
            registration.order, registration.sequence = prepared.order, sequence
    Registration.objects.bulk_create(registrations, BATCH_SIZE)
    addons = [addon for prepared in prepared_orders for addon in prepared.addons]
    RegistrationAddon.objects.bulk_create(addons, BATCH_SIZE)
    for registration in registrations:
        if any(map(is_file_answer, registration.answers.values())):
            claim_answer_files(registration)
