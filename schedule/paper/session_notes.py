"""Internal facts of sessions for run sheets and the director's book: never public."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.events.models import Event
from schedule.models import Session, SessionSpeaker


@dataclass(frozen=True)
class PersonNote:
    """A speaker or chair with how to reach them, and whether they confirmed."""

    name: str
    company: str
    email: str
    is_chair: bool
    is_confirmed: bool

    def describe(self) -> str:
        """Return name, company, address and state in one line."""
        part = f" ({_('chair')})" if self.is_chair else ""
        state = "" if self.is_confirmed else _("not confirmed")
        return " · ".join(filter(None, (f"{self.name}{part}", self.company, self.email, state)))


@dataclass(frozen=True)
class SessionNote:
    """Internal facts of one session; None where nothing is known."""

    people: tuple[PersonNote, ...]
    needed_features: tuple[str, ...]
    room_features: tuple[str, ...]
    room_capacity: int | None
    expected_attendance: int | None
    reserved: int
    is_bookable: bool

    @property
    def missing_features(self) -> list[str]:
        """Return the equipment that the room lacks."""
        available = {feature.casefold() for feature in self.room_features}
        return [feature for feature in self.needed_features if feature.casefold() not in available]

    def describe(self) -> list[str]:
        """Return seats and equipment in sentences."""
        seats = [
            _("%(count)s seats") % {"count": self.room_capacity} if self.room_capacity else "",
            _("%(count)s expected") % {"count": self.expected_attendance} if self.expected_attendance else "",
            _("%(count)s booked") % {"count": self.reserved} if self.is_bookable else "",
        ]
        needed = ", ".join(self.needed_features)
        missing = ", ".join(self.missing_features)
        return [
            line
            for line in (
                " · ".join(filter(None, seats)),
                _("Equipment: %(features)s") % {"features": needed} if needed else "",
                _("The room lacks: %(features)s") % {"features": missing} if missing else "",
            )
            if line
        ]


def load_session_notes(event: Event) -> Mapping[int, SessionNote]:
    """Return the internal facts of all sessions by id: two queries."""
    people: dict[int, list[PersonNote]] = {}
    for row in SessionSpeaker.objects.filter(session__event=event).select_related("speaker"):
        speaker = row.speaker
        note = PersonNote(
            speaker.name,
            speaker.company,
            speaker.email,
            row.part == SessionSpeaker.Part.CHAIR,
            row.confirmed_at is not None,
        )
        people.setdefault(row.session_id, []).append(note)
    return {
        session.pk: SessionNote(
            people=tuple(people.get(session.pk, ())),
            needed_features=split_lines(session.needed_features),
            room_features=split_lines(session.room.features) if session.room else (),
            room_capacity=session.room.capacity if session.room else None,
            expected_attendance=session.expected_attendance,
            reserved=session.reserved,
            is_bookable=session.is_bookable,
        )
        for session in Session.objects.filter(event=event).select_related("room")
    }


def split_lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
