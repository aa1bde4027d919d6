"""Turns: what one transaction at a time may do, each after the other; all others go on meanwhile.

A turn is taken first in its transaction, before any row is locked, so that nobody waits in a ring.
"""

import hashlib

from django.db import connection


def take_turn(name: str) -> None:
    """Wait for the turn of that name and keep it until the transaction ends.

    On SQLite a transaction that writes is alone from its beginning.
    """
    if connection.vendor == "postgresql":
        _lock("pg_advisory_xact_lock", name)


def share_turn(name: str) -> None:
    """Go on together with all who share the turn of that name; whoever takes it waits for them."""
    if connection.vendor == "postgresql":
        _lock("pg_advisory_xact_lock_shared", name)


def _lock(function: str, name: str) -> None:
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [number])
