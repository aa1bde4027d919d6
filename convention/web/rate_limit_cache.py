"""Storage of rate limit counters: an SQLite file shared by this machine's processes, apart from the page
cache.

An ordinary cache evicts its oldest entries when others add many, and a memory cache counts for each process
alone: a throttled client could exploit both. Here an entry only expires by time. The file needs no set-up and
is outside of every transaction, so that refused requests still count. If CACHE_URL names a shared cache,
counters are stored there.

Alternatives: Django's database cache counts in two statements, within the transaction that a refusal rolls
back, and evicts entries at random. `diskcache`, without a release since 2023, evicts too, unpickles its
content, and while another process writes for long it blocks, or acts as if it were empty, so that nobody is
throttled.
"""

import json
import os
import secrets
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any, Final, cast

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import OperationalError
from django.utils.connection import ConnectionProxy

limits_cache = cast("BaseCache", ConnectionProxy(caches, "limits"))

# On average; a sweep deletes more rows than are added between two of them.
ADDS_PER_SWEEP: Final = 500
MAX_ROWS_SWEPT: Final = 2000
# Time to wait for another process that writes.
BUSY_TIMEOUT_SECONDS: Final = 5

PREPARE_SQL: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS entries (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS entries_by_expiry ON entries (expires_at);
"""
PUT_SQL: Final = """
INSERT INTO entries VALUES (:name, :value, :expires_at)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
"""
UNEXPIRED_SQL: Final = "name = :name AND expires_at > :now"
SET_SQL: Final = f"{PUT_SQL} RETURNING 1"
ADD_SQL: Final = f"{PUT_SQL} WHERE entries.expires_at <= :now RETURNING 1"
GET_SQL: Final = f"SELECT value FROM entries WHERE {UNEXPIRED_SQL}"  # noqa: S608 (our own words)
INCREMENT_SQL: Final = f"UPDATE entries SET value = value + :delta WHERE {UNEXPIRED_SQL} RETURNING value"  # noqa: S608 (our own words)
TOUCH_SQL: Final = f"UPDATE entries SET expires_at = :expires_at WHERE {UNEXPIRED_SQL} RETURNING 1"  # noqa: S608 (our own words)
DELETE_SQL: Final = f"DELETE FROM entries WHERE {UNEXPIRED_SQL} RETURNING 1"  # noqa: S608 (our own words)
SWEEP_SQL: Final = (
    "DELETE FROM entries WHERE name IN (SELECT name FROM entries WHERE expires_at <= :now LIMIT :max_rows)"
)
CLEAR_SQL: Final = "DELETE FROM entries"

thread_connections = threading.local()


class LimitsFileCache(BaseCache):
    """A Django cache in an SQLite file; values must be JSON."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.path = location

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        if not secrets.randbelow(ADDS_PER_SWEEP):
            self._run(SWEEP_SQL, max_rows=MAX_ROWS_SWEPT)
        return bool(self._put(ADD_SQL, key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        rows = self._run(GET_SQL, name=self.make_key(key, version))
        return json.loads(str(rows[0][0])) if rows else default

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        self._put(SET_SQL, key, value, timeout, version)

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(
            self._run(TOUCH_SQL, name=self.make_key(key, version), expires_at=self._expires_at(timeout))
        )

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Increment in one statement. Raise ValueError if there is no such entry."""
        rows = self._run(INCREMENT_SQL, name=self.make_key(key, version), delta=delta)
        if not rows:
            raise ValueError(key)
        return int(rows[0][0])

    def delete(self, key: Any, version: int | None = None) -> bool:
        return bool(self._run(DELETE_SQL, name=self.make_key(key, version)))

    def clear(self) -> None:
        self._run(CLEAR_SQL)

    def _put(self, statement: str, key: Any, value: Any, timeout: float | None, version: int | None) -> Any:
        name, encoded = self.make_key(key, version), json.dumps(value)
        return self._run(statement, name=name, value=encoded, expires_at=self._expires_at(timeout))

    def _expires_at(self, timeout: float | None) -> float:
        end = self.get_backend_timeout(timeout)
        return float("inf") if end is None else end

    def _run(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement. Raise OperationalError like the database itself."""
        try:
            return (
                open_limits_connection(self.path)
                .execute(statement, {"now": time.time(), **values})
                .fetchall()
            )
        except sqlite3.Error as error:
            raise OperationalError(f"limits: {error}") from error


def open_limits_connection(path: str) -> sqlite3.Connection:
    """Return this thread's connection to the file; a forked process gets a new one."""
    connections: dict[tuple[str, int], sqlite3.Connection] = thread_connections.__dict__.setdefault(
        "files", {}
    )
    # SQLite's connections must not be carried over a fork.
    key = (path, os.getpid())
    if key not in connections:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            # Autocommit: each statement is a transaction. No check of threads: a connection may be closed by
            # another thread, which collects it as garbage.
            path,
            timeout=BUSY_TIMEOUT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.executescript(PREPARE_SQL)
        connections[key] = connection
    return connections[key]
