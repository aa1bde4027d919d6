"""A migrated, empty SQLite database, stored between runs: migrating takes 13 seconds in each process.

Remove with the fixtures `django_db_modify_db_settings` and `django_db_keepdb` in `tests/conftest.py`.
"""

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

import django
from django.apps import apps
from django.contrib.auth.management import _get_all_permissions
from django.db import connection

from registrations.invoices import triggers


def find_schema(folder: Path) -> Path:
    """Return the path, in that folder, for the database that the current migrations make."""
    return folder / f"{calculate_digest()[:16]}.sqlite3"


def calculate_digest() -> str:
    """Return a digest of all that decides what `migrate` makes."""
    digest = hashlib.sha256(f"{django.VERSION} {sqlite3.sqlite_version}".encode())
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path, "migrations").glob("*.py")):
            digest.update(path.read_bytes())
    digest.update(Path(triggers.__file__).read_bytes())
    for model in apps.get_models():  # rows of content types and permissions
        digest.update(f"{model._meta.label} {_get_all_permissions(model._meta)}".encode())
    return digest.hexdigest()


def save_schema(path: Path) -> None:
    """Store the database of this process, which has just been migrated; forget those of older migrations."""
    connection.ensure_connection()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{id(connection)}.part")
    with contextlib.closing(sqlite3.connect(unfinished)) as copy:
        connection.connection.backup(copy)
    for older in path.parent.glob("*.sqlite3"):
        older.unlink(missing_ok=True)
    unfinished.replace(path)


def copy_schema(path: Path, database: Path) -> None:
    """Begin with a copy of the stored database."""
    database.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, database)
