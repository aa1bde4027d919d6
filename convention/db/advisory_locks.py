"""Advisory locks, held until the transaction ends.

Take them first in a transaction, before any row is locked: otherwise two transactions may deadlock.
"""

import hashlib

from django.db import connection


def acquire_advisory_lock(name: str) -> None:
    """Wait for the lock of that name and hold it until the transaction ends.

    Does nothing on SQLite, where writing transactions run one after the other.
    """
    if connection.vendor == "postgresql":
        _call_lock_function("pg_advisory_xact_lock", name)


def acquire_shared_advisory_lock(name: str) -> None:
    """Hold the lock together with others who share it; `acquire_advisory_lock` waits for all of them."""
    if connection.vendor == "postgresql":
        _call_lock_function("pg_advisory_xact_lock_shared", name)


def _call_lock_function(function: str, name: str) -> None:
    # PostgreSQL names advisory locks by 64-bit numbers.
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
