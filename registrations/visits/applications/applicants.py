"""The organizer's view of applications: rows with their states, counts, and a table to download."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import DateField, QuerySet, Value
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.club.models import Employment, Person, Seat
from convention.events.club_hooks import Participation
from convention.tables.downloads import TableSheet
from registrations.application_rules import rank_waiting_entries
from registrations.models import Registration, Ticket, WaitingEntry
from registrations.visits.models import Application, Visit
from registrations.visits.permissions import can_manage_visit
from registrations.waiting_list.policy import sort_waiting_entries

from .company_markets import CompanyMarkets
from .eligibility import VisitCandidate, describe_all_refusals, find_objections, get_member_ticket
from .state import ApplicationState, find_states, find_states_across_visits

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def find_current_objections(visit: Visit, applications: Collection[Application]) -> dict[int, list[str]]:
    """Return what `find_objections_across_visits` returns, for applications to one visit as it is given."""
    for application in applications:
        application.visit = visit
    return find_objections_across_visits(applications)


def find_objections_across_visits(applications: Collection[Application]) -> dict[int, list[str]]:
    """Return the codes of `Application.Refusal` that apply today, by application id.

    Refused and erased applications and those without objections are left out. The number of queries is fixed.
    """
    candidates = [
        application
        for application in applications
        if application.person_id and application.refused_at is None
    ]
    if not candidates:
        return {}
    seats, employer_ids = _load_seats_and_employers(candidates)
    companies = CompanyMarkets.load()
    hosts = {application.visit.event.host_id for application in candidates}
    host_markets = {host: companies.list_host_markets(host) for host in hosts}
    objections = {}
    for application in candidates:
        day, host = application.visit.day, application.visit.event.host_id
        candidate = VisitCandidate(
            # A seat at another company does not count for this application.
            has_seat=(day, application.person_id, application.company_id) in seats,
            market_ids=companies.list_competing_markets(employer_ids[day, application.person_id], host),
            host_market_ids=host_markets[host],
        )
        if codes := find_objections(candidate):
            objections[application.pk] = codes
    return objections


# Day of the visit, person, company.
type DatedSeat = tuple[datetime.date, int | None, int | None]
# The ids of the employers by day of the visit and person.
type DatedEmployers = Mapping[tuple[datetime.date, int | None], list[int]]


def _load_seats_and_employers(applications: Collection[Application]) -> tuple[set[DatedSeat], DatedEmployers]:
    """Return the seats and employers of these people on the days of the visits, in two queries."""
    # On the day of the visit, not today: seats and jobs may begin or end in between.
    people_by_day = defaultdict[datetime.date, set[int | None]](set)
    for application in applications:
        people_by_day[application.visit.day].add(application.person_id)
    seats = [
        _select_dated(Seat.objects.granting_membership(at=day), day, people)
        .filter(person__is_active=True)
        .values_list("day", "person", "membership__company")
        for day, people in people_by_day.items()
    ]
    jobs = [
        _select_dated(Employment.objects.open(at=day), day, people).values_list("day", "person", "company")
        for day, people in people_by_day.items()
    ]
    employer_ids = defaultdict[tuple[datetime.date, int | None], list[int]](list)
    for day, person, company in jobs[0].union(*jobs[1:]):
        employer_ids[day, person].append(company)
    return set(seats[0].union(*seats[1:])), employer_ids


def _select_dated(rows: QuerySet[Any], day: datetime.date, people: Collection[int | None]) -> QuerySet[Any]:
    # Unordered, as the parts of a union have to be.
    return rows.filter(person__in=people).order_by().annotate(day=Value(day, DateField()))


@dataclass(frozen=True)
class Applicant:
    """One row of the organizer's list.

    `waiting_position` counts from 1 in the waiting list, 0 outside it; `current_objections` are today's
    codes.
    """

    application: Application
    state: ApplicationState
    waiting_position: int = 0
    current_objections: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.application.person or _("erased"))

    @property
    def offered_until(self) -> datetime.datetime | None:
        """Return when the open offer of a place expires, None without one."""
        entry = self.application.waiting_entry
        return entry.offer_expires_at if entry and self.state == ApplicationState.OFFERED else None

    @property
    def needs_decision(self) -> bool:
        """Return whether the organizer has to confirm or revoke the place."""
        return (
            bool(self.current_objections)
            and self.application.exception_granted_at is None
            and not self.state.has_ended
        )


def list_applicants(visit: Visit) -> list[Applicant]:
    """Return all applications of a visit in the order of application, in a fixed number of queries."""
    queryset = visit.applications.select_related("person", "company", "registration", "waiting_entry")
    applications = list(queryset.order_by("applied_at", "pk"))
    for application in applications:
        application.visit = visit
    states = find_states(visit, applications)
    objections, positions = find_current_objections(visit, applications), find_waiting_positions(visit)
    return [
        Applicant(
            application,
            states[application.pk],
            positions.get(application.waiting_entry_id or 0, 0),
            objections.get(application.pk, []) if not states[application.pk].has_ended else [],
        )
        for application in applications
    ]


def find_undecided_ids(visit: Visit) -> set[int]:
    """Return the ids of the visit's applications that need a decision."""
    return {application.pk for application in list_undecided_applications([visit])}


