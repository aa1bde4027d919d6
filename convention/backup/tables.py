"""The tables of this program as plain rows: how a value is written and read, where numbering goes on."""

import base64
import datetime
import decimal
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

AT_ONCE = 1000
"""Rows read or written in one go."""
REMADE = {
    "django_content_type", "auth_permission", "django_session", "django_tasks_database_dbtaskresult",
    "convention_lease", "convention_round",
}  # fmt: skip
"""What a prepared database that nobody used yet holds too: restoring replaces it."""
NATIVE = (models.BooleanField, models.CharField, models.TextField, models.IntegerField, models.JSONField)
type Row = list[Any]


def tables() -> dict[str, type[models.Model]]:
    """The model of each table, by the table's name; but for what the database writes by itself."""
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not hasattr(model, "WRITTEN_BY_TRIGGERS")
    }
    return dict(sorted(found.items()))


def columns(model: type[models.Model]) -> list[str]:
    """The names of a table's columns, in the order of its rows."""
    return [str(field.column) for field in model._meta.concrete_fields]


def rows(model: type[models.Model]) -> Iterator[tuple[Any, ...]]:
    """Every row by its key, a few at a time in memory."""
    names = [field.attname for field in model._meta.concrete_fields]
    everything: models.QuerySet[Any, Any] = models.QuerySet(model).order_by("pk")
    return everything.values_list(*names).iterator(chunk_size=AT_ONCE)


def written(row: tuple[Any, ...]) -> bytes:
    """A row as a line of JSON."""
    return json.dumps(row, default=as_text, separators=(",", ":")).encode() + b"\n"


def as_text(value: Any) -> str:
    """What JSON has no type for; times to the microsecond."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal | datetime.timedelta):
        return str(value)
    raise TypeError(f"No way to write a {type(value).__name__} is known.")


def reader(field: "models.Field[Any, Any]") -> Callable[[Any], Any]:
    """How a written value of this field becomes what the database takes."""
    kind: models.Field[Any, Any] = field
    while isinstance(kind, models.ForeignKey):
        kind = kind.target_field
    read: Callable[[Any], Any] = kind.to_python
    if isinstance(kind, models.BinaryField):
        read = base64.b64decode
    elif isinstance(kind, NATIVE) and not isinstance(kind, models.UUIDField):
        read = identity
    return lambda value: None if value is None else field.get_db_prep_save(read(value), connection)


def identity[T](value: T) -> T:
    """The value as it is."""
    return value


def insertion(model: type[models.Model]) -> str:
    """The statement that adds one row."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns(model))
    places = ", ".join(["%s"] * len(columns(model)))
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 (our own names)


def next_number(model: type[models.Model]) -> int | None:
    """The number the next row will get; None where keys are not counted.

    Kept so that the number of a row that was deleted is never given to another.
    """
    if not isinstance(model._meta.pk, models.AutoField):
        return None
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq + 1 FROM sqlite_sequence WHERE name = %s", [table])
            return (cursor.fetchone() or (1,))[0]
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
        cursor.execute(f"SELECT last_value + is_called::int FROM {cursor.fetchone()[0]}")  # noqa: S608 (a sequence)
        return cursor.fetchone()[0]


def count_on(model: type[models.Model], number: int) -> None:
    """Number the next row so, or after the last one where that is higher."""
    assert model._meta.pk is not None
    highest = models.QuerySet(model).aggregate(highest=models.Max("pk"))["highest"] or 0
    number = max(number, highest + 1)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number - 1])
        else:
            sequence = [f'"{table}"', model._meta.pk.column, number]
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s, false)", sequence)


def migrations_of_program() -> dict[str, str]:
    """The last migration of each app, as this program has them."""
    return dict(sorted(MigrationExecutor(connection).loader.graph.leaf_nodes()))


def has_no_tables() -> bool:
    """Whether nothing was ever prepared here."""
    return not connection.introspection.table_names()
