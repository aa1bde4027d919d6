"""Load the programme to print as plain data, in the event's time zone."""

import datetime
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.events.cancellations import describe_cancellation, format_printed_title
from convention.events.models import Event
from convention.rich_text.sanitize import to_text
from convention.text.dates import format_date_range, format_datetime, format_time, format_time_range
from schedule.models import ProgrammeAudience, Schedule, Session, SessionSpeaker, Speaker
from schedule.programme.days import get_programme_day, get_shown_end

from .logos import PrintedLogo, load_printed_logos

if TYPE_CHECKING:
    from .comparison import Comparison
    from .session_notes import SessionNote


@dataclass(frozen=True)
class PrintedSession:
    """One session; its times are local, both None if it has no time."""

    session_id: int
    title: str
    subtitle: str
    starts_at: datetime.datetime | None
    ends_at: datetime.datetime | None
    day: datetime.date | None
    room: str
    track: str
    track_color: str
    language: str
    speakers: tuple[str, ...]
    abstract_source: str
    hours_label: str
    is_cancelled: bool
    role: str = Session.Role.TALK.value
    room_id: int | None = None
    track_id: int | None = None
    is_for_members: bool = False
    chairs: tuple[str, ...] = ()
    # Companies of the speakers, each once.
    companies: tuple[str, ...] = ()

    @property
    def is_for_everybody(self) -> bool:
        return self.role in {Session.Role.PLENARY, Session.Role.BREAK}

    def is_visible_to(self, audience: ProgrammeAudience) -> bool:
        """Return whether this audience may see it, where one load serves several people."""
        return not self.is_for_members or audience is ProgrammeAudience.MEMBERS

    @property
    def is_in_all_rooms(self) -> bool:
        return self.is_for_everybody and not self.room

    @property
    def start_label(self) -> str:
        """Return “9 h 30”, "" without a time."""
        return format_time(self.starts_at) if self.starts_at else ""

    @cached_property
    def paragraphs(self) -> list[str]:
        """Return the abstract without markup."""
        return [part for part in to_text(self.abstract_source).split("\n") if part.strip()]


@dataclass(frozen=True)
class PrintedProgramme:
    """All data of a printed agenda; `room_names` are in their order.

    `cancellation_notice` is "" unless the event is cancelled.
    """

    title: str
    dates_label: str
    venue_name: str
    summary: str
    accent_color: str
    version: str
    agenda_url: str
    changed_at: datetime.datetime
    room_names: tuple[str, ...]
    sessions: tuple[PrintedSession, ...]
    logos: tuple[PrintedLogo, ...] = ()
    cancellation_notice: str = ""
    # On the agenda of one person: why it has these sessions; "" if the person chose them.
    head_note: str = ""
    comparison: "Comparison | None" = None
    # Internal facts by session, for internal sheets alone.
    notes: "Mapping[int, SessionNote]" = field(default_factory=dict)

    @property
    def days(self) -> list[tuple[datetime.date, list[PrintedSession]]]:
        """Return sessions by programme day, sorted by time and then room."""
        order = {room: index for index, room in enumerate(self.room_names)}
        timed = [item for item in self.sessions if item.day and item.starts_at]
        timed.sort(key=lambda item: (item.day, item.starts_at, order.get(item.room, len(order)), item.title))
        groups = itertools.groupby(timed, key=lambda item: item.day)
        return [(day, list(printed_sessions)) for day, printed_sessions in groups if day]

    @property
    def untimed_sessions(self) -> list[PrintedSession]:
        return sorted((item for item in self.sessions if not item.starts_at), key=lambda item: item.title)


def describe_edition(programme: PrintedProgramme) -> str:
    """Return version and date of this print."""
    changed = format_datetime(programme.changed_at)
    if programme.version:
        return _("Version %(version)s, %(changed)s") % {"version": programme.version, "changed": changed}
    return _("As of %(changed)s") % {"changed": changed}


