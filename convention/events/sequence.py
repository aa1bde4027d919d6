"""The event's sequence: raised last, under its row lock, by every act that changes what a scanner shows."""

from django.db import connection


def next_sequence(event_id: int) -> int:
    """Raise the event's sequence and return it; call it last in the transaction, then stamp the row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event SET sequence = sequence + 1 WHERE id = %s RETURNING sequence",
            [event_id],
        )
        return int(cursor.fetchone()[0])
