"""Empty the database between tests that commit: delete all rows, and nothing else.

Django truncates all hundred and thirty tables and recreates the permissions: half a second after each test,
several minutes in all. Rows that migrations left (content types, permissions, a version) stay, since all
tests share them.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

from registrations.invoices import triggers

KEPT = {"django_content_type", "auth_permission"}


class Recorder:
    """Records statements instead of running them."""

    def __init__(self) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        self.statements.append(statement)


def flush_quickly() -> None:
    """Replace Django's way of emptying the database."""
    TransactionTestCase._fixture_teardown = empty


def empty(_test: TransactionTestCase) -> None:
    """Delete all rows in one transaction."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletes = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted({*tables} - KEPT)]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in unguarded(deletes):
            cursor.execute(statement)


def unguarded(deletes: list[str]) -> list[str]:
    """Return the statements with triggers disabled; PostgreSQL gets all of them at once."""
    if connection.vendor == "postgresql":
        return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])]
    without, again = Recorder(), Recorder()
    triggers.drop_triggers(None, without)
    triggers.install_triggers(None, again)
    return [*without.statements, *deletes, *again.statements]
