"""Between two tests that commit, Django empties SQLite by DELETE: what triggers keep has to go too.

PostgreSQL is emptied by TRUNCATE, which fires none of them.
"""

from typing import Any

from django.db import connection
from django.db.backends.sqlite3 import base

from registrations.invoices import triggers


class Recorder:
    """Takes statements down instead of running them."""

    def __init__(self) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        """Note one."""
        self.statements.append(statement)


def let_tests_empty_sqlite() -> None:
    """Take the triggers away while the tables are emptied, and put them back."""
    operations = base.DatabaseOperations
    flush = operations.sql_flush

    def sql_flush(self: Any, *args: Any, **kwargs: Any) -> list[str]:
        without, again = Recorder(), Recorder()
        triggers.unprotect(None, without)
        triggers.protect(None, again)
        return [*without.statements, *flush(self, *args, **kwargs), *again.statements]

    operations.sql_flush = sql_flush
