"""Run the hand-written SQL of the fast paths without the overhead of Django's cursors.

A cursor of Django costs as much as one of these statements, and the ORM's insert of many rows three times as
much as `insert_rows`. To remove this module, let the fast paths use `connection.cursor()` with values that
the models' fields convert, and insert rows by `bulk_create`. All functions raise Django's database errors.
"""

import datetime
import json
import re
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.expressions import Col

NAME_PATTERN = re.compile(r"%\((\w+)\)s")
# `%(name)s` and the type cast after it, which SQLite does not know.
PLACEHOLDER_PATTERN = re.compile(r"%\((\w+)\)s(?:::\w+)?")
# Those that SQLite stores in another form (see `adapt_value`).
ADAPTED_TYPES = ("timestamptz", "date", "uuid")


type ValueConverter = Callable[[Any], Any]
type DatabaseCursor = psycopg.Cursor[Any] | sqlite3.Cursor


def execute_statement(statement: str, values: dict[str, Any]) -> DatabaseCursor:
    """Run a statement written for PostgreSQL, with placeholders as `%(name)s::type`.

    psycopg prepares it on the connection when it is used often.
    """
    # `connection` looks up the thread's connection at each access.
    database = connections[DEFAULT_DB_ALIAS]
    # Django connects when a cursor is made through it, which is bypassed here.
    database.ensure_connection()
    with database.wrap_database_errors:
        if database.vendor == "sqlite":
            # A plain cursor skips Django's wrapper, which costs as much as the statement.
            cursor = sqlite3.Cursor(database.connection)
            return cursor.execute(convert_placeholders(statement), adapt_values(values))
        text, names = number_placeholders(statement)
        return psycopg.RawCursor(database.connection).execute(text, [values[name] for name in names])


def insert_rows(
    table: str, column_types: Mapping[str, str], rows: Sequence[dict[str, Any]], *, suffix: str = ""
) -> None:
    """Insert rows in one statement, as one JSON text on PostgreSQL: less than a third of the ORM's cost.

    `column_types` maps column names to PostgreSQL types; `suffix` is appended, such as an ON CONFLICT clause.
    """
    if not rows:
        return
    names = ", ".join(column_types)
    if connection.vendor == "postgresql":
        # The text of the statement is the same for any number of rows, so that it stays prepared. psycopg
        # would adapt an array for each column value by value, which takes six times as long.
        source = ", ".join(f"{name} {kind}" for name, kind in column_types.items())
        source = f"json_to_recordset(%(rows)s::json) AS source ({source})"
        statement = f"INSERT INTO {table} ({names}) SELECT {names} FROM {source} {suffix}"  # noqa: S608 (our names)
        execute_statement(statement, {"rows": json.dumps(rows, default=_encode_value)})
        return
    placeholders = ", ".join(f":{name}" for name in column_types)
    statement = f"INSERT INTO {table} ({names}) VALUES ({placeholders}) {suffix}"  # noqa: S608 (our own names)
    # The other types are stored as they are; asking each value would take as long as inserting it.
    adapted_names = [name for name, kind in column_types.items() if kind in ADAPTED_TYPES]
    adapted_rows = (row | {name: adapt_value(row[name]) for name in adapted_names} for row in rows)
    with connection.wrap_database_errors:
        sqlite3.Cursor(connection.connection).executemany(statement, adapted_rows)


def _encode_value(value: Any) -> str:
    match value:
        case datetime.datetime() | datetime.date():
            return value.isoformat()
        case uuid.UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} cannot be inserted as JSON")


@cache
def number_placeholders(statement: str) -> tuple[bytes, list[str]]:
    """Return the statement with the placeholders of PostgreSQL, `$1`, and their names in order.

    psycopg would parse the text at each call if it is long or has more than fifty values.
    """
    names = list(dict.fromkeys(NAME_PATTERN.findall(statement)))
    text = NAME_PATTERN.sub(lambda match: f"${names.index(match[1]) + 1}", statement)
    return text.encode(), names


@cache
def convert_placeholders(statement: str) -> str:
    """Return the statement with SQLite's placeholders, without types."""
    return PLACEHOLDER_PATTERN.sub(r":\1", statement)


def adapt_values(values: dict[str, Any]) -> dict[str, Any]:
    return {name: adapt_value(value) for name, value in values.items()}


def adapt_value(value: Any) -> Any:
    """Return the value as Django stores it in SQLite."""
    match value:
        case datetime.datetime():
            return connection.ops.adapt_datetimefield_value(value)
        case datetime.date():
            return value.isoformat()
        case uuid.UUID():
            # Django stores a UUID in SQLite as 32 hex digits without hyphens.
            return value.hex
    return value


def find_conversions(
    selected_columns: Iterable[tuple[type[models.Model], Iterable[str]]],
) -> list[tuple[int, ValueConverter]]:
    """Return index and converter of the cells that the database returns in another form."""
    fields = [
        {field.attname: field for field in model._meta.concrete_fields}[name]
        for model, names in selected_columns
        for name in names
    ]
    return [(index, convert) for index, field in enumerate(fields) for convert in _field_converters(field)]


def _field_converters(field: "models.Field[Any, Any]") -> Iterator[ValueConverter]:
    column = Col(field.model._meta.db_table, field)
    for convert in connection.ops.get_db_converters(column) + field.get_db_converters(connection):
        yield partial(_convert_value, convert, column)


# Converters of the ORM take the column and the connection too.
def _convert_value(convert: Any, column: Col, value: Any) -> Any:
    return convert(value, column, connection)
