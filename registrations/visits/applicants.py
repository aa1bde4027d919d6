"""Who asked to come on a visit, as those who run it see it: rows with their states, counts, and as a file."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from convention.downloads import Sheet

from ..line import waiting_order
from ..models import Registration, Ticket, WaitingEntry
from ..on_application import ranked
from .eligibility import sentences_of, ticket_of
from .lost_seats import lost_seats
from .models import Application, Visit
from .standing import State, states_of


@dataclass(frozen=True)
class Applicant:
    """One row. `position` counts in the waiting list; `against` speaks against it today."""

    application: Application
    state: State
    position: int = 0
    against: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Who asked, or that they were erased."""
        return str(self.application.person or _("erased"))

    @property
    def is_to_decide(self) -> bool:
        """Whether who runs the visit has to keep or free the place."""
        return bool(self.against) and self.application.kept_at is None and not self.state.has_ended


def applicants_of(visit: Visit) -> list[Applicant]:
    """Everybody who asked, in order of time; the same number of queries however many there are."""
    rows = visit.applications.select_related("person", "company", "registration", "waiting")
    applications = list(rows.order_by("applied_at", "pk"))
    for one in applications:
        one.visit = visit
    states = states_of(visit, applications)
    against, positions = lost_seats(visit, applications), positions_in(visit)
    return [
        Applicant(
            one,
            states[one.pk],
            positions.get(one.waiting_id or 0, 0),
            against.get(one.pk, []) if not states[one.pk].has_ended else [],
        )
        for one in applications
    ]


def places_not_applied_for(visit: Visit) -> list[Registration]:
    """Members’ places that no application leads to: whose they are could not be told when the visit began."""
    places = Registration.objects.confirmed().filter(event=visit.event_id, application__isnull=True)
    of_members = places.filter(ticket__audience=Ticket.Audience.MEMBER)
    return list(of_members.select_related("event").order_by("sort_name", "pk"))


def positions_in(visit: Visit) -> dict[int, int]:
    """The place in the line of each who waits, by the entry's id, 1 being next."""
    ticket = ticket_of(visit)
    if ticket is None:
        return {}
    line = WaitingEntry.objects.standing().filter(ticket=ticket, offered_at__isnull=True)
    return {entry.pk: n for n, entry in enumerate(waiting_order(ranked(line, ticket)), start=1)}


def in_line(visit: Visit) -> list[Application]:
    """Those who wait without an offer, the next one first."""
    positions = positions_in(visit)
    waiting = Application.objects.standing().filter(visit=visit, registration=None, waiting__in=positions)
    rows = waiting.filter(person__email__isnull=False).select_related("person", "company")
    return sorted(rows, key=lambda one: positions[one.waiting_id or 0])


def counts_of(applicants: list[Applicant]) -> list[tuple[State, int]]:
    """How many there are in each state that somebody is in, in the order of the way, the ends last."""
    counted = Counter(one.state for one in applicants)
    return [(state, counted[state]) for state in sorted(counted, key=_place_of)]


def _place_of(state: State) -> tuple[bool, int]:
    return state.has_ended, list(State).index(state)


def sheet_of(visit: Visit) -> Sheet:
    """All applicants as a list to download; nothing that the host alone is told."""
    header = [
        _("Name"), _("E-mail"), _("Company"), _("State"), _("Applied on"), _("Position"), _("Reasons"),
    ]  # fmt: skip
    return Sheet(_("Applicants"), header, _cells(visit))


def _cells(visit: Visit) -> Iterator[list[Any]]:
    sentences = sentences_of(visit)
    for one in applicants_of(visit):
        application, person = one.application, one.application.person
        yield [
            one.name,
            (person.email if person else "") or "",
            application.company.name if application.company else "",
            str(one.state.label),
            application.applied_at.astimezone(visit.event.zone),
            one.position or "",
            " ".join(sentences[code] for code in [*application.reasons, *one.against] if code in sentences),
        ]
