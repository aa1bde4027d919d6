"""What organizers see of a programme: every session with what is wrong with it, narrowed by filters."""

import datetime
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext_lazy as _

from convention.events.models import Event, Room
from convention.search import fold, matches, words

from .agenda import sessions_to_show, with_speakers
from .clashes import Clash, Placed, clashes
from .days import is_outside
from .models import Session
from .pulse import Pulse

STATES: Final = {
    "": _("All sessions"),
    "clashes": _("With clashes"),
    "outside": _("Outside the event’s hours"),
    "open": _("Without time or room"),
    "cancelled": _("Cancelled"),
}


@dataclass(frozen=True)
class Query:
    """What the organizer asks for."""

    q: str = ""
    day: str = ""
    room: str = ""
    track: str = ""
    state: str = ""


@dataclass(slots=True)
class Row:
    """A session, its day, whether it lies outside the event's hours, and the sentences on its clashes."""

    session: Session
    day: datetime.date | None = None
    is_outside: bool = False
    clashes: list[tuple[str, str, Session]] = field(default_factory=list)


@dataclass(slots=True)
class Overview:
    """The rows that fit, in order of time with those without one first, and what to offer and to warn of."""

    rows: list[Row]
    days: list[datetime.date]
    rooms: list[Room]
    counts: dict[str, int]


def overview(*, event: Event, pulse: Pulse, query: Query) -> Overview:
    """All sessions of the event with their clashes, in as many queries for one as for a thousand."""
    rows = {session.pk: Row(session) for session in with_speakers(sessions_to_show(event))}
    for row in rows.values():
        row.is_outside = lies_outside(row.session, event)
        if row.session.starts_at:
            row.day = row.session.day or pulse.day(row.session.starts_at)
    mark(rows, list(rows.values()))
    everything = sorted(rows.values(), key=in_order)
    found = [row for row in everything if fits(row, query)]
    counts = {state: sum(in_state(row, state) for row in everything) for state in STATES}
    days = sorted({row.day for row in everything if row.day})
    return Overview(found, days, [*event.rooms.all()], counts)


def in_order(row: Row) -> tuple[bool, str, int, int]:
    """What has no time comes first, since it waits for one."""
    starts, room = row.session.starts_at, row.session.room
    return (
        starts is not None,
        starts.isoformat() if starts else "",
        room.position if room else -1,
        row.session.pk,
    )


def mark(rows: dict[int, Row], timed: list[Row]) -> None:
    """Note each clash with both of its sessions."""
    names = {
        appearance.speaker_id: appearance.speaker.name
        for row in timed
        for appearance in row.session.appearances.all()
    }
    for clash in clashes(placed(row.session) for row in timed if is_timed(row.session)):
        first, second = rows[int(str(clash.first))], rows[int(str(clash.second))]
        shared = shared_name(clash, first.session, names)
        first.clashes.append((clash.kind, shared, second.session))
        second.clashes.append((clash.kind, shared, first.session))


def shared_name(clash: Clash, session: Session, names: dict[int, str]) -> str:
    """The room's or the speaker's name."""
    if clash.kind == "room":
        return session.room.name if session.room else ""
    return names[int(str(clash.shared))]


def is_timed(session: Session) -> bool:
    """Whether it can clash at all."""
    return bool(session.starts_at and session.ends_at and not session.cancelled_at)


def lies_outside(session: Session, event: Event) -> bool:
    """Whether it takes place before the event begins or after it ends."""
    hours = (event.starts_at, event.ends_at)
    return not session.cancelled_at and is_outside(session.starts_at, session.ends_at, hours)


def placed(session: Session) -> Placed:
    """What the clash rules need."""
    assert session.starts_at
    assert session.ends_at
    speakers = frozenset(appearance.speaker_id for appearance in session.appearances.all())
    return Placed(session.pk, session.starts_at, session.ends_at, session.room_id, speakers)


def fits(row: Row, query: Query) -> bool:
    """Whether a row passes the filters."""
    session = row.session
    return (
        in_state(row, query.state)
        and (not query.day or str(row.day) == query.day)
        and (not query.room or str(session.room_id) == query.room)
        and (not query.track or str(session.track_id) == query.track)
        and matches(words(query.q), text_of(session))
    )


def in_state(row: Row, state: str) -> bool:
    """Whether a row belongs under a state."""
    session = row.session
    return {
        "clashes": bool(row.clashes),
        "outside": row.is_outside,
        "open": not session.cancelled_at and not (session.starts_at and session.room_id),
        "cancelled": bool(session.cancelled_at),
    }.get(state, True)


def text_of(session: Session) -> str:
    """What a search looks at: title, subtitle, number and speakers."""
    speakers = " ".join(appearance.speaker.name for appearance in session.appearances.all())
    return fold(f"{session.title} {session.subtitle} {session.number} {speakers}")


def clashes_of(session: Session) -> list[tuple[str, str, Session]]:
    """What one session clashes with: the kind, the room's or speaker's name, the other session."""
    if not is_timed(session):
        return []
    meanwhile = sessions_to_show(session.event).filter(
        starts_at__lt=session.ends_at, ends_at__gt=session.starts_at, cancelled_at=None
    )
    rows = {other.pk: Row(other) for other in with_speakers(meanwhile)}
    if session.pk not in rows:
        return []
    mark(rows, list(rows.values()))
    return rows[session.pk].clashes
