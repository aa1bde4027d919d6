"""A PostgreSQL function that checks the member limit within the statement that saves the order.

Each statement inside the function sees what was committed before it started, so that the check sees
everything committed before its lock was granted. A statement that took the lock itself would go on with its
snapshot from before the wait.
"""

from typing import Any

from django.db import connections

# The function reports a second place as a violation of this name.
MEMBER_LIMIT_CONSTRAINT = "single_place_of_member"
MEMBER_LIMIT_FUNCTION_SQL = f"""
    CREATE OR REPLACE FUNCTION require_single_place(member bigint, at_event bigint, of_ticket bigint)
    RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        PERFORM FROM club_person WHERE id = member FOR NO KEY UPDATE;
        PERFORM FROM registrations_registration WHERE person_id = member AND event_id = at_event
            AND ticket_id = of_ticket AND confirmed_at IS NOT NULL AND cancelled_at IS NULL;
        IF FOUND THEN
            RAISE unique_violation USING CONSTRAINT = '{MEMBER_LIMIT_CONSTRAINT}';
        END IF;
        RETURN true;
    END $$
"""


def create_function(*, using: str, **_kwargs: Any) -> None:
    """Create or replace the function, after `migrate`."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(MEMBER_LIMIT_FUNCTION_SQL)