def load_printed_programme(
    event: Event,
    *,
    booked_ids: Collection[int] = (),
    audience: ProgrammeAudience = ProgrammeAudience.PUBLIC,
) -> PrintedProgramme:
    """Load the programme that an audience sees in the active language, with a fixed number of queries.

    Sessions with these ids are included even while they have no time.
    """
    schedule = Schedule.objects.filter(event=event).first() or Schedule(
        event=event, changed_at=event.created_at
    )
    appearances = SessionSpeaker.objects.select_related("speaker")
    sessions = (
        Session.objects.visible_to(audience)
        .filter(
            Q(pk__in=Session.objects.published(audience=audience).filter(event=event)) | Q(pk__in=booked_ids),
            event=event,
        )
        .select_related("room", "track")
        .prefetch_related(Prefetch("appearances", appearances))
    )
    printed_sessions = drop_single_language(
        tuple(load_printed_session(session, event, schedule.day_starts_at) for session in sessions)
    )
    used_rooms = {printed_session.room for printed_session in printed_sessions}
    return PrintedProgramme(
        title=format_printed_title(event),
        dates_label=format_date_range(event.starts_at, event.ends_at, event.zone),
        venue_name=str(event.venue or ""),
        summary=event.summary_text,
        accent_color=event.accent,
        version=schedule.version,
        agenda_url=settings.SITE_URL + reverse("agenda", args=[event.slug]),
        changed_at=schedule.changed_at.astimezone(event.zone),
        room_names=tuple(room.name for room in event.rooms.all() if room.name in used_rooms),
        sessions=printed_sessions,
        logos=load_printed_logos(event),
        cancellation_notice=describe_cancellation(event),
    )


def drop_single_language(printed_sessions: tuple[PrintedSession, ...]) -> tuple[PrintedSession, ...]:
    """Drop the language if it is the same for all sessions, since readers need it only to choose."""
    if (
        len({printed_session.language for printed_session in printed_sessions if printed_session.language})
        > 1
    ):
        return printed_sessions
    return tuple(replace(printed_session, language="") for printed_session in printed_sessions)


def load_printed_session(session: Session, event: Event, day_starts_at: datetime.time) -> PrintedSession:
    starts_at = session.starts_at.astimezone(event.zone) if session.starts_at else None
    ends_at = session.ends_at.astimezone(event.zone) if session.ends_at else None
    day = session.day or (starts_at and get_programme_day(starts_at, event.zone, day_starts_at))
    speakers, chairs = split_appearances(session.appearances.all())
    return PrintedSession(
        session_id=session.pk,
        title=format_session_title(session),
        subtitle=" ".join(session.subtitle.split()),
        starts_at=starts_at,
        ends_at=get_shown_end(starts_at, ends_at) if starts_at else None,
        day=day,
        room=session.room.name if session.room else "",
        track=session.track.name if session.track else "",
        track_color=session.track.shown_color if session.track else "",
        language=session.language,
        speakers=tuple(speaker.name for speaker in speakers),
        # Some sources, such as calendars, have a description only.
        abstract_source=session.abstract or session.description,
        hours_label=format_time_range(starts_at, ends_at) if starts_at else "",
        is_cancelled=session.cancelled_at is not None,
        role=session.role,
        room_id=session.room_id,
        is_for_members=session.is_for_members,
        track_id=session.track_id,
        chairs=tuple(chair.name for chair in chairs),
        companies=tuple(dict.fromkeys(speaker.company for speaker in speakers if speaker.company)),
    )


def format_session_title(session: Session) -> str:
    """Return the title in one line, marked if the session is for members only."""
    # Line breaks in a title would end a line of print, and an empty one would leave a cell unnamed.
    title = " ".join(session.title.split()) or _("Untitled")
    return _("%(title)s (members only)") % {"title": title} if session.is_for_members else title


def split_appearances(appearances: Iterable[SessionSpeaker]) -> tuple[list[Speaker], list[Speaker]]:
    """Return the speakers and the chairs of a session, in order."""
    people: dict[bool, list[Speaker]] = {False: [], True: []}
    for appearance in appearances:
        people[appearance.part == SessionSpeaker.Part.CHAIR].append(appearance.speaker)
    return people[False], people[True]
