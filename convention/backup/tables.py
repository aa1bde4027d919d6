"""The tables of this program as plain rows: how a value is written and read, where numbering goes on."""

import base64
import datetime
import decimal
import functools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor

from convention.secret_keys import fernet_for

from .rules import rule_of

PURPOSE = "backup"
CHUNK_ROWS, CHUNK_ROWS_WITH_FILES = 1000, 20
"""Rows read in one go."""
REMADE = {
    "django_content_type", "auth_permission", "django_session", "django_tasks_database_dbtaskresult",
    "convention_lease", "convention_round",
}  # fmt: skip
"""What a prepared database that nobody used yet holds too: restoring replaces it."""
JSON_TYPES: dict[type[models.Field[Any, Any]], tuple[type, ...]] = {
    models.BooleanField: (bool,), models.IntegerField: (int,), models.FloatField: (float, int),
}  # fmt: skip
"""As what a value of these fields is written; of any other, as text."""
WRITTEN_AS_IT_IS = (models.BooleanField, models.CharField, models.TextField, models.IntegerField)
type Convert = Callable[[Any], Any]


def tables() -> dict[str, type[models.Model]]:
    """Return the model of each table, by the table's name; but for what the database writes by itself."""
    found = {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and not hasattr(model, "WRITTEN_BY_TRIGGERS")
    }
    return dict(sorted(found.items()))


def columns(model: type[models.Model]) -> list[str]:
    """Return the names of a table's columns, in the order of its rows."""
    return [str(field.column) for field in model._meta.concrete_fields]


def chunk_rows(model: type[models.Model]) -> int:
    """Return how many rows are read at once: few where a row holds a whole file."""
    has_files = any(isinstance(field, models.BinaryField) for field in model._meta.concrete_fields)
    return CHUNK_ROWS_WITH_FILES if has_files else CHUNK_ROWS


def saved_rows(model: type[models.Model]) -> Iterator[list[Any]]:
    """Yield the rows that a backup takes of a table, by key, with what it takes of each column."""
    names = [field.attname for field in model._meta.concrete_fields]
    chosen: models.QuerySet[Any, Any] = models.QuerySet(model).filter(rule_of(model).only).order_by("pk")
    changes = dict(_changes(model))
    for values in chosen.values_list(*names).iterator(chunk_size=chunk_rows(model)):
        row = list(values)
        for index, change in changes.items():
            row[index] = None if row[index] is None else change(row[index])
        yield row


def _changes(model: type[models.Model]) -> Iterator[tuple[int, Convert]]:
    """Yield the places of columns that are saved otherwise than they stand, and what is saved of them."""
    rule = rule_of(model)
    for index, name in enumerate(columns(model)):
        if name in rule.emptied:
            yield index, lambda _value: ""
        elif name in rule.encrypted:
            yield index, encrypt


def encrypt(text: str) -> str:
    """Return the text as only a site with this SECRET_KEY reads it."""
    return fernet_for(PURPOSE).encrypt(text.encode()).decode()


def encode_row(row: list[Any]) -> bytes:
    """Return a row as a line of JSON."""
    return json.dumps(row, default=as_text, separators=(",", ":")).encode() + b"\n"


def as_text(value: Any) -> str:
    """Return as text what JSON has no type for; times to the microsecond."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, uuid.UUID | decimal.Decimal | datetime.timedelta):
        return str(value)
    raise TypeError(f"No way to write a {type(value).__name__} is known.")


class RowReader:
    """Makes what stands in a backup into what the database takes; counts in `replaced` what was lost."""

    def __init__(self, model: type[models.Model]) -> None:
        self.replaced = Counter[str]()
        encrypted = rule_of(model).encrypted
        self.converts = [
            self._decrypting(field, encrypted[name]) if name in encrypted else reader(field)
            for name, field in zip(columns(model), model._meta.concrete_fields, strict=True)
        ]

    def read(self, row: list[Any]) -> list[Any]:
        """Return the row's values for the database. Raises TypeError, ValueError or ValidationError."""
        return [convert(value) for convert, value in zip(self.converts, row, strict=True)]

    def _decrypting(self, field: "models.Field[Any, Any]", replace: Callable[[], str]) -> Convert:
        read = reader(field)

        def decrypted(value: Any) -> Any:
            if value is None:
                return None
            try:
                return read(fernet_for(PURPOSE).decrypt(value).decode())
            except InvalidToken:
                self.replaced[str(field.column)] += 1
                return read(replace())

        return decrypted


def reader(field: "models.Field[Any, Any]") -> Convert:
    """Return how a written value of this field becomes what the database takes."""
    kind: models.Field[Any, Any] = field
    while isinstance(kind, models.ForeignKey):
        kind = kind.target_field
    return functools.partial(_read, field, _types_of(kind), _conversion(kind))


def _types_of(kind: "models.Field[Any, Any]") -> tuple[type, ...]:
    if isinstance(kind, models.JSONField):
        return (object,)
    return next((types for one, types in JSON_TYPES.items() if isinstance(kind, one)), (str,))


def _conversion(kind: "models.Field[Any, Any]") -> Convert:
    if isinstance(kind, models.BinaryField):
        return functools.partial(base64.b64decode, validate=True)
    if isinstance(kind, models.DateTimeField):
        return _moment
    if isinstance(kind, (*WRITTEN_AS_IT_IS, models.JSONField)):
        return _as_it_is
    convert: Convert = kind.to_python
    return convert


def _read(field: "models.Field[Any, Any]", types: tuple[type, ...], convert: Convert, value: Any) -> Any:
    if value is None and not field.primary_key:  # of a key SQLite would make up one
        return None
    if types != (object,) and type(value) not in types:
        raise TypeError(f"{field.column}: {type(value).__name__}")
    return field.get_db_prep_save(convert(value), connection)


def _as_it_is(value: Any) -> Any:
    return value


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without its offset")
    return moment


def insertion(model: type[models.Model]) -> str:
    """Return the statement that adds one row."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(name) for name in columns(model))
    places = ", ".join(["%s"] * len(columns(model)))
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({places})"  # noqa: S608 (our own names)


def next_number(model: type[models.Model]) -> int | None:
    """Return the number that the next row will get; None where keys are not counted.

    It is saved so that the number of a row that was deleted is never given to another.
    """
    if not isinstance(model._meta.pk, models.AutoField):
        return None
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq + 1 FROM sqlite_sequence WHERE name = %s", [table])
            return int((cursor.fetchone() or (1,))[0])
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [f'"{table}"', model._meta.pk.column])
        cursor.execute(f"SELECT last_value + is_called::int FROM {cursor.fetchone()[0]}")  # noqa: S608 (a sequence)
        return int(cursor.fetchone()[0])


def number_from(model: type[models.Model], number: int) -> None:
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


def highest_number(model: type[models.Model]) -> int:
    """Return the highest number that a row's counted key can have."""
    assert model._meta.pk is not None
    _lowest, highest = connection.ops.integer_field_range(model._meta.pk.get_internal_type())
    return int(highest)


def migrations_of_program() -> dict[str, str]:
    """Return the last migration of each app, as this program has them."""
    return dict(sorted(MigrationExecutor(connection).loader.graph.leaf_nodes()))


def has_no_tables() -> bool:
    """Return whether nothing was ever prepared here."""
    return not connection.introspection.table_names()
