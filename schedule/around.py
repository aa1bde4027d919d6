"""What stands around a session: its neighbours in the room and the track, and what it clashes with."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from .models import Session


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The sessions just before and after, in one room or one track."""

    before: Session | None
    after: Session | None


def around(session: Session) -> dict[str, Neighbours]:
    """Neighbours by "room" and "track", where the session has one and something stands there."""
    if session.starts_at is None:
        return {}
    places = {"room": session.room_id, "track": session.track_id}
    found = {name: neighbours(session, Q(**{name: pk})) for name, pk in places.items() if pk}
    return {name: pair for name, pair in found.items() if pair.before or pair.after}


def neighbours(session: Session, same: Q) -> Neighbours:
    """The nearest sessions by start, then by number."""
    others = Session.objects.filter(same, event_id=session.event_id, starts_at__isnull=False)
    others = others.only("guid", "title", "starts_at", "event__slug").select_related("event")
    at, number = session.starts_at, session.number
    before = others.filter(Q(starts_at__lt=at) | Q(starts_at=at, number__lt=number))
    after = others.filter(Q(starts_at__gt=at) | Q(starts_at=at, number__gt=number))
    return Neighbours(
        before.order_by("-starts_at", "-number").first(), after.order_by("starts_at", "number").first()
    )


def clashing(session: Session, chosen: Iterable[Session]) -> list[Session]:
    """The chosen sessions that run while this one does."""
    return [other for other in chosen if other.pk != session.pk and overlap(session, other)]


def overlap(one: Session, other: Session) -> bool:
    """Whether two sessions share a moment; touching is none, nor is being cancelled."""
    if one.cancelled_at or other.cancelled_at:
        return False
    if not (one.starts_at and one.ends_at and other.starts_at and other.ends_at):
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def clashes_among(sessions: list[Session]) -> dict[int, list[Session]]:
    """For each session, those of the same list that it clashes with."""
    return {session.pk: clashing(session, sessions) for session in sessions}
