"""Statements with named marks, run as each database takes them, apart from Django's own cursors."""

import datetime
import re
import sqlite3
import uuid
from functools import cache
from typing import Any

import psycopg
from django.db import connection

from registrations.statements import adapted

PREPARED_AFTER = 2
MARK = re.compile(r"%\((\w+)\)s(?:::\w+)?")

type Cursor = psycopg.Cursor[Any] | sqlite3.Cursor


def run(statement: str, values: dict[str, Any]) -> Cursor:
    """Run a statement written for PostgreSQL, with marks as `%(name)s::kind`; it is kept prepared.

    Raises the errors of the database's own package.
    """
    connection.ensure_connection()
    raw = connection.connection
    if connection.vendor == "sqlite":
        return sqlite3.Cursor(raw).execute(for_sqlite(statement), {k: stored(v) for k, v in values.items()})
    raw.prepare_threshold = PREPARED_AFTER
    return psycopg.Cursor(raw).execute(statement, values)


@cache
def for_sqlite(statement: str) -> str:
    """The same with SQLite's marks; it takes values of any kind."""
    return MARK.sub(r":\1", statement)


def stored(value: Any) -> Any:
    """A value as Django's models store it in SQLite."""
    match value:
        case datetime.datetime():
            return adapted(value)
        case datetime.date():
            return value.isoformat()
        case uuid.UUID():
            return value.hex
    return value
