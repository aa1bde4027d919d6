"""Whether this site can do its work, or what hinders it."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from .disk_space import database_folder, free_bytes
from .schema_version import migrations_wait
from .worker import worker_is_late

LEAST_ROOM = 50 * 1024 * 1024
"""Bytes that must be free beside an SQLite database."""
LEAST_LOCAL_ROOM = 1024 * 1024
"""Bytes that must be free in VAR_DIR, where limits and metrics are counted."""


def hindrance() -> str:
    """The first thing that keeps this site from working; "" where nothing does."""
    return next(hindrances(), "")


def hindrances() -> Iterator[str]:
    """What hinders, the database first."""
    connection.ensure_connection()
    if not takes_writes():
        yield "the database takes no writes"
    if not has_room():
        yield "the disk of the database is full"
    if free_bytes(settings.VAR_DIR) < LEAST_LOCAL_ROOM:
        yield "the disk of VAR_DIR is full"
    if migrations_wait():
        yield "migrations wait: run manage.py migrate"
    if not has_static_files():
        yield "style sheets are missing: run manage.py collectstatic"
    if worker_is_late(at=timezone.now()):
        yield "tasks wait and no worker takes them"


def takes_writes() -> bool:
    """PostgreSQL may be a standby or read-only, SQLite's file somebody else's."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        return not Path(name).exists() or os.access(name, os.W_OK)
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        return bool(cursor.fetchone() == ("off",))


def has_room() -> bool:
    """Whether SQLite can grow; what PostgreSQL's disk holds is for its own watch."""
    folder = database_folder()
    return folder is None or free_bytes(folder) > LEAST_ROOM


def has_static_files() -> bool:
    """Whether they were collected, where pages cannot do without."""
    return not settings.PRODUCTION or (settings.STATIC_ROOT / "staticfiles.json").exists()