def list_undecided_applications(
    visits: Collection[Visit], *, person: Person | None = None
) -> list[Application]:
    """Return the applications to these visits that need a decision, in a fixed number of queries.

    With `person`, only those of this person.
    """
    rows = Application.objects.filter(visit__in=visits, exception_granted_at=None)
    if person:
        rows = rows.filter(person=person)
    applications = list(rows.select_related("visit__event", "registration", "waiting_entry").order_by("pk"))
    objections = find_objections_across_visits(applications)
    objected = [application for application in applications if application.pk in objections]
    states = find_states_across_visits(objected) if objected else {}
    applicants = [Applicant(row, states[row.pk], current_objections=objections[row.pk]) for row in objected]
    return [applicant.application for applicant in applicants if applicant.needs_decision]


NEEDS_DECISION_FILTER = "decide"


def filter_applicants(applicants: Collection[Applicant], *, state: str) -> list[Applicant]:
    """Return those in a state, those who need a decision, or with "" all but doubles.

    Someone who was named as a replacement has a second application, which counts for them.
    """
    if not state:
        return [row for row in applicants if row.state != ApplicationState.NAMED_REPLACEMENT]
    return [
        row
        for row in applicants
        if state == row.state or (state == NEEDS_DECISION_FILTER and row.needs_decision)
    ]


def list_applicants_to_mail(visit: Visit, *, state: str) -> list[Applicant]:
    """Return the applicants in a state who have or had a place, or with "" those who have one.

    Those who never had a place have no registration; a mailing to the waiting list reaches those who wait.
    """
    selected = filter_applicants(list_applicants(visit), state=state)
    return filter_reachable(selected, state=state)


def filter_reachable(applicants: Collection[Applicant], *, state: str) -> list[Applicant]:
    """Return those whom a mailing reaches, see `list_applicants_to_mail`."""
    return [row for row in applicants if row.application.registration_id and (state or row.state.has_place)]


def list_places_without_application(visit: Visit) -> list[Registration]:
    """Return members' registrations without an application.

    They were made before the visit was created, and their address matches no single person with a seat.
    """
    places = Registration.objects.confirmed().filter(event=visit.event_id, application__isnull=True)
    of_members = places.filter(ticket__audience=Ticket.Audience.MEMBER)
    return list(of_members.select_related("event").order_by("sort_name", "pk"))


def find_waiting_positions(visit: Visit) -> dict[int, int]:
    """Return the position of each waiting entry by its id, from 1 for the next to get an offer."""
    ticket = get_member_ticket(visit)
    if ticket is None:
        return {}
    # Entries with an offer have left the queue; counting them would shift everybody's position.
    waiting = WaitingEntry.objects.active().filter(ticket=ticket, offered_at__isnull=True)
    entries = sort_waiting_entries(rank_waiting_entries(waiting, ticket))
    return {entry.pk: position for position, entry in enumerate(entries, start=1)}


