"""The database backend that the settings choose for a PostgreSQL DATABASE_URL."""

import select

from django.db.backends.postgresql import base

from convention.db.wait_budget import has_wait_budget

# For connections of requests: neither thread nor visitor waits for longer. Just-in-time compilation takes up
# to a second for each execution, more than it saves in the statements of requests.
REQUEST_SETTINGS_SQL = """SELECT set_config('lock_timeout', '10s', false),
    set_config('statement_timeout', '30s', false), set_config('jit', 'off', false)"""


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's backend with another connection check and with timeouts for requests."""

    def init_connection_state(self) -> None:
        """Set timeouts on connections of requests and switch JIT off; tasks and commands may take long."""
        super().init_connection_state()
        if has_wait_budget() and self.connection is not None:
            self.connection.execute(REQUEST_SETTINGS_SQL)
            self.connection.commit()

    def is_usable(self) -> bool:
        """Return whether the connection works, normally without a query: a closed socket is readable.

        A readable socket may also hold a notice, so the server is queried in that case.
        """
        if self.connection is None or self.connection.closed:
            return False
        # Django would run SELECT 1 before the first query of each request.
        poller = select.poll()
        poller.register(self.connection.fileno(), select.POLLIN)
        return super().is_usable() if poller.poll(0) else True
