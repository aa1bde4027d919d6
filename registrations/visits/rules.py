"""The rules of visits, as waiting lists and registration ask them (`registrations/on_application.py`)."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.club.models import Seat
from convention.events.models import Event

from ..models import CompanyShare, Registration, Ticket, WaitingEntry
from ..on_application import GivenOnApplication
from .deadline import locks_at
from .eligibility import Refusal, candidate_for, in_words, objections, seat_on_the_day
from .models import Application, Visit
from .refusals import NotEligible
from .tell_applicant import tell_applicant

PASSED_OVER = {
    Refusal.NO_SEAT: WaitingEntry.PassedOver.NOT_A_MEMBER,
    Refusal.CAP: WaitingEntry.PassedOver.COMPANY_FULL,
}


def fair_ranks(waiting: Iterable[tuple[int, int | None]], held: Mapping[int, int]) -> dict[int, int]:
    """The rank of each who waits, given with their company in the order in which they joined: pure.

    It is the number of places that the company would have before this one, so that companies without a
    place come first, and no company has a second one while another waits for its first.
    """
    before = Counter(held)
    ranks = {}
    for entry, company in waiting:
        ranks[entry] = before[company] if company else 0
        if company:
            before[company] += 1
    return ranks


class VisitRules:
    """Of an event with a visit: who may come, in which order they are served, and until when."""

    def governed(self, events: Collection[Event]) -> Collection[int]:
        """The ids of those of these events that have a visit."""
        return set(Visit.objects.filter(event__in=events).order_by().values_list("event", flat=True))

    def page(self, event: Event) -> str:
        """The member's page of the visit."""
        return reverse("visit", args=[event.slug])

    def until(self, event: Event) -> datetime.datetime:
        """Until the list is locked, or the visit called off."""
        visit = Visit.objects.get(event=event)
        visit.event = event
        return min(visit.cancelled_at or locks_at(visit), locks_at(visit))

    def ranks(self, ticket: Ticket) -> Mapping[int, int]:
        """Companies without a place first, then as they joined."""
        standing = WaitingEntry.objects.standing().filter(ticket=ticket)
        line = standing.filter(offered_at__isnull=True).order_by("joined_at", "pk")
        shares = CompanyShare.objects.filter(ticket=ticket).values_list("company", "taken")
        offered = standing.filter(offered_at__isnull=False, application__company__isnull=False).order_by()
        held = Counter(dict(shares)) + Counter(offered.values_list("application__company", flat=True))
        return fair_ranks(line.values_list("pk", "application__company"), held)

    def objection(self, entry: WaitingEntry) -> str:
        """What speaks against serving this entry now: all that is looked at of any applicant."""
        application = _application_of(entry)
        if application is None or application.person is None:
            return str(WaitingEntry.PassedOver.NOT_A_MEMBER)
        seat = seat_on_the_day(application.visit, application.person)
        codes = objections(candidate_for(application.visit, application.person, seat))
        return str(PASSED_OVER.get(Refusal(codes[0]), WaitingEntry.PassedOver.NOT_ELIGIBLE)) if codes else ""

    def seat(self, entry: WaitingEntry) -> Seat:
        """The seat on the day of the visit. Raises NotEligible; the place that is held counts for its cap."""
        application = _application_of(entry)
        if application is None or application.person is None:
            raise GivenOnApplication(_("This place is for someone who applied for the visit."))
        visit, person = application.visit, application.person
        seat = seat_on_the_day(visit, person)
        codes = objections(replace(candidate_for(visit, person, seat), left=None))
        if codes or seat is None:
            raise NotEligible(in_words(visit, codes))
        return seat

    def admit(self, registrations: Sequence[Registration]) -> None:
        """Each place belongs to an application that stands and has no other. Raises GivenOnApplication."""
        for registration in registrations:
            others = Application.objects.filter(registration=registration).exclude(
                person=registration.person_id
            )
            if registration.person_id is None or others.exists() or not _link(registration):
                sentence = _(
                    "Places of this visit are given on application: who wants to come applies first."
                )
                raise GivenOnApplication(sentence)

    def is_applied_for(self, registration: Registration) -> bool:
        """Whether the place is that of an application that stands."""
        return Application.objects.standing().filter(registration=registration).exists()


def _link(registration: Registration) -> bool:
    """Make the place that of its holder's application, and ask for what comes next; whether there is one."""
    free = Q(registration__isnull=True) | Q(registration=registration)
    theirs = Application.objects.standing().filter(
        free, visit__event=registration.event_id, person=registration.person_id
    )
    application = theirs.first()
    if application is None:
        return False
    application.registration = registration
    # Who waits may change employer: the place is that of the seat which counts now.
    application.company_id = registration.member_of_id or application.company_id
    application.save(update_fields=["registration", "company"])
    tell_applicant.enqueue(application.pk)
    return True


def _application_of(entry: WaitingEntry) -> Application | None:
    rows = Application.objects.standing().select_related("visit__event__host", "person")
    return rows.filter(waiting=entry).first()


RULES = VisitRules()
