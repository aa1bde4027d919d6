"""The database backend named in the settings where DATABASE_URL is a file of SQLite.

SQLite lets one connection write at a time. One that finds it busy sleeps and looks again, longer each time,
while others pass: under a rush some wait for a tenth of a second. Here writers wait in a queue beside the
database (`write_queue.py`). SQLite's own lock still protects the file from programs that do not know of it.

The wait for both together is limited by the option `timeout`, and within a request by its budget
(`convention/wait_budget.py`).
"""

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.db import OperationalError
from django.db.backends.sqlite3 import base

from convention.wait_budget import limited_wait

from .write_queue import WriteQueue, write_queue

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
DEFAULT_TIMEOUT_SECONDS: Final = 5.0
"""SQLite's library has the same."""


class QueuedCursor(base.SQLiteCursorWrapper):
    """A statement that writes by itself, outside a transaction, waits in the queue."""

    def __init__(self, wrapper: "DatabaseWrapper", connection: Any) -> None:
        super().__init__(connection)
        self.wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """Run it."""
        with self._queued(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run it for each of these."""
        with self._queued(query):
            return super().executemany(query, param_list)

    def _queued(self, query: str) -> contextlib.AbstractContextManager[None]:
        writes_alone = self.wrapper.autocommit and query.lstrip()[:7].upper().startswith(WRITES)
        return self.wrapper.write_alone() if writes_alone else contextlib.nullcontext()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for how writers wait."""

    _queue: WriteQueue | None = None
    """Set while this connection is at the head of it."""

    @property
    def has_write_lock(self) -> bool:
        """Whether other writers wait for this connection."""
        return self._queue is not None

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor whose statements wait in the queue where they write by themselves."""
        return self.connection.cursor(factory=partial(QueuedCursor, self))

    @contextlib.contextmanager
    def write_alone(self) -> Iterator[None]:
        """Hold the lock for one statement."""
        try:
            with self._waiting_to_write():
                yield
        finally:
            self._leave_queue()

    @contextlib.contextmanager
    def _waiting_to_write(self) -> Iterator[None]:
        """Reach the head of the queue, then let SQLite wait for its own lock as long as is left."""
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT_SECONDS))
        with limited_wait(timeout) as seconds:
            began = time.monotonic()
            self._enter_queue(seconds)
            left = seconds - (time.monotonic() - began)
            if timeout - left < 1:
                yield
                return
            self._set_busy_timeout(max(left, 0.0))
            try:
                yield
            finally:
                self._set_busy_timeout(timeout)

    def _enter_queue(self, seconds: float) -> None:
        if self.is_in_memory_db() or self._queue:
            return
        try:
            queue = write_queue(f"{self.settings_dict['NAME']}-queue")
        except OSError:  # another user's, or no room for it: SQLite's own lock is enough
            return
        if not queue.acquire(seconds):
            raise OperationalError("database is locked: others write for too long")
        self._queue = queue

    def _leave_queue(self) -> None:
        if self._queue:
            queue, self._queue = self._queue, None
            queue.release()

    def _set_busy_timeout(self, seconds: float) -> None:
        self.connection.execute(f"PRAGMA busy_timeout = {round(1000 * seconds)}")

    def _start_transaction_under_autocommit(self) -> None:
        try:
            with self._waiting_to_write():
                super()._start_transaction_under_autocommit()  # type: ignore[misc] # Django's, without a stub
        except BaseException:
            self._leave_queue()
            raise

    def _commit(self) -> None:  # where it fails, what follows is `_rollback`
        super()._commit()  # type: ignore[misc] # Django's, without a stub
        self._leave_queue()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc] # Django's, without a stub
        finally:
            self._leave_queue()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc] # Django's, without a stub
        finally:
            self._leave_queue()
