"""The database backend named in the settings where DATABASE_URL is a file of SQLite.

SQLite lets one write at a time. Whoever finds it busy sleeps and looks again, longer each time, while others
pass: under a rush some wait for a tenth of a second. Here writers wait for a lock on a file beside the
database, whose queue the kernel keeps: the next goes on as soon as it is free, and who dies lets go. SQLite's
own lock still stands beneath, for whoever comes another way.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from functools import partial
from io import FileIO
from typing import Any

from django.db.backends.sqlite3 import base

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class QueuedCursor(base.SQLiteCursorWrapper):
    """A statement that writes by itself, outside a transaction, waits for its turn."""

    def __init__(self, wrapper: "DatabaseWrapper", connection: Any) -> None:
        super().__init__(connection)
        self.wrapper = wrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """Run it."""
        with self._turn(query):
            return super().execute(query, params)

    def executemany(self, query: str, param_list: Any) -> Any:
        """Run it for each of these."""
        with self._turn(query):
            return super().executemany(query, param_list)

    def _turn(self, query: str) -> contextlib.AbstractContextManager[None]:
        alone = self.wrapper.autocommit and query.lstrip()[:7].upper().startswith(WRITES)
        return self.wrapper.turn() if alone else contextlib.nullcontext()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for how writers wait."""

    has_turn = False
    _queue: FileIO | None = None

    def create_cursor(self, name: str | None = None) -> Any:
        """A cursor whose statements wait for their turn where they write."""
        return self.connection.cursor(factory=partial(QueuedCursor, self))

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until nobody else writes, and keep others waiting."""
        self._take_turn()
        try:
            yield
        finally:
            self._end_turn()

    def _take_turn(self) -> None:
        if self.is_in_memory_db():
            return
        with contextlib.suppress(OSError):  # somebody else's, or no room for it: SQLite's own lock is enough
            self._queue = self._queue or FileIO(f"{self.settings_dict['NAME']}-queue", opener=_open_to_lock)
            fcntl.flock(self._queue, fcntl.LOCK_EX)
            self.has_turn = True

    def _end_turn(self) -> None:
        if self._queue and self.has_turn:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
            self.has_turn = False

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc] # it is Django's, untold
        except BaseException:
            self._end_turn()
            raise

    def _commit(self) -> None:  # where it fails, what follows is `_rollback`
        super()._commit()  # type: ignore[misc] # it is Django's, untold
        self._end_turn()

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc] # it is Django's, untold
        finally:
            self._end_turn()

    def _close(self) -> None:
        try:
            super()._close()  # type: ignore[misc] # it is Django's, untold
        finally:
            self._end_turn()
            if self._queue:
                self._queue.close()
                self._queue = None


def _open_to_lock(path: str, flags: int) -> int:
    """Made where it is not there yet; to wait by it, one need not be who made it."""
    return os.open(path, flags | os.O_CREAT, 0o644)
