"""One member, one place, as PostgreSQL itself looks: for the one statement that books it (`booking.py`).

Each statement within the function sees what was committed before it, under the lock that the first one takes;
a statement that called for the lock by itself would go on with what it saw before it waited.
"""

from typing import Any

from django.db import connections

ONLY_PLACE = "only_place_of_member"
"""The constraint that a second place breaks, as the function says."""
FUNCTION = f"""
    CREATE OR REPLACE FUNCTION require_only_place(member bigint, at_event bigint, of_ticket bigint)
    RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        PERFORM FROM club_person WHERE id = member FOR NO KEY UPDATE;
        PERFORM FROM registrations_registration WHERE person_id = member AND event_id = at_event
            AND ticket_id = of_ticket AND confirmed_at IS NOT NULL AND cancelled_at IS NULL;
        IF FOUND THEN
            RAISE unique_violation USING CONSTRAINT = '{ONLY_PLACE}';
        END IF;
        RETURN true;
    END $$
"""


def define(*, using: str, **_kwargs: Any) -> None:
    """Give the database its function, after `migrate`."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(FUNCTION)
