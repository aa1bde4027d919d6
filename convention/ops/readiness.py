"""Check whether the site can do its work."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from convention.db.schema_version import has_pending_migrations
from convention.disk_space import database_folder, free_bytes
from convention.tasks.worker import is_worker_late

# Free space that an SQLite database needs.
MIN_DATABASE_BYTES = 50 * 1024 * 1024
# Free space that VAR_DIR needs, for rate limits and metrics.
MIN_LOCAL_BYTES = 1024 * 1024


def find_readiness_problem() -> str:
    """Return the first problem that keeps the site from working, or ""."""
    return next(iterate_readiness_problems(), "")


def iterate_readiness_problems() -> Iterator[str]:
    """Yield all problems, the database first."""
    connection.ensure_connection()
    if not accepts_writes():
        yield "the database takes no writes"
    if not has_database_space():
        yield "the disk of the database is full"
    if free_bytes(settings.VAR_DIR) < MIN_LOCAL_BYTES:
        yield "the disk of VAR_DIR is full"
    if has_pending_migrations():
        yield "migrations wait: run manage.py migrate"
    if not has_static_files():
        yield "style sheets are missing: run manage.py collectstatic"
    if is_worker_late(at=timezone.now()):
        yield "tasks wait and no worker takes them"


def accepts_writes() -> bool:
    """Return whether the database is writable: a PostgreSQL may be a standby, a file read-only."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return not Path(name).exists() or os.access(name, os.W_OK)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("off",))


def has_database_space() -> bool:
    """Return whether the SQLite file can grow; PostgreSQL's disk is monitored on its own server."""
    folder = database_folder()
    return folder is None or free_bytes(folder) > MIN_DATABASE_BYTES


def has_static_files() -> bool:
    """Return whether static files are collected, if this mode needs that."""
    return not settings.PRODUCTION or (settings.STATIC_ROOT / "staticfiles.json").exists()