def list_waiting_applications(visit: Visit) -> list[Application]:
    """Return the applications that wait without an offer, in the order in which places are offered."""
    positions = find_waiting_positions(visit)
    waiting = Application.objects.active().filter(visit=visit, registration=None, waiting_entry__in=positions)
    rows = waiting.filter(person__email__isnull=False).select_related("person", "company")
    return sorted(rows, key=lambda application: positions[application.waiting_entry_id or 0])


def count_by_state(applicants: list[Applicant]) -> list[tuple[ApplicationState, int]]:
    """Return the count of each state that occurs, in the order of `ApplicationState`, ended states last."""
    counts = Counter(applicant.state for applicant in applicants)
    return [(state, counts[state]) for state in sorted(counts, key=_state_sort_key)]


def _state_sort_key(state: ApplicationState) -> tuple[bool, int]:
    # False sorts before True, which puts the ended states last.
    return state.has_ended, list(ApplicationState).index(state)


def make_applicant_sheet(visit: Visit) -> TableSheet:
    """Return all applicants as a table for CSV or XLSX. Identity data are never part of it."""
    header = [
        _("Name"), _("E-mail"), _("Company"), _("Status"), _("Applied on"), _("Position"), _("Reasons"),
    ]  # fmt: skip
    return TableSheet(_("Applicants"), header, _iterate_sheet_rows(visit))


def _iterate_sheet_rows(visit: Visit) -> Iterator[list[Any]]:
    # Once for the whole sheet: each sentence reads the ticket.
    sentences = describe_all_refusals(visit)
    for applicant in list_applicants(visit):
        application, person = applicant.application, applicant.application.person
        yield [
            applicant.name,
            (person.email if person else "") or "",
            application.company.name if application.company else "",
            str(applicant.state.label),
            application.applied_at.astimezone(visit.event.zone),
            applicant.waiting_position or "",
            " ".join(
                sentences[code]
                for code in [*application.refusal_reasons, *applicant.current_objections]
                if code in sentences
            ),
        ]


def describe_free_places(visits: Iterable[Visit], *, at: datetime.datetime) -> dict[int, str]:
    """Return a phrase on free places for each upcoming visit by its id, in one query."""
    upcoming = [visit for visit in visits if not visit.event.is_over(at=at) and not visit.cancelled_at]
    rows = Ticket.objects.for_members().filter(event__in=[visit.event_id for visit in upcoming])
    tickets = {ticket.event_id: ticket for ticket in rows.select_related("quota")}
    return {visit.pk: describe_availability(visit, tickets.get(visit.event_id), at) for visit in upcoming}


def describe_availability(visit: Visit, ticket: Ticket | None, at: datetime.datetime) -> str:
    """Return a phrase on the free places of one visit at the moment `at`."""
    if visit.state_at(at) != Visit.State.PUBLISHED or visit.applications_close_at <= at or ticket is None:
        return pgettext("visit", "applications closed")
    if ticket.remaining == 0:
        return _("full, with a waiting list")
    if ticket.remaining is None:
        return _("places available")
    return ngettext("%(count)d place left", "%(count)d places left", ticket.remaining) % {
        "count": ticket.remaining
    }


def list_visit_participations(person: Person, reader: "RequestUser") -> list[Participation]:
    """Return the person's applications for visits that the reader manages, refused ones too."""
    rows = Application.objects.filter(person=person).select_related("visit__event").order_by("pk")
    applications = [row for row in rows if can_manage_visit(reader, row.visit.event)]
    states = find_states_across_visits(applications) if applications else {}
    upcoming = [row.visit for row in applications if not row.visit.event.is_over()]
    undecided_ids = {row.pk for row in list_undecided_applications(upcoming, person=person)}
    return [
        Participation(
            row.visit.event,
            state=str(states[row.pk].label),
            path=reverse("organize-visit-applicant", args=[row.visit.event.slug, row.pk]),
            needs_decision=row.pk in undecided_ids,
        )
        for row in applications
    ]
