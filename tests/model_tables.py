"""The database of tests: tables made from the models, in a tenth of the time that migrations take.

`tests/convention/db/test_migrations.py` compares it with what the migrations make.
"""

import contextlib
import sqlite3
from pathlib import Path

from django.apps import apps
from django.db import connection
from django.db.migrations import RunPython
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

PACKAGES = ("convention.", "registrations.", "badges.", "schedule.")


def complete_tables() -> None:
    """Run the functions of the project's own migrations, and record all migrations as applied."""
    migrations = MigrationLoader(connection).disk_migrations
    with connection.schema_editor() as editor:
        for migration in migrations.values():
            for operation in migration.operations:
                if isinstance(operation, RunPython) and operation.code.__module__.startswith(PACKAGES):
                    operation.code(apps, editor)
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    recorder.migration_qs.bulk_create(recorder.Migration(app=app, name=name) for app, name in migrations)


def save_sqlite(path: Path) -> None:
    """Store a copy of the SQLite database of this process."""
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)


def end_other_connections() -> None:
    """End what threads of tests left open: PostgreSQL does not delete a database that is in use."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
