"""The PostgreSQL backend: the connection check and timeouts."""

import psycopg
import pytest
from django.db import connection

from convention.db.wait_budget import wait_budget

only_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="It is the backend of PostgreSQL."
)


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_connection_ended_by_server_is_not_usable():
    connection.ensure_connection()

    assert connection.is_usable() is True

    pid = connection.connection.info.backend_pid
    with psycopg.connect(connection.connection.info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])

    assert connection.is_usable() is False

    connection.close()

    assert connection.is_usable() is False


def read_timeouts() -> tuple[str, str]:
    """Return the timeouts of a new connection."""
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        return cursor.fetchone()


@only_postgresql
@pytest.mark.django_db(transaction=True)
def test_connection_within_wait_budget_has_timeouts():
    with wait_budget(20):
        assert read_timeouts() == ("10s", "30s")
    assert read_timeouts() == ("0", "0")
