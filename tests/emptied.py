"""Between two tests that commit, every row is deleted, and nothing else is done.

Django truncates all hundred and thirty tables and makes the permissions anew: half a second after each test,
several minutes in all. What migrating left there (types, permissions, a mark) is the same for all, and stays.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

from registrations.invoices import triggers

KEPT = {"django_content_type", "auth_permission", "registrations_salemark"}


class Recorder:
    """Takes statements down instead of running them."""

    def __init__(self) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        """Note one."""
        self.statements.append(statement)


def let_tests_be_emptied_quickly() -> None:
    """Put our way of emptying the database in the place of Django's."""
    TransactionTestCase._fixture_teardown = empty


def empty(_test: TransactionTestCase) -> None:
    """Delete all rows in one transaction."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletes = [f"DELETE FROM {connection.ops.quote_name(table)}" for table in sorted({*tables} - KEPT)]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in unguarded(deletes):
            cursor.execute(statement)


def unguarded(deletes: list[str]) -> list[str]:
    """The statements, with what makes the triggers let them pass; PostgreSQL takes them all in one."""
    if connection.vendor == "postgresql":
        return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])]
    without, again = Recorder(), Recorder()
    triggers.unprotect(None, without)
    triggers.protect(None, again)
    return [*without.statements, *deletes, *again.statements]
