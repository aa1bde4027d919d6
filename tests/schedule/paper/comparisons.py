"""Comparisons with an earlier version, for sheets that need one."""

from convention.events.models import Event
from schedule.paper.comparison import Comparison, PrintedChange


def make_comparison(event: Event, *, label: str = "Version 3") -> Comparison:
    """Return a comparison in which each session on the event's first day has changed, and each sign."""
    day = event.starts_at.date()
    sessions = list(event.sessions.select_related("room"))
    return Comparison(
        label,
        tuple(PrintedChange(day, row.title, ("déplacée",), row.title) for row in sessions),
        frozenset((day, row.room.name) for row in sessions if row.room),
    )
