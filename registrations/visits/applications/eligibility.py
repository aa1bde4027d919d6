"""Decide who is eligible for a visit: the pure decision, its reasons as sentences, and loading the facts."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Company, Employment, Person, Seat
from convention.club.permissions import get_open_seat
from convention.text.dates import format_date
from registrations.models import Ticket, WaitingEntry
from registrations.visits.models import Application, Visit

from .company_markets import CompanyMarkets

Refusal = Application.Refusal


@dataclass(frozen=True, kw_only=True)
class VisitCandidate:
    """The facts about one person for one visit.

    `market_ids` are the markets of the groups of all employers on the day, without the host's own group.
    `places_left` is None where the company has no limit.
    """

    has_seat: bool
    market_ids: frozenset[int] = frozenset()
    host_market_ids: frozenset[int] = frozenset()
    places_left: int | None = None
    has_overlapping_visit: bool = False


def find_objections(candidate: VisitCandidate) -> list[str]:
    """Return the codes of `Application.Refusal` that apply; an empty list means eligible."""
    # All of them are reported, not only the first: the applicant can clear them up in one go.
    checks = (
        (not candidate.has_seat, Refusal.NO_SEAT),
        (bool(candidate.market_ids & candidate.host_market_ids), Refusal.COMPETITOR),
        (candidate.places_left is not None and candidate.places_left <= 0, Refusal.COMPANY_LIMIT),
        (candidate.has_overlapping_visit, Refusal.SAME_DAY),
    )
    return [str(code) for applies, code in checks if applies]


def describe_objections(visit: Visit, codes: Collection[str]) -> list[str]:
    """Return each code as a sentence that tells the applicant what they can do about it."""
    sentences = describe_all_refusals(visit) if codes else {}
    return [sentences[code] for code in codes if code in sentences]


def describe_all_refusals(visit: Visit) -> dict[str, str]:
    """Return the sentence for each code; cheaper than one by one, as the ticket is read once."""
    return {
        Refusal.NO_SEAT: _(
            "You will not have a seat at a member company on %(day)s. Ask your company’s "
            "contact for one, then apply here."
        )
        % {"day": format_date(visit.event.starts_at, visit.event.zone)},
        Refusal.COMPETITOR: _(
            "Your company or its group sells in the same market as the host, and the host does "
            "not open its site to competitors."
        ),
        Refusal.COMPANY_LIMIT: _describe_company_cap(visit),
        Refusal.SAME_DAY: _(
            "You have applied for another visit that takes place at the same time. Withdraw that application "
            "first, then apply here."
        ),
    }


def describe_objections_to(
    person: Person, seat: Seat | None, visit: Visit, codes: Collection[str]
) -> list[str]:
    """Return each code as a sentence about the person, for the club and the host."""
    cap = _get_company_cap(visit)
    limit = ngettext(
        "%(company)s already has its place: at most %(most)d person per company can attend.",
        "%(company)s already has its places: at most %(most)d people per company can attend.",
        cap,
    )
    sentences = {
        Refusal.NO_SEAT: _("%(name)s has no seat at a member company on %(day)s."),
        Refusal.COMPETITOR: _("%(name)s works for a competitor of the host."),
        Refusal.COMPANY_LIMIT: limit,
        Refusal.SAME_DAY: _("%(name)s has applied for another visit that takes place at the same time."),
    }
    values = {
        "name": str(person),
        "company": seat.membership.company.name if seat else "",
        "day": format_date(visit.event.starts_at, visit.event.zone),
        "most": cap,
    }
    return [sentences[Refusal(code)] % values for code in codes]


def _get_company_cap(visit: Visit) -> int:
    ticket = get_member_ticket(visit)
    return (ticket.company_cap if ticket else None) or 0


def _describe_company_cap(visit: Visit) -> str:
    cap = _get_company_cap(visit)
    sentence = ngettext(
        "Your company already has its place: at most %(most)d person per company can attend. "
        "If your colleague withdraws, apply again.",
        "Your company already has its places: at most %(most)d people per company can attend. "
        "If a colleague withdraws, you can apply.",
        cap,
    )
    return sentence % {"most": cap}


def get_member_ticket(visit: Visit) -> Ticket | None:
    """Return the ticket for members, the default one of the event if there are several."""
    ticket = Ticket.objects.for_members().filter(event=visit.event_id).last()
    if ticket:
        # Saves a query: callers read the ticket's event.
        ticket.event = visit.event
    return ticket


def find_seat_on_visit_day(visit: Visit, person: Person) -> Seat | None:
    """Return the membership seat that the person holds on the day of the visit."""
    # A seat counts on the day of the visit, not on the day of the application.
    return get_open_seat(person, at=visit.day) if person.is_active else None


def build_candidate(visit: Visit, person: Person, seat: Seat | None) -> VisitCandidate:
    """Load the facts about one person for one visit; `seat` is theirs on its day."""
    company = seat.membership.company if seat else None
    companies, host = CompanyMarkets.load(), visit.event.host_id
    return VisitCandidate(
        has_seat=seat is not None,
        market_ids=companies.list_competing_markets(list_employer_ids(person, visit.day), host),
        host_market_ids=companies.list_host_markets(host),
        places_left=count_places_left(get_member_ticket(visit), company) if company else None,
        has_overlapping_visit=has_overlapping_application(visit, person),
    )


def list_employer_ids(person: Person, day: datetime.date) -> list[int]:
    """Return the ids of the companies that employ the person on that day."""
    # All employers, not only the one of the seat: a second job at a competitor counts too.
    jobs = Employment.objects.open(at=day).filter(person=person).order_by("company")
    return list(jobs.values_list("company", flat=True))


def count_places_left(ticket: Ticket | None, company: Company) -> int | None:
    """Return how many places the company may still take, offers included; None without a limit."""
    if ticket is None:
        return None
    # By the company of the application, whose seat counts on the day of the visit: by the address, as in
    # `waiting_list.offers`, it would be the company of today.
    offered = WaitingEntry.objects.with_offer().filter(ticket=ticket, application__company=company)
    return ticket.count_company_places_left(company, offer_count=offered.count())


def has_overlapping_application(visit: Visit, person: Person) -> bool:
    """Return whether the person has a valid application for another visit at the same time."""
    event = visit.event
    others = Application.objects.still_valid().filter(person=person, visit__cancelled_at__isnull=True)
    # Half-open intervals: a visit may begin at the moment another one ends.
    overlaps = Q(visit__event__starts_at__lt=event.ends_at, visit__event__ends_at__gt=event.starts_at)
    return others.filter(overlaps).exclude(visit=visit.pk).exists()
