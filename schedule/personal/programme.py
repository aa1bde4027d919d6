"""The programme of one person: the sessions chosen with a star and those booked, and their conflicts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention import hooks
from convention.club.models import Person
from convention.events.models import Event
from schedule.models import PersonalAgenda, ProgrammeAudience, Session
from schedule.paper.personal_page import draw_personal_page
from schedule.paper.printed_programme import PrintedProgramme, load_printed_programme
from schedule.programme.agenda import query_sessions
from schedule.programme.neighbours import map_conflicting_sessions


@dataclass(frozen=True, slots=True)
class PersonalProgramme:
    """Chosen and booked sessions as an audience sees them; a session may be both.

    `conflicts` are by session id.
    """

    sessions: list[Session]
    chosen_ids: frozenset[int]
    booked_ids: frozenset[int]
    conflicts: dict[int, list[Session]]
    audience: ProgrammeAudience

    def describe_session(self, session: Session) -> str:
        """Return a note for print and calendar: whether it is booked, and what runs at the same time."""
        parts = [pgettext("session in a programme", "Booked.")] if session.pk in self.booked_ids else []
        if others := self.conflicts[session.pk]:
            titles = ", ".join(self.name_conflict(other) for other in others)
            parts.append(_("At the same time: %(titles)s.") % {"titles": titles})
        return " ".join(parts)

    def name_conflict(self, other: Session) -> str:
        """Return the title of a session in conflict; “(booked)” if it is."""
        if other.pk not in self.booked_ids:
            return other.title
        return _("%(title)s (booked)") % {"title": other.title}


def load_personal_programme(
    event: Event,
    personal_agenda: PersonalAgenda | None,
    person: Person | None = None,
    *,
    audience: ProgrammeAudience,
) -> PersonalProgramme:
    """Load the sessions of an agenda, and those that its attendee or the signed-in person booked.

    Sessions that the audience may not see are left out, but stay chosen or booked.
    """
    booked_ids: set[int] = set()
    if personal_agenda or person:
        for find_booked_sessions in hooks.booked_sessions.providers():
            booked_ids |= find_booked_sessions(event, personal_agenda, person)
    chosen = personal_agenda.sessions.values_list("pk", flat=True) if personal_agenda else ()
    return build_personal_programme(event, chosen_ids=set(chosen), booked_ids=booked_ids, audience=audience)


def build_personal_programme(
    event: Event,
    *,
    chosen_ids: Collection[int],
    booked_ids: Collection[int],
    audience: ProgrammeAudience,
) -> PersonalProgramme:
    event_sessions: Any = query_sessions(event)  # our own queryset, which the stub does not know
    rows = event_sessions.visible_to(audience).filter(Q(pk__in=chosen_ids) | Q(pk__in=booked_ids))
    sessions = list(rows.select_related("published_in")) if chosen_ids or booked_ids else []
    conflicts = map_conflicting_sessions(sessions)
    return PersonalProgramme(sessions, frozenset(chosen_ids), frozenset(booked_ids), conflicts, audience)


def print_personal_programme(
    *, event: Event, personal_programme: PersonalProgramme, title: str, file: BinaryIO
) -> None:
    """Write a PDF of the programme in the active language, with bookings and conflicts."""
    booked_ids = [session.pk for session in personal_programme.sessions]
    printed = load_printed_programme(event, booked_ids=booked_ids, audience=personal_programme.audience)
    draw_personal_page(build_printed_agenda(printed, personal_programme, title=title), file)


def build_printed_agenda(
    printed: PrintedProgramme, personal_programme: PersonalProgramme, *, title: str
) -> PrintedProgramme:
    """Return the part of a programme that one person chose, with bookings and conflicts.

    If the person chose nothing in it, return the plenaries.
    """
    notes = {
        session.pk: personal_programme.describe_session(session) for session in personal_programme.sessions
    }
    visible = [item for item in printed.sessions if item.is_visible_to(personal_programme.audience)]
    items = tuple(
        # Below the title, as the subtitle.
        replace(item, subtitle=" – ".join(filter(None, (item.subtitle, notes[item.session_id]))))
        for item in visible
        if item.session_id in notes
    )
    head_note = ""
    if not items:
        items = tuple(item for item in visible if item.role == Session.Role.PLENARY)
        head_note = _("No sessions chosen yet. The plenaries are for everyone.")
    used_rooms = {item.room for item in items}
    rooms = tuple(room for room in printed.room_names if room in used_rooms)
    return replace(printed, title=title, sessions=items, room_names=rooms, head_note=head_note)
