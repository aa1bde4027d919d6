"""The printed agendas of many attendees: the selection, and the file that the worker writes."""

import datetime
import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, BinaryIO, NamedTuple, Self

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from convention.club.models import Person
from convention.club.permissions import find_member_ids
from convention.errors import ConventionError
from convention.events.models import Event
from convention.jobs.job_queue import JobProgress, request_job
from convention.jobs.models import Job
from convention.tasks.queue_names import DOCUMENT_QUEUE
from convention.text.normalize import name_search_key
from registrations.models import AgendaLink, Registration, SessionBooking
from schedule.models import ChosenSession, ProgrammeAudience, Session
from schedule.paper.personal_page import draw_personal_pages
from schedule.paper.printed_programme import PrintedProgramme, load_printed_programme
from schedule.personal.programme import PersonalProgramme, build_printed_agenda
from schedule.programme.agenda import query_sessions
from schedule.programme.neighbours import map_conflicting_sessions


class NoAgendas(ConventionError):
    """Nobody is selected."""

    kind = "no-agendas"
    status = 409


@dataclass(frozen=True)
class AgendaSelection:
    """The agendas to print, and how. Empty tickets, companies and days mean all of them."""

    language: str = "fr"
    paper: str = "a5"
    tickets: tuple[int, ...] = ()
    companies: tuple[str, ...] = ()
    days: tuple[datetime.date, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"days": [str(day) for day in self.days]})

    @classmethod
    def from_json(cls, stored: str) -> Self:
        data: dict[str, Any] = json.loads(stored)
        return cls(
            data["language"],
            data["paper"],
            tuple(data["tickets"]),
            tuple(data["companies"]),
            tuple(datetime.date.fromisoformat(day) for day in data["days"]),
        )


class SessionChoices(NamedTuple):
    """Ids of the sessions that attendees starred and booked, by registration."""

    starred: dict[int, set[int]]
    booked: dict[int, set[int]]


def select_attendees(event: Event, selection: AgendaSelection) -> QuerySet[Registration]:
    """Return the confirmed registrations with one of the tickets and of the companies."""
    attendees = Registration.objects.filter(event=event).confirmed()
    if selection.tickets:
        attendees = attendees.filter(ticket__in=selection.tickets)
    if selection.companies:
        attendees = attendees.filter(company__in=selection.companies)
    return attendees


def request_agendas(*, event: Event, selection: AgendaSelection, requested_by: Person) -> Job:
    """Queue the file with the agendas of the selected attendees. Raise NoAgendas."""
    if not select_attendees(event, selection).exists():
        raise NoAgendas(_("No attendee matches these tickets and companies."))
    return request_job(
        event=event,
        kind="agendas",
        title=lambda: _("Personal programmes"),
        requested_by=requested_by,
        argument=f"{selection.language} {selection.paper}",
        payload=selection.to_json(),
        queue=DOCUMENT_QUEUE,
    )


def print_agendas(progress: JobProgress, file: BinaryIO) -> str:
    """Print the agendas of a job, by last name; return how many there are. Raise NoAgendas."""
    job = progress.job
    event = job.required_event
    selection = AgendaSelection.from_json(job.payload)
    attendees = sort_attendees(select_attendees(event, selection))
    if not attendees:
        raise NoAgendas(_("No attendee matches these tickets and companies."))

    def report_progress(agendas: Iterator[PrintedProgramme]) -> Iterator[PrintedProgramme]:
        for done_count, agenda in enumerate(agendas):
            progress(done_count, len(attendees))
            yield agenda

    with override(selection.language):
        agendas = AttendeeAgendas.load(event, attendees, days=selection.days)
        page_count = draw_personal_pages(
            report_progress(
                agendas.get_agenda(attendee, title=describe_agenda(attendee, event)) for attendee in attendees
            ),
            file,
            title=_("Personal programmes – %(event)s") % {"event": event.title},
            changed_at=agendas.programme.changed_at,
            paper=selection.paper,
        )
    job.file_name = f"agendas-{event.slug}-{selection.paper}.pdf"
    agenda_sentence = ngettext("%(count)d programme", "%(count)d programmes", len(attendees))
    page_sentence = ngettext("on %(count)d page.", "on %(count)d pages.", page_count)
    return f"{agenda_sentence % {'count': len(attendees)}} {page_sentence % {'count': page_count}}"


