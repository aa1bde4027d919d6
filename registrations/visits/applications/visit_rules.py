"""The rules of visits behind `registrations.application_rules`, used by bookings and waiting lists."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.club.models import Seat
from convention.events.models import Event
from registrations.application_rules import ApplicationRequired
from registrations.models import CompanyShare, Registration, Ticket, WaitingEntry
from registrations.visits.models import Application, Visit
from registrations.visits.preconditions import NotEligible

from .eligibility import (
    Refusal,
    build_candidate,
    describe_objections,
    find_objections,
    find_seat_on_visit_day,
)
from .notifications import queue_text_request

SKIP_REASON_BY_REFUSAL = {
    Refusal.NO_SEAT: WaitingEntry.SkipReason.NOT_A_MEMBER,
    Refusal.COMPANY_LIMIT: WaitingEntry.SkipReason.COMPANY_FULL,
}


def compute_fair_ranks(
    entries: Iterable[tuple[int, int | None]], places_by_company: Mapping[int, int]
) -> dict[int, int]:
    """Return the rank of each waiting entry, given with its company in the order of joining.

    The rank is the number of places that the company would already have, so companies without a place come
    first and nobody gets a second place while another company waits for its first. No database access.
    """
    counts = Counter(places_by_company)
    ranks = {}
    for entry, company in entries:
        ranks[entry] = counts[company] if company else 0
        if company:
            # Each entry counts for its successors: of two colleagues who wait, the second ranks behind other
            # companies.
            counts[company] += 1
    return ranks


class VisitRules:
    """Rules for events with a visit: eligibility, the order of the waiting list, and its deadline."""

    def find_governed_ids(self, events: Collection[Event]) -> Collection[int]:
        """Return the ids of the events that have a visit."""
        return set(Visit.objects.filter(event__in=events).order_by().values_list("event", flat=True))

    def get_application_path(self, event: Event) -> str:
        """Return the path of the member's page of the visit."""
        return reverse("visit", args=[event.slug])

    def get_new_application_path(self, event: Event) -> str:
        """Return the path of the page where organizers apply in place of members."""
        return reverse("organize-visit-application-new", args=[event.slug])

    def get_deadline(self, event: Event) -> datetime.datetime:
        """Return when the list is locked, or when the visit was cancelled before."""
        visit = Visit.objects.get(event=event)
        visit.event = event
        # A cancellation ends promotion at once, and a later one does not move the deadline back.
        locks_at = visit.locks_at
        return min(visit.cancelled_at or locks_at, locks_at)

    def rank_entries(self, ticket: Ticket) -> Mapping[int, int]:
        """Rank companies without a place first, then by the time of joining."""
        active_entries = WaitingEntry.objects.active().filter(ticket=ticket)
        waiting = active_entries.filter(offered_at__isnull=True).order_by("joined_at", "pk")
        shares = CompanyShare.objects.filter(ticket=ticket).values_list("company", "reserved")
        # An open offer counts as a place, else its company would be offered a second one before others have
        # their first.
        offered = active_entries.filter(
            offered_at__isnull=False, application__company__isnull=False
        ).order_by()
        places_by_company = Counter(dict(shares)) + Counter(
            offered.values_list("application__company", flat=True)
        )
        return compute_fair_ranks(waiting.values_list("pk", "application__company"), places_by_company)

    def find_objection(self, entry: WaitingEntry) -> str:
        """Return why this entry cannot be offered a place now, or ""; the rules of applying hold."""
        application = _find_application(entry)
        if application is None or application.person is None:
            return str(WaitingEntry.SkipReason.NOT_A_MEMBER)
        seat = find_seat_on_visit_day(application.visit, application.person)
        # The facts are loaded again: members change employer or lose their seat while they wait.
        codes = find_objections(build_candidate(application.visit, application.person, seat))
        return (
            # The first code is enough: organizers see only why the entry is passed over.
            str(SKIP_REASON_BY_REFUSAL.get(Refusal(codes[0]), WaitingEntry.SkipReason.NOT_ELIGIBLE))
            if codes
            else ""
        )

    def get_entitled_seat(self, entry: WaitingEntry) -> Seat:
        """Return the applicant's seat on the day of the visit. Raise NotEligible or ApplicationRequired.

        The company limit is not checked: the offered place already counts towards it.
        """
        application = _find_application(entry)
        if application is None or application.person is None:
            raise ApplicationRequired(_("This place is reserved for someone who applied for the visit."))
        visit, person = application.visit, application.person
        seat = find_seat_on_visit_day(visit, person)
        codes = find_objections(replace(build_candidate(visit, person, seat), places_left=None))
        if codes or seat is None:
            raise NotEligible(describe_objections(visit, codes))
        return seat

    def check_admission(self, registrations: Sequence[Registration]) -> None:
        """Link each registration to its holder's application. Raise ApplicationRequired without one."""
        for registration in registrations:
            # A correction of the name must not pass the place of an application on to another person.
            others = Application.objects.filter(registration=registration).exclude(
                person=registration.person_id
            )
            if registration.person_id is None or others.exists() or not _link_application(registration):
                sentence = _("Places on this visit are allocated on application. Apply for the visit first.")
                raise ApplicationRequired(sentence)

    def has_active_application(self, registration: Registration) -> bool:
        return Application.objects.active().filter(registration=registration).exists()


def _link_application(registration: Registration) -> bool:
    """Link a registration to its holder's application and notify them; return False if there is none."""
    # Linking again after a correction of the same registration is allowed.
    is_unassigned = Q(registration__isnull=True) | Q(registration=registration)
    candidates = Application.objects.active().filter(
        is_unassigned, visit__event=registration.event_id, person=registration.person_id
    )
    application = candidates.select_related("visit__event").first()
    if application is None:
        return False
    application.registration = registration
    # People may change employer while they wait: the place belongs to the company of their seat by now.
    application.company_id = registration.member_of_id or application.company_id
    application.save(update_fields=["registration", "company"])
    queue_text_request(application)
    return True


def _find_application(entry: WaitingEntry) -> Application | None:
    rows = Application.objects.active().select_related("visit__event__host", "person")
    return rows.filter(waiting_entry=entry).first()


VISIT_RULES = VisitRules()
