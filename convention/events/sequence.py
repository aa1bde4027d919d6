"""The counter by which scanners fetch only the changes of an event since their last request."""

from django.db import connection


def advance_sequence(event_id: int) -> int:
    """Increase the event's sequence and return it; call it last in a transaction, then set it on the row.

    The update locks the event's row until the transaction ends, so rows become visible in their order.
    """
    # Raw SQL: the ORM's update does not return the new value.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event SET sequence = sequence + 1 WHERE id = %s RETURNING sequence",
            [event_id],
        )
        return int(cursor.fetchone()[0])
