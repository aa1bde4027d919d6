"""The statements of the rush, when thousands want the last places at once.

Composing a statement costs the ORM more than the database needs to run it. These few are composed once;
they do what `bulk_create`, `Ticket.objects.filter(...).update(...)` and `next_sequence` would do.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from convention.events.models import Event
from convention.events.sequence import next_sequence

from .models import Registration, Ticket
from .places import sold_out, take

COUNT_AND_STAMP = """
WITH place AS (
    UPDATE registrations_ticket SET taken = taken + %(places)s
    WHERE id = %(ticket)s AND (capacity IS NULL OR taken + %(places)s <= capacity)
    RETURNING id
), raised AS (
    UPDATE events_event SET sequence = sequence + 1
    WHERE id = %(event)s AND EXISTS (SELECT 1 FROM place)
    RETURNING sequence
)
UPDATE registrations_registration SET sequence = raised.sequence
FROM raised WHERE order_id = %(order)s
"""


def event_by_slug(slug: str) -> Event | None:
    """The event with that address."""
    return next(iter(Event.objects.raw("SELECT * FROM events_event WHERE slug = %s", [slug])), None)


def tickets_named(event: Event, slugs: Collection[str]) -> list[Ticket]:
    """Those of the event's tickets that have one of these slugs."""
    if not slugs:
        return []
    marks = ", ".join(["%s"] * len(slugs))
    query = f"SELECT * FROM registrations_ticket WHERE event_id = %s AND slug IN ({marks})"  # noqa: S608 (marks)
    tickets = list(Ticket.objects.raw(query, [event.pk, *slugs]))
    for ticket in tickets:
        ticket.event = event
    return tickets


def insert(rows: Sequence[models.Model]) -> None:
    """Add rows of one model and give them their keys, in one statement."""
    values = [_value(field, row) for row in rows for field in _fields(type(rows[0]))]
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(rows[0]), len(rows)), values)
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
            row._state.adding = False


def _value(field: Any, row: models.Model) -> Any:
    return field.get_db_prep_save(field.pre_save(row, add=True), connection)


@cache
def _fields(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.local_concrete_fields if not isinstance(field, models.AutoField)]


@cache
def _insertion(model: type[models.Model], rows: int) -> str:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in _fields(model))
    group = f"({', '.join(['%s'] * len(_fields(model)))})"
    table, key = quote(model._meta.db_table), quote(str(model._meta.pk.column))
    groups = ", ".join([group] * rows)
    return f"INSERT INTO {table} ({columns}) VALUES {groups} RETURNING {key}"  # noqa: S608 (names of ours)


def count_and_stamp(wanted: Mapping[Ticket, int], *, event_id: int, order_id: int) -> None:
    """Take the places, raise the event's sequence and stamp the order's registrations with it.

    These rows are everybody's, so this comes last; PostgreSQL does it in one round trip, since the locks
    are held until commit. Raises SoldOut.
    """
    if connection.vendor == "postgresql" and len(wanted) == 1:
        [(ticket, places)] = wanted.items()
        names = {"places": places, "ticket": ticket.pk, "event": event_id, "order": order_id}
        with connection.cursor() as cursor:
            cursor.execute(COUNT_AND_STAMP, names)
            if not cursor.rowcount:
                raise sold_out(ticket)
        return
    take(wanted)
    sequence = next_sequence(event_id)
    Registration.objects.filter(order=order_id).update(sequence=sequence)
