"""Load who booked which session, for schedule conflicts."""

from collections import defaultdict
from collections.abc import Iterable

from registrations.models import Registration, SessionBooking


def load_booked_attendees(event_ids: Iterable[int]) -> dict[int, set[str]]:
    """Return the attendees of active registrations by session that they booked: one query."""
    rows = SessionBooking.objects.active().filter(
        session__event__in=list(event_ids), registration__in=Registration.objects.active()
    )
    booked: dict[int, set[str]] = defaultdict(set)
    for session, registration in rows.order_by().values_list("session_id", "registration_id"):
        booked[session].add(f"registration-{registration}")
    return booked
