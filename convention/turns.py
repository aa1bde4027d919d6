"""Turns: what one transaction at a time may do, each after the other; all others go on meanwhile.

A turn is taken first in its transaction, before any row is locked, so that nobody waits in a ring.
"""

import hashlib

from django.db import connection


def take_turn(name: str) -> None:
    """Wait for the turn of that name and keep it until the transaction ends.

    On SQLite a transaction that writes is alone from its beginning.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
