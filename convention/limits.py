"""Where limits are counted: a file that the processes of this machine share, apart from what pages keep.

An ordinary cache pushes its oldest entries out when others bring many, and in memory each process counts for
itself: whoever is slowed down could bring many, or ask another process. Here an entry ends with its time
alone. The file needs no set-up and stands outside of every transaction: what was refused still counts. Where
CACHE_URL names a cache for several machines, limits are counted there instead.

No library does this with less: Django's own database cache counts in two statements, within the transaction
that a refusal takes back, and drops entries at random once there are many; `diskcache`, without a release
since 2023, would have to be kept from doing the last, unpickles what it finds, and where another process
writes for long it waits for ever or answers as if nothing were kept, so that nobody is slowed down.
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

limits = cast("BaseCache", ConnectionProxy(caches, "limits"))

SWEEP_EVERY: Final = 500
SWEPT_AT_ONCE: Final = 2000
PATIENCE: Final = 5
"""Seconds to wait for another process that writes."""

PREPARE: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS kept (
    name TEXT PRIMARY KEY, value TEXT NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kept_ends ON kept (ends);
"""
PUT: Final = """
INSERT INTO kept VALUES (:name, :value, :ends)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, ends = excluded.ends
"""
LIVING: Final = "name = :name AND ends > :now"
SET: Final = f"{PUT} RETURNING 1"
ADD: Final = f"{PUT} WHERE kept.ends <= :now RETURNING 1"
GET: Final = f"SELECT value FROM kept WHERE {LIVING}"  # noqa: S608 (our own words)
RAISE: Final = f"UPDATE kept SET value = value + :delta WHERE {LIVING} RETURNING value"  # noqa: S608 (our own words)
TOUCH: Final = f"UPDATE kept SET ends = :ends WHERE {LIVING} RETURNING 1"  # noqa: S608 (our own words)
DELETE: Final = f"DELETE FROM kept WHERE {LIVING} RETURNING 1"  # noqa: S608 (our own words)
SWEEP: Final = "DELETE FROM kept WHERE name IN (SELECT name FROM kept WHERE ends <= :now LIMIT :most)"
CLEAR: Final = "DELETE FROM kept"

opened = threading.local()


class LimitsFile(BaseCache):
    """Django's cache, in an SQLite file of its own; what is kept must be plain (JSON)."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.path = location

    def add(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> bool:
        """Keep it, unless something is kept under that name."""
        if not secrets.randbelow(SWEEP_EVERY):
            self._run(SWEEP, most=SWEPT_AT_ONCE)
        return bool(self._put(ADD, key, value, timeout, version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """What is kept under that name."""
        found = self._run(GET, name=self.make_key(key, version))
        return json.loads(str(found[0][0])) if found else default

    def set(
        self, key: Any, value: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None
    ) -> None:
        """Keep it in place of whatever was there."""
        self._put(SET, key, value, timeout, version)

    def touch(self, key: Any, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep it for longer."""
        return bool(self._run(TOUCH, name=self.make_key(key, version), ends=self._end(timeout)))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count, in one statement. Raises ValueError where nothing is kept."""
        found = self._run(RAISE, name=self.make_key(key, version), delta=delta)
        if not found:
            raise ValueError(key)
        return int(found[0][0])

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget it."""
        return bool(self._run(DELETE, name=self.make_key(key, version)))

    def clear(self) -> None:
        """Forget everything."""
        self._run(CLEAR)

    def _put(self, statement: str, key: Any, value: Any, timeout: float | None, version: int | None) -> Any:
        name, kept = self.make_key(key, version), json.dumps(value)
        return self._run(statement, name=name, value=kept, ends=self._end(timeout))

    def _end(self, timeout: float | None) -> float:
        end = self.get_backend_timeout(timeout)
        return float("inf") if end is None else end

    def _run(self, statement: str, **values: Any) -> list[Any]:
        """Run one statement. Raises OperationalError, as the database itself does when it is away."""
        try:
            return connect(self.path).execute(statement, {"now": time.time(), **values}).fetchall()
        except sqlite3.Error as error:
            raise OperationalError(f"limits: {error}") from error


def connect(path: str) -> sqlite3.Connection:
    """The connection of this thread to that file, made anew in a forked process."""
    kept: dict[tuple[str, int], sqlite3.Connection] = opened.__dict__.setdefault("files", {})
    place = (path, os.getpid())
    if place not in kept:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        made = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        made.executescript(PREPARE)
        kept[place] = made
    return kept[place]