def describe_agenda(attendee: Registration, event: Event) -> str:
    """Return the title of an attendee's printed agenda."""
    return _("%(name)s’s programme – %(event)s") % {"name": attendee.name, "event": event.title}


def sort_attendees(attendees: QuerySet[Registration]) -> list[Registration]:
    """Return the attendees by last name, in the same order on every database."""
    names = ("reference", "first_name", "last_name", "company", "event_id", "person_id")
    rows = attendees.only("pk", *names).order_by("pk")
    return sorted(rows, key=lambda row: (name_search_key(row.last_name), name_search_key(row.first_name)))


@dataclass(frozen=True)
class AttendeeAgendas:
    """The programme and the choices of many attendees, loaded with a fixed number of queries.

    Sessions for members only are loaded too; `get_agenda` leaves them out for other attendees.
    """

    programme: PrintedProgramme
    sessions: dict[int, Session]
    choices: SessionChoices
    member_ids: set[int]

    @classmethod
    def load(
        cls, event: Event, attendees: Collection[Registration], *, days: Collection[datetime.date] = ()
    ) -> Self:
        """Load in the active language what was chosen on these days; none means all days."""
        choices = load_session_choices(event)
        ids = {pk for chosen in choices for attendee in attendees for pk in chosen.get(attendee.pk, ())}
        programme = load_printed_programme(event, booked_ids=ids, audience=ProgrammeAudience.MEMBERS)
        if days:
            on_days = tuple(item for item in programme.sessions if item.day in days)
            programme = replace(programme, sessions=on_days)
        printed_ids = {item.session_id for item in programme.sessions}
        sessions = {row.pk: row for row in query_sessions(event) if row.pk in ids & printed_ids}
        person_ids = {attendee.person_id for attendee in attendees if attendee.person_id}
        return cls(programme, sessions, choices, find_member_ids(person_ids))

    def get_agenda(self, attendee: Registration, *, title: str) -> PrintedProgramme:
        """Return what is printed for an attendee; the plenaries if they chose nothing."""
        starred = self.choices.starred.get(attendee.pk, set())
        booked = self.choices.booked.get(attendee.pk, set())
        is_member = attendee.person_id in self.member_ids
        audience = ProgrammeAudience.MEMBERS if is_member else ProgrammeAudience.PUBLIC
        chosen = [self.sessions[pk] for pk in sorted(starred | booked) if pk in self.sessions]
        sessions = [session for session in chosen if session.is_visible_to(audience)]
        personal_programme = PersonalProgramme(
            sessions, frozenset(starred), frozenset(booked), map_conflicting_sessions(sessions), audience
        )
        return build_printed_agenda(self.programme, personal_programme, title=title)


def load_session_choices(event: Event) -> SessionChoices:
    """Return the stars and the bookings of all attendees of an event: three queries."""
    starred: dict[int, set[int]] = defaultdict(set)
    booked: dict[int, set[int]] = defaultdict(set)
    links = dict(
        AgendaLink.objects.filter(registration__event=event).values_list("personal_agenda", "registration")
    )
    stars = ChosenSession.objects.filter(personal_agenda__event=event)
    for agenda_id, session_id in stars.values_list("personal_agenda", "session"):
        if agenda_id in links:
            starred[links[agenda_id]].add(session_id)
    bookings = SessionBooking.objects.active().filter(registration__event=event)
    for registration_id, session_id in bookings.values_list("registration", "session"):
        booked[registration_id].add(session_id)
    return SessionChoices(starred, booked)
