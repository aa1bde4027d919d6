"""Statements composed once instead of at every call: composing costs the ORM more than running them.

They serve the rush, when thousands want the last places at once, and do what the ORM's would do.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.db import connection, models

from convention.events.models import Event

from .models import Ticket


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
    """Add rows of one model, and give them their keys."""
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(rows[0]), len(rows)), [v for row in rows for v in values_of(row)])
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            stored(row, key)


def stored(row: models.Model, key: Any) -> None:
    """Note that the row stands in the database now, under that key."""
    row.pk = key
    row._state.adding = False


def values_of(row: models.Model, besides: tuple[str, ...] = ()) -> list[Any]:
    """What is written of a row, but for its key and some columns."""
    fields = fields_of(type(row), besides)
    return [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@cache
def fields_of(model: type[models.Model], besides: tuple[str, ...] = ()) -> list[Any]:
    """The columns that an insertion writes: all but an automatic key, and but for some."""
    written = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.AutoField)]
    return [field for field in written if field.column not in besides]


@cache
def _insertion(model: type[models.Model], rows: int) -> str:
    marks = ", ".join(["%s"] * len(fields_of(model)))
    groups = ", ".join([f"({marks})"] * rows)
    return f"INSERT INTO {target(model)} VALUES {groups} RETURNING {model._meta.pk.column}"  # noqa: S608 (our names)


@cache
def insertion_from(model: type[models.Model], source: str, **given: str) -> str:
    """An insertion whose values are marks, but for columns given as expressions over what `source` names."""
    columns = tuple(given)
    marks = ", ".join(["%s"] * len(fields_of(model, columns)) + list(given.values()))
    return f"INSERT INTO {target(model, columns)} SELECT {marks} FROM {source}"  # noqa: S608 (our names)


def target(model: type[models.Model], last: tuple[str, ...] = ()) -> str:
    """The table and its columns, some of them last."""
    names = [field.column for field in fields_of(model, last)] + list(last)
    return f"{model._meta.db_table} ({', '.join(names)})"
