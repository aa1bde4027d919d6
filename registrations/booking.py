"""Write an order whole or not at all; the counters that everybody waits for come last.

PostgreSQL does it in one statement, which is the fastest safe way measured: locks on the ticket and the
event are held for a moment only. SQLite has one writer at a time, who says as little as can be. What is
rarer goes step by step in a transaction.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

from django.db import connection, transaction

from convention.counters import Counted
from convention.events.sequence import next_sequence
from convention.tasks import enqueue, waiting_task

from .answer_files import claim_files, is_file
from .models import IdempotencyKey, Order, Registration, Ticket
from .places import sold_out, take, take_share
from .statements import insert, insertion_from, kept_cursor, stored, values_of

FROM_ORDER = {"order_id": "ordered.id"}
FROM_COUNTERS = {"order_id": "ordered.id", "sequence": "raised.sequence"}
WITH_ARGUMENT = {
    "args_kwargs": "jsonb_build_object('args', jsonb_build_array(ordered.id), 'kwargs', '{}'::jsonb)"
}
PLACE = """
    UPDATE registrations_ticket SET taken = taken + %s
    WHERE id = %s AND (capacity IS NULL OR taken + %s <= capacity) RETURNING id
"""
COUNTERS = f"""
WITH place AS ({PLACE}), raised AS (
    UPDATE events_event SET sequence = sequence + 1
    WHERE id = %s AND EXISTS (SELECT 1 FROM place) RETURNING sequence
)"""  # noqa: S608 (our own words)


@dataclass(frozen=True)
class Booking:
    """An order with its registrations, none of them stored yet, and the key it came with, if any.

    `besides` counts what else they take that can run out.
    """

    order: Order
    registrations: list[Registration]
    key: IdempotencyKey | None = None
    besides: Mapping[Counted, int] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether there is one counter to raise: one ticket, and no company's share."""
        tickets = {registration.ticket_id for registration in self.registrations}
        if self.besides or any(map(is_file, self._answers())):
            return False
        return len(tickets) == 1 and all(r.takes_place and not r.member_of_id for r in self.registrations)

    def _answers(self) -> Iterator[object]:
        return chain.from_iterable(r.answers.values() for r in self.registrations)


def write(booking: Booking) -> None:
    """Store a booking and queue its mail. Raises SoldOut or CompanyFull, and then nothing is stored."""
    for registration in booking.registrations:
        registration.make_findable()
    task = waiting_task("CONFIRMATION_TASK")
    if not task or not booking.is_plain:
        _write_in_steps(booking)
    elif connection.vendor == "postgresql":
        _write_at_once(booking, task)
    else:
        _write_alone(booking, task)


@transaction.atomic
def _write_in_steps(booking: Booking) -> None:
    order, registrations = booking.order, booking.registrations
    insert([order])
    for registration in registrations:
        registration.order = order
    insert(registrations)
    for registration in registrations:
        if any(map(is_file, registration.answers.values())):
            claim_files(registration)
    if booking.key:
        booking.key.order = order
        booking.key.save()
    enqueue("CONFIRMATION_TASK", order.pk)
    for registration in registrations:
        if registration.member_of:
            take_share(registration.ticket, registration.member_of)
    tickets = Counter(registration.ticket for registration in registrations if registration.takes_place)
    take(dict(booking.besides) | dict(tickets))
    sequence = next_sequence(order.event_id)
    Registration.objects.filter(order=order).update(sequence=sequence)


@transaction.atomic
def _write_alone(booking: Booking, task: Any) -> None:
    """The same in as few words as can be, where one writer at a time is let in anyway."""
    order, registrations = booking.order, booking.registrations
    _take_place(registrations[0].ticket, len(registrations))
    sequence = next_sequence(order.event_id)
    insert([order])
    for registration in registrations:
        registration.order, registration.sequence = order, sequence
    insert(registrations)
    if booking.key:
        booking.key.order = order
        insert([booking.key])
    task.args_kwargs = {"args": [order.pk], "kwargs": {}}
    insert([task])


def _take_place(ticket: Ticket, places: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(PLACE, [places, ticket.pk, places])
        if cursor.fetchone() is None:
            raise sold_out(ticket)


def _write_at_once(booking: Booking, task: Any) -> None:
    """One statement; where it finds no place it stores nothing."""
    order, registrations = booking.order, booking.registrations
    ticket, places = registrations[0].ticket, len(registrations)
    values = [places, ticket.pk, places, order.event_id, *values_of(order)]
    for registration in registrations:
        values += values_of(registration, tuple(FROM_COUNTERS))
    if booking.key:
        values += values_of(booking.key, tuple(FROM_ORDER))
    values += values_of(task, tuple(WITH_ARGUMENT))
    # A repeated key fails the statement: the caller's transaction, if there is one, must survive that.
    within = booking.key and connection.in_atomic_block
    guard = transaction.atomic() if within else contextlib.nullcontext()
    with guard, kept_cursor() as cursor:
        statement = _statement(places, type(booking.key), type(task))  # type: ignore[arg-type] # hashable they are
        cursor.execute(statement, values)
        row = cursor.fetchone()
    if row is None:
        raise sold_out(ticket)
    stored(order, row[0])
    for registration, key in zip(registrations, row[1:], strict=True):
        registration.order = order
        stored(registration, key)


@cache
def _statement(places: int, key: type, task: Any) -> str:
    """Places, sequence, order, registrations, key and task in one go, each from what came before."""
    parts = [f"ordered AS ({insertion_from(Order, 'raised')} RETURNING id)"]
    registration = insertion_from(Registration, "ordered, raised", **FROM_COUNTERS)
    names = [f"registered{number}" for number in range(places)]
    parts += [f"{name} AS ({registration} RETURNING id)" for name in names]
    if key is IdempotencyKey:
        parts.append(f"keyed AS ({insertion_from(IdempotencyKey, 'ordered', **FROM_ORDER)})")
    parts.append(f"queued AS ({insertion_from(task, 'ordered', **WITH_ARGUMENT)})")
    ids = ", ".join(f"{name}.id" for name in ["ordered", *names])
    body = ",\n".join([COUNTERS, *parts])
    return f"{body}\nSELECT {ids} FROM {', '.join(['ordered', *names])}"
