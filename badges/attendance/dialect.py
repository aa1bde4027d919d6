"""Our own statements, run as each database takes them, apart from Django's own cursors.

All raise Django's database errors.
"""

import datetime
import re
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from django.db import connection

from registrations.statements import adapted

MARK = re.compile(r"%\((\w+)\)s(?:::\w+)?")

type Cursor = psycopg.Cursor[Any] | sqlite3.Cursor


def run(statement: str, values: dict[str, Any]) -> Cursor:
    """Run a statement written for PostgreSQL, with marks as `%(name)s::kind`; it is kept prepared."""
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            return sqlite3.Cursor(raw).execute(for_sqlite(statement), all_stored(values))
        return psycopg.Cursor(raw).execute(statement, values)


def add_rows(
    table: str, kinds: Mapping[str, str], rows: Sequence[dict[str, Any]], *, ending: str = ""
) -> None:
    """Insert rows in one statement, on PostgreSQL a column at a time: a third of the ORM's cost.

    `kinds` names the columns, each with its kind.
    """
    if not rows:
        return
    names, source = ", ".join(kinds), ", ".join(f"%({name})s::{kind}[]" for name, kind in kinds.items())
    if connection.vendor == "postgresql":
        statement = f"INSERT INTO {table} ({names}) SELECT * FROM unnest({source}) {ending}"  # noqa: S608 (our names)
        run(statement, {name: [row[name] for row in rows] for name in kinds})
        return
    marks = ", ".join(f":{name}" for name in kinds)
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks}) {ending}"  # noqa: S608 (our own names)
    with connection.wrap_database_errors:
        sqlite3.Cursor(connection.connection).executemany(statement, map(all_stored, rows))


@cache
def for_sqlite(statement: str) -> str:
    """The same with SQLite's marks; it takes values of any kind."""
    return MARK.sub(r":\1", statement)


def all_stored(values: dict[str, Any]) -> dict[str, Any]:
    """Values by name as Django's models store them in SQLite."""
    return {name: stored(value) for name, value in values.items()}


def stored(value: Any) -> Any:
    """One of them."""
    match value:
        case datetime.datetime():
            return adapted(value)
        case datetime.date():
            return value.isoformat()
        case uuid.UUID():
            return value.hex
    return value
