"""Find the sessions around a session: before and after it in room and track, and in conflict with it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from schedule.models import ProgrammeAudience, Session

from .days import do_spans_overlap


@dataclass(frozen=True, slots=True)
class SessionNeighbours:
    """The sessions just before and after, in one room or track."""

    before: Session | None
    after: Session | None


def find_neighbours(session: Session, *, audience: ProgrammeAudience) -> dict[str, SessionNeighbours]:
    """Return neighbours by "room" and "track", where there are any."""
    if session.starts_at is None:
        return {}
    column_values = {"room": session.room_id, "track": session.track_id}
    neighbours = {
        name: find_adjacent_sessions(session, Q(**{name: pk}), audience)
        for name, pk in column_values.items()
        if pk
    }
    return {name: pair for name, pair in neighbours.items() if pair.before or pair.after}


def find_adjacent_sessions(session: Session, same_place: Q, audience: ProgrammeAudience) -> SessionNeighbours:
    """Return the nearest sessions by start, then by number.

    Parallel sessions share a start: the number makes the order total, so that following the links skips none.
    """
    published = Session.objects.published(audience=audience)
    others = published.filter(same_place, event_id=session.event_id)
    # What a link needs, without the long texts.
    others = others.only("guid", "title", "starts_at", "event__slug").select_related("event")
    starts_at, number = session.starts_at, session.number
    before = others.filter(Q(starts_at__lt=starts_at) | Q(starts_at=starts_at, number__lt=number))
    after = others.filter(Q(starts_at__gt=starts_at) | Q(starts_at=starts_at, number__gt=number))
    return SessionNeighbours(
        before.order_by("-starts_at", "-number").first(), after.order_by("starts_at", "number").first()
    )


def find_conflicting_sessions(session: Session, chosen_sessions: Iterable[Session]) -> list[Session]:
    """Return the chosen sessions that overlap with this one."""
    return [
        other for other in chosen_sessions if other.pk != session.pk and do_sessions_overlap(session, other)
    ]


def do_sessions_overlap(session: Session, other: Session) -> bool:
    """Return whether two sessions overlap; touching or cancelled ones do not."""
    if session.cancelled_at or other.cancelled_at:
        return False
    if not (session.starts_at and session.ends_at and other.starts_at and other.ends_at):
        return False
    return do_spans_overlap(session.starts_at, session.ends_at, other.starts_at, other.ends_at)


def map_conflicting_sessions(sessions: list[Session]) -> dict[int, list[Session]]:
    """Return, for each session, those of the same list that overlap with it."""
    return {session.pk: find_conflicting_sessions(session, sessions) for session in sessions}
