"""List the sessions an attendee can book, with states, conflicts and waiting list positions."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from convention.events.models import Event
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.waiting_list.offers import is_available
from registrations.waiting_list.policy import find_position
from schedule.models import ProgrammeAudience, Schedule, Session
from schedule.programme.days import describe_fullness, get_programme_day
from schedule.programme.neighbours import find_conflicting_sessions

from .awaited import load_waiting_lists
from .booking import get_attendee_audience, list_session_bookings


@dataclass(frozen=True)
class SessionChoice:
    """One session on the page. `state`: booked, offered, waiting, free, filling, full or closed."""

    session: Session
    state: str
    conflicting_sessions: list[Session] = field(default_factory=list)
    waiting_entry: WaitingEntry | None = None
    position: int = 0

    @property
    def conflict_numbers(self) -> str:
        """Return the numbers of the sessions to swap for, as the form sends them."""
        return ":".join(str(other.number) for other in self.conflicting_sessions)


@dataclass(frozen=True)
class ChoiceDay:
    """The choices of one day in order of time; `date` is None for sessions without a time."""

    date: datetime.date | None
    choices: list[SessionChoice]


def list_session_choices(registration: Registration, *, audience: ProgrammeAudience) -> list[SessionChoice]:
    """Return the published sessions that take bookings as an audience sees them, in order of time.

    Sessions that are booked or waited for are always included, so that they can be given up.
    """
    event = registration.event
    booked = {booking.session_id: booking.session for booking in list_session_bookings(registration)}
    rows = event.sessions.select_related("room", "track").order_by(
        "starts_at", "room__position", "title", "pk"
    )
    entries = _load_waiting_entries(registration)
    sessions = [
        session
        for session in rows
        if session.pk in booked
        or (_is_offered(session) and (session.is_visible_to(audience) or session.pk in entries))
    ]
    waiting_lists = load_waiting_lists(entries.values())
    choices = []
    for session in sessions:
        # Set, not fetched: availability reads the event of every session.
        session.event = event
        entry = entries.get(session.pk)
        state = _decide_state(session, booked, entry)
        conflicting_sessions = (
            [] if state == "booked" else find_conflicting_sessions(session, booked.values())
        )
        position = find_position(entry, waiting_lists.get(session.pk, ())) if entry else 0
        choices.append(SessionChoice(session, state, conflicting_sessions, entry, position))
    return choices


def find_unbooked_ids(registrations: Iterable[Registration]) -> set[int]:
    """Return the ids of confirmed registrations of an event that can book sessions, and booked none yet."""
    confirmed = [row for row in registrations if row.state == Registration.State.CONFIRMED]
    if not confirmed:
        return set()
    event, now = confirmed[0].event, timezone.now()
    bookable = list(event.sessions.filter(is_bookable=True, cancelled_at=None))
    for session in bookable:
        session.event = event
    available = [session for session in bookable if is_available(session, at=now)]
    if not available:
        return set()
    ids = [row.pk for row in confirmed]
    chosen_ids = {
        pk
        for rows in (SessionBooking.objects.active(), WaitingEntry.objects.active())
        for pk in rows.filter(registration__in=ids).values_list("registration", flat=True)
    }
    is_public = any(session.is_visible_to(ProgrammeAudience.PUBLIC) for session in available)
    return {
        row.pk
        for row in confirmed
        if row.pk not in chosen_ids
        and (is_public or any(item.is_visible_to(get_attendee_audience(row)) for item in available))
    }


def _is_offered(session: Session) -> bool:
    return session.is_bookable and session.is_published


def group_by_day(choices: Iterable[SessionChoice], event: Event) -> list[ChoiceDay]:
    """Return the choices by programme day; those without a time come last."""
    starts = Schedule.objects.filter(event=event).values_list("day_starts_at", flat=True).first()
    # An event without a schedule uses the field's default.
    starts = starts or Schedule().day_starts_at
    days: dict[datetime.date | None, list[SessionChoice]] = {}
    for choice in choices:
        session = choice.session
        day = session.day
        if day is None and session.starts_at:
            day = get_programme_day(session.starts_at, event.zone, starts)
        days.setdefault(day, []).append(choice)
    return [ChoiceDay(day, days[day]) for day in sorted(days, key=lambda day: day or datetime.date.max)]


def _load_waiting_entries(registration: Registration) -> dict[int | None, WaitingEntry]:
    rows = WaitingEntry.objects.active().filter(registration=registration)
    return {entry.session_id: entry for entry in rows}


def _decide_state(session: Session, booked_sessions: dict[int, Session], entry: WaitingEntry | None) -> str:
    if session.pk in booked_sessions:
        return "booked"
    if not is_available(session, at=timezone.now()):
        return "closed"
    if entry and entry.has_offer():
        return "offered"
    if entry:
        return "waiting"
    return describe_fullness(session.reserved, session.capacity) or "free"
