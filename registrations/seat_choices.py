"""What somebody registered can book: each session with its state, its clashes, and the wait for it."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from convention.events.models import Event
from schedule.around import clashing
from schedule.days import programme_day
from schedule.fullness import fullness
from schedule.models import Schedule, Session

from .line import position_of
from .models import Registration, WaitingEntry
from .offer import is_given_out
from .seats import seats_of


@dataclass(frozen=True)
class Choice:
    """One session: `state` is booked, offered, waiting, free, filling, full or closed."""

    session: Session
    state: str
    clashes: list[Session] = field(default_factory=list)
    entry: WaitingEntry | None = None
    position: int = 0

    @property
    def given_up(self) -> str:
        """The numbers of the sessions that it is swapped for, as a form carries them."""
        return ":".join(str(other.number) for other in self.clashes)


@dataclass(frozen=True)
class Day:
    """The choices of one day, in order of time; no date where sessions are not placed yet."""

    date: datetime.date | None
    choices: list[Choice]


def choices_of(registration: Registration) -> list[Choice]:
    """All sessions of the event that take bookings, and those that are booked, in order of time."""
    event = registration.event
    booked = {seat.session_id: seat.session for seat in seats_of(registration)}
    rows = event.sessions.select_related("room", "track").order_by(
        "starts_at", "room__position", "title", "pk"
    )
    sessions = [session for session in rows if session.is_bookable or session.pk in booked]
    waits = _waits(registration)
    line = _lines(waits.values())
    choices = []
    for session in sessions:
        session.event = event
        entry = waits.get(session.pk)
        state = _state(session, booked, entry)
        others = [] if state == "booked" else clashing(session, booked.values())
        position = position_of(entry, line.get(session.pk, ())) if entry else 0
        choices.append(Choice(session, state, others, entry, position))
    return choices


def by_day(choices: Iterable[Choice], event: Event) -> list[Day]:
    """The same, parted by the days of the programme; what has no time comes last."""
    starts = Schedule.objects.filter(event=event).values_list("day_starts", flat=True).first()
    starts = starts or Schedule().day_starts
    days: dict[datetime.date | None, list[Choice]] = {}
    for choice in choices:
        session = choice.session
        day = session.day
        if day is None and session.starts_at:
            day = programme_day(session.starts_at, event.zone, starts)
        days.setdefault(day, []).append(choice)
    return [Day(day, days[day]) for day in sorted(days, key=lambda day: day or datetime.date.max)]


def _waits(registration: Registration) -> dict[int | None, WaitingEntry]:
    rows = WaitingEntry.objects.standing().filter(registration=registration)
    return {entry.session_id: entry for entry in rows}


def _lines(waits: Iterable[WaitingEntry]) -> dict[int | None, list[WaitingEntry]]:
    """All who wait for the sessions that this person waits for."""
    sessions = [entry.session_id for entry in waits]
    found: dict[int | None, list[WaitingEntry]] = {}
    waiting = WaitingEntry.objects.standing().filter(session__in=sessions, offered_at__isnull=True)
    for entry in waiting if sessions else ():
        found.setdefault(entry.session_id, []).append(entry)
    return found


def _state(session: Session, booked: dict[int, Session], entry: WaitingEntry | None) -> str:
    if session.pk in booked:
        return "booked"
    if not is_given_out(session, at=timezone.now()):
        return "closed"
    if entry and entry.has_offer():
        return "offered"
    if entry:
        return "waiting"
    return fullness(session.taken, session.capacity) or "free"
