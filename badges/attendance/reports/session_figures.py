"""Count who came to each session, who booked and did not come, and how full its room was.

Sessions without a checkpoint have no figures. Counts come from presences, by their indexes, so that the
number of scans does not matter.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from badges.attendance.scanning.presence_store import filter_still_inside
from registrations.models import Registration, RegistrationQuerySet, SessionBooking

from .headcount import count_presences

if TYPE_CHECKING:
    from convention.events.models import Event
    from schedule.models import Session


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """Counts of one session; `mean_minutes` is of the `stay_count` attendees who were scanned out."""

    session: "Session"
    checkpoint: Checkpoint
    arrived_count: int
    inside_count: int
    booked_count: int
    booked_arrived_count: int
    stay_count: int
    mean_minutes: int | None
    has_started: bool

    @property
    def no_show_count(self) -> int | None:
        """Return how many booked and did not come; None without bookings, or before the session."""
        if not self.session.is_bookable or not self.has_started:
            return None
        return self.booked_count - self.booked_arrived_count

    @property
    def places(self) -> int | None:
        """Return the smallest limit of checkpoint, session and room; None if no limit is known."""
        room = self.session.room
        limits = (self.checkpoint.capacity, self.session.capacity, room.capacity if room else None)
        return min((limit for limit in limits if limit), default=None)

    @property
    def fill_percent(self) -> int | None:
        return round(100 * self.arrived_count / self.places) if self.places else None


@dataclass(frozen=True, slots=True)
class RoomFigures:
    """The fill rate of a room: the mean over its sessions that have begun, and the fullest session."""

    name: str
    session_count: int
    mean_percent: int
    fullest: SessionFigures


def load_session_figures(event: "Event", *, at: datetime.datetime | None = None) -> list[SessionFigures]:
    """Return the figures of each session with a checkpoint, in the order of the programme."""
    now = at or timezone.now()
    presences = Presence.objects.filter(checkpoint=OuterRef("pk"))
    checkpoints = (
        Checkpoint.objects.filter(event=event, session__isnull=False, session__cancelled_at__isnull=True)
        .select_related("session__room")
        .annotate(came=count_presences(presences.entered()))
        .annotate(inside=count_presences(presences.filter(filter_still_inside(at=now))))
        .order_by(F("session__starts_at").asc(nulls_last=True), "session__number", "pk")
    )
    stays, bookings = _load_stays(event), _load_bookings(event)
    return [
        _make_figures(checkpoint, stays.get(checkpoint.pk), bookings.get(checkpoint.session_id or 0), now)
        for checkpoint in checkpoints
    ]


def _make_figures(
    checkpoint: Checkpoint,
    stays: tuple[int, float] | None,
    bookings: tuple[int, int] | None,
    now: datetime.datetime,
) -> SessionFigures:
    session = checkpoint.session
    assert session is not None, "only checkpoints of sessions are queried"
    stay_count, mean_seconds = stays or (0, 0)
    booked_count, booked_arrived_count = bookings or (0, 0)
    return SessionFigures(
        session=session,
        checkpoint=checkpoint,
        arrived_count=getattr(checkpoint, "came", 0),
        inside_count=getattr(checkpoint, "inside", 0),
        booked_count=booked_count,
        booked_arrived_count=booked_arrived_count,
        stay_count=stay_count,
        mean_minutes=round(mean_seconds / 60) if stay_count else None,
        has_started=session.starts_at is not None and session.starts_at <= now,
    )


def _load_stays(event: "Event") -> dict[int, tuple[int, float]]:
    """Return, by checkpoint of a session, how many stays ended with a scan and their mean in seconds."""
    ended_stays = Presence.objects.entered().filter(
        event=event, checkpoint__session__isnull=False, seconds_inside__gt=0
    )
    rows = ended_stays.order_by().values_list("checkpoint")
    totals = rows.annotate(stays=Count("pk"), mean=Avg("seconds_inside"))
    return {checkpoint: (stays, float(mean)) for checkpoint, stays, mean in totals}


def _load_bookings(event: "Event") -> dict[int, tuple[int, int]]:
    """Return, by session, how many booked it and how many of them were scanned in."""
    has_arrived = Q(Exists(_find_session_entries()))
    active = SessionBooking.objects.active().filter(
        session__event=event, registration__cancelled_at__isnull=True
    )
    rows = active.order_by().values_list("session")
    totals = rows.annotate(booked=Count("pk"), arrived=Count("pk", filter=has_arrived))
    return {session: (booked, arrived) for session, booked, arrived in totals}


def _find_session_entries() -> QuerySet[Presence]:
    """Return the presences of a booking's holder at the session booked, for a subquery."""
    return Presence.objects.entered().filter(
        checkpoint__session=OuterRef("session"), registration=OuterRef("registration")
    )


def list_no_shows(session: "Session") -> RegistrationQuerySet:
    """Return the registrations that booked the session and were not scanned in, by name."""
    missing = SessionBooking.objects.active().filter(session=session).exclude(Exists(_find_session_entries()))
    rows = Registration.objects.filter(pk__in=missing.values("registration"), cancelled_at__isnull=True)
    return rows.select_related("ticket").order_by("sort_name", "pk")


def summarize_rooms(figures: Iterable[SessionFigures]) -> list[RoomFigures]:
    """Return the rooms with a known number of places, the fullest first."""
    by_room: dict[str, list[SessionFigures]] = {}
    for row in figures:
        if row.session.room and row.fill_percent is not None and row.has_started:
            by_room.setdefault(row.session.room.name, []).append(row)
    rooms = [
        RoomFigures(
            name=name,
            session_count=len(rows),
            mean_percent=round(sum(row.fill_percent or 0 for row in rows) / len(rows)),
            fullest=max(rows, key=lambda row: row.fill_percent or 0),
        )
        for name, rows in by_room.items()
    ]
    return sorted(rooms, key=lambda room: (-room.mean_percent, room.name))
