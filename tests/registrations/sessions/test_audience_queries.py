"""The query that loads the attendees who booked a session, for schedule conflicts."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.sessions.audiences import load_booked_attendees
from tests.factories import make_event, make_session

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's query plan")
def test_bookings_are_loaded_without_list_subquery():
    event = make_event()
    make_session(event)

    with CaptureQueriesContext(connection) as queries:
        load_booked_attendees([event.pk])

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {queries[0]['sql']}")
        plan = "\n".join(row[-1] for row in cursor.fetchall())
    assert "LIST SUBQUERY" not in plan
