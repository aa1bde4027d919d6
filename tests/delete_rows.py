"""Empty the database between tests that commit: delete all rows, and nothing else.

Django truncates all hundred and thirty tables and recreates the permissions: half a second after each test,
several minutes in all. Rows that migrations left (content types, permissions, a version) stay, since all
tests share them.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

from registrations.invoices import triggers

SHARED_TABLES = {"django_content_type", "auth_permission"}


class StatementRecorder:
    """Records statements instead of running them."""

    def __init__(self) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)


def flush_quickly() -> None:
    """Replace Django's way of emptying the database."""
    TransactionTestCase._fixture_teardown = lambda _test: delete_all_rows()


def delete_all_rows() -> None:
    """Delete the rows of all tables in one transaction."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletes = [
        f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted({*tables} - SHARED_TABLES)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in disable_triggers(deletes):
            cursor.execute(statement)


def disable_triggers(deletes: list[str]) -> list[str]:
    """Return the statements with triggers disabled; PostgreSQL gets all of them at once."""
    if connection.vendor == "postgresql":
        return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])]
    drops, installs = StatementRecorder(), StatementRecorder()
    triggers.drop_triggers(None, drops)
    triggers.install_triggers(None, installs)
    return [*drops.statements, *deletes, *installs.statements]
