"""The database backend named in the settings where DATABASE_URL is a PostgreSQL."""

import select
from functools import cache
from itertools import count
from typing import Any

import psycopg
from django.db.backends.postgresql import base

from convention.wait_budget import has_wait_budget

LIMITS = "SELECT set_config('lock_timeout', '10s', false), set_config('statement_timeout', '30s', false)"
"""For connections on which visitors wait: the thread and the visitor are free again after that time."""


class KeptCursor(psycopg.RawCursor[Any]):
    """Lets the server keep each statement prepared: for long ones that are run often, with the same text.

    A statement with marks (`%s`) is numbered once; psycopg's other cursors would read it again at every call,
    since it is longer than what they remember.
    """

    def execute(self, query: Any, params: Any = None, **kwargs: Any) -> "KeptCursor":
        """Run it; the first time on a connection it is also prepared."""
        super().execute(numbered(query), params, prepare=True, **kwargs)
        return self


@cache
def numbered(query: str) -> bytes:
    """The statement with `$1`, `$2` and so on for its marks."""
    first, *others = query.split("%s")
    return (first + "".join(f"${n}{part}" for n, part in zip(count(1), others, strict=False))).encode()


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for how a connection is looked at before its first use in a request, and limits."""

    def init_connection_state(self) -> None:
        """Limit waits and statements on a connection made for a request; tasks and commands may take long."""
        super().init_connection_state()
        if has_wait_budget() and self.connection is not None:
            self.connection.execute(LIMITS)
            self.connection.commit()

    def is_usable(self) -> bool:
        """Whether the server is there, told without asking it: one that left has closed the socket.

        What can be read while nothing was asked is either that end or a notice; then the server is asked.
        """
        if self.connection is None or self.connection.closed:
            return False
        looked = select.poll()
        looked.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if looked.poll(0) else True

    def kept_cursor(self) -> Any:
        """A cursor that prepares what it runs; counted and shown like any other."""
        self.close_if_health_check_failed()
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(  # type: ignore[attr-defined] # it is Django's, untold
                KeptCursor(self.connection)
            )
