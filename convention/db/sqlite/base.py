"""The database backend that the settings choose for an SQLite DATABASE_URL.

SQLite lets one connection write at a time. One that finds it busy sleeps and polls, longer each time, while
others overtake: under load some wait for a tenth of a second. Here writers wait in a queue beside the
database (`write_queue.py`). SQLite's own lock still protects the file from programs that do not know of the
queue.

Both waits together are limited by the option `timeout`, and within a request by its budget
(`convention/db/wait_budget.py`).

Lookups that ignore case do so for all letters, as on PostgreSQL; SQLite alone knows only those of ASCII.
"""

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from django.db import OperationalError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations

from convention.db.wait_budget import limit_wait

from .write_queue import WriteQueue, get_write_queue

WRITE_KEYWORDS = ("INSERT", "UPDATE", "DELETE", "REPLACE")
CASEFOLDED_LOOKUPS: Final = ("iexact", "icontains", "istartswith", "iendswith")
OPERATORS: Final = {
    **base.DatabaseWrapper.operators,
    **dict.fromkeys(CASEFOLDED_LOOKUPS, r"LIKE CASEFOLD(%s) ESCAPE '\'"),
}
# For a pattern that is itself an expression.
PATTERN_OPERATORS: Final = {
    lookup: pattern.replace("UPPER(", "CASEFOLD(")
    for lookup, pattern in base.DatabaseWrapper.pattern_ops.items()
}
# The default of Python's sqlite3.
DEFAULT_TIMEOUT_SECONDS: Final = 5.0
MIN_TIMEOUT_CHANGE_SECONDS: Final = 1.0


class QueuedCursor(base.SQLiteCursorWrapper):
    """Queues each single writing statement outside a transaction."""

    def __init__(self, wrapper: "DatabaseWrapper", connection: Any) -> None:
        super().__init__(connection)
        self.wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        with self._queued(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        with self._queued(query):
            return super().executemany(query, param_list)

    def _queued(self, query: str) -> contextlib.AbstractContextManager[None]:
        writes_alone = self.wrapper.autocommit and query.lstrip()[:7].upper().startswith(WRITE_KEYWORDS)
        return self.wrapper.queue_single_write() if writes_alone else contextlib.nullcontext()


def casefold_value(value: Any) -> str | None:
    """Return the text, of a number too, with its case folded; None for NULL."""
    return None if value is None else str(value).casefold()


class CasefoldingOperations(DatabaseOperations):
    """Folds the case of the column in lookups that ignore it."""

    def lookup_cast(self, lookup_type: str, internal_type: str | None = None) -> str:
        """Return the column's expression for a lookup; "%s" stands for the column."""
        if lookup_type in CASEFOLDED_LOOKUPS:
            return "CASEFOLD(%s)"
        return super().lookup_cast(lookup_type, internal_type)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's backend with queued writers, and with lookups that ignore the case of all letters."""

    ops_class = CasefoldingOperations
    operators = OPERATORS
    pattern_ops = PATTERN_OPERATORS
    # Set while this connection is at the head of the queue.
    _held_queue: WriteQueue | None = None

    @property
    def has_write_lock(self) -> bool:
        """Return whether this connection is at the head of the queue."""
        return self._held_queue is not None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that has the function of these lookups."""
        connection = super().get_new_connection(conn_params)
        connection.create_function("CASEFOLD", 1, casefold_value, deterministic=True)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        """Return a cursor whose single writing statements wait in the queue."""
        return self.connection.cursor(factory=partial(QueuedCursor, self))

    @contextlib.contextmanager
    def queue_single_write(self) -> Iterator[None]:
        """Hold the queue's lock for one statement."""
        try:
            with self._waiting_to_write():
                yield
        finally:
            self._leave_queue()

    @contextlib.contextmanager
    def _waiting_to_write(self) -> Iterator[None]:
        """Reach the head of the queue, then let SQLite wait for its own lock in the remaining time."""
        timeout = float(self.settings_dict["OPTIONS"].get("timeout", DEFAULT_TIMEOUT_SECONDS))
        with limit_wait(timeout) as seconds:
            started_at = time.monotonic()
            self._enter_queue(seconds)
            remaining_seconds = seconds - (time.monotonic() - started_at)
            # Setting the timeout costs a statement, for each write.
            if timeout - remaining_seconds < MIN_TIMEOUT_CHANGE_SECONDS:
                yield
                return
            self._set_busy_timeout(max(remaining_seconds, 0.0))
            try:
                yield
            finally:
                self._set_busy_timeout(timeout)

    def _enter_queue(self, seconds: float) -> None:
        if self.is_in_memory_db() or self._held_queue:
            return
        try:
            queue = get_write_queue(f"{self.settings_dict['NAME']}-queue")
        except OSError:  # another user's file, or no space for it: SQLite's own lock is enough
            return
        if not queue.acquire(seconds):
            raise OperationalError("database is locked: others write for too long")
        self._held_queue = queue

    def _leave_queue(self) -> None:
        if self._held_queue:
            queue, self._held_queue = self._held_queue, None
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

    def _commit(self) -> None:  # if it fails, `_rollback` follows
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
