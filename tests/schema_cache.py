"""A migrated, empty database, stored between runs: migrating takes 13 seconds in each process.

An SQLite file is copied; on PostgreSQL a dump is read, if `pg_dump` is there to write one. Remove with the
fixtures `stored_schema`, `django_db_keepdb` and `django_db_setup` in `tests/conftest.py`.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import django
from django.apps import apps
from django.contrib.auth.management import _get_all_permissions
from django.db import connection

from registrations.invoices import triggers


@contextlib.contextmanager
def one_process_at_a_time(folder: Path) -> Iterator[None]:
    """Let one process of the suite migrate, while the others wait for what it stores."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def can_store_schema() -> bool:
    """Return whether this database can be stored here."""
    return connection.vendor == "sqlite" or shutil.which("pg_dump") is not None


def find_schema(folder: Path) -> Path:
    """Return the path, in that folder, for the database that the current migrations make."""
    return folder / f"{calculate_digest()[:16]}.{connection.vendor}"


def calculate_digest() -> str:
    """Return a digest of all that decides what `migrate` makes."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    digest.update(Path(triggers.__file__).read_bytes())
    for model in apps.get_models():  # rows of content types and permissions
        digest.update(f"{model._meta.label} {_get_all_permissions(model._meta)}".encode())
    return digest.hexdigest()


def save_schema(path: Path) -> None:
    """Store the database of this process, which has just been migrated; remove those of older migrations."""
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    (save_sqlite if connection.vendor == "sqlite" else dump_postgresql)(unfinished)
    for older in path.parent.glob(f"*{path.suffix}"):
        older.unlink(missing_ok=True)
    unfinished.replace(path)


def save_sqlite(path: Path) -> None:
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)


def dump_postgresql(path: Path) -> None:
    made = connection.settings_dict
    subprocess.run(
        ["pg_dump", "--no-owner", "--inserts", "--rows-per-insert=500", f"--file={path}"],
        env={
            **os.environ, "PGHOST": made["HOST"], "PGPORT": str(made["PORT"]), "PGUSER": made["USER"],
            "PGPASSWORD": made["PASSWORD"], "PGDATABASE": made["NAME"],
        },
        check=True,
    )  # fmt: skip


def restore_schema(path: Path) -> None:
    """Make the test database of this process from the stored one."""
    name = connection.creation._get_test_db_name()
    if connection.vendor == "sqlite":
        copy_schema(path, Path(name))
        return
    restore_postgresql(path, name)


def restore_postgresql(path: Path, name: str) -> None:
    """Make a database of that name from the stored one."""
    quoted = connection.ops.quote_name(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        cursor.execute(f"CREATE DATABASE {quoted}")
    lines = path.read_text().splitlines(keepends=True)
    # Lines that begin with a backslash are psql's.
    statements = "".join(line for line in lines if not line.startswith("\\"))
    parameters = {**connection.get_connection_params(), "dbname": name}
    with contextlib.closing(connection.get_new_connection(parameters)) as restored:
        restored.execute(statements)
        restored.commit()


def copy_schema(path: Path, database: Path) -> None:
    """Make an SQLite database from the stored one."""
    database.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, database)


def end_other_connections() -> None:
    """End what threads of tests left open: PostgreSQL does not delete a database that is in use."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
