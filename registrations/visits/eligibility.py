"""Who may come on a visit: a pure decision with its reasons, the reasons in words, and the facts it needs."""

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.doors import open_seat
from convention.club.models import Company, Employment, Person, Seat
from convention.dates import say_day

from ..models import CompanyShare, Ticket, WaitingEntry
from .firms import Firms
from .models import Application, Visit

Refusal = Application.Refusal


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """What is looked at. `employers` are all firms that somebody works for on the day, with their groups.

    `sells` are the markets of those groups but for the host's own; `left` is None without a cap.
    """

    has_seat: bool
    sells: frozenset[int] = frozenset()
    host_sells: frozenset[int] = frozenset()
    left: int | None = None
    is_elsewhere: bool = False


def objections(candidate: Candidate) -> list[str]:
    """The codes of all that speaks against coming (`Application.Refusal`); empty where nothing does."""
    found = (
        (not candidate.has_seat, Refusal.NO_SEAT),
        (bool(candidate.sells & candidate.host_sells), Refusal.COMPETITOR),
        (candidate.left is not None and candidate.left <= 0, Refusal.CAP),
        (candidate.is_elsewhere, Refusal.SAME_DAY),
    )
    return [str(code) for is_so, code in found if is_so]


def in_words(visit: Visit, codes: Collection[str]) -> list[str]:
    """Each reason as a sentence that tells the applicant what to do, if anything can be done."""
    known = sentences_of(visit) if codes else {}
    return [known[code] for code in codes if code in known]


def sentences_of(visit: Visit) -> dict[str, str]:
    """The sentence for each reason, for those who need many; it asks for the cap once."""
    return {
        Refusal.NO_SEAT: _(
            "You hold no seat of a member company on %(day)s. Your company’s contact gives seats; "
            "once you have one, apply again."
        )
        % {"day": say_day(visit.event.starts_at, visit.event.zone)},
        Refusal.COMPETITOR: _(
            "A company that you work for, or its group, sells in the same market as the host, and the host "
            "shows its site to no competitor."
        ),
        Refusal.CAP: _about_cap(visit),
        Refusal.SAME_DAY: _(
            "You have asked to join another visit at the same time. Withdraw there first, then apply here."
        ),
    }


def _about_cap(visit: Visit) -> str:
    ticket = ticket_of(visit)
    most = (ticket.company_cap if ticket else None) or 0
    sentence = ngettext(
        "Your company has its place already: one company sends at most %(most)d person. If a colleague "
        "withdraws, apply again.",
        "Your company has its places already: one company sends at most %(most)d people. If a colleague "
        "withdraws, apply again.",
        most,
    )
    return sentence % {"most": most}


def ticket_of(visit: Visit) -> Ticket | None:
    """The ticket of the places that are given on application: the event's default one, for members."""
    rows = Ticket.objects.filter(event=visit.event_id, audience=Ticket.Audience.MEMBER)
    ticket = rows.order_by("-is_default", "position", "pk").first()
    if ticket:
        ticket.event = visit.event
    return ticket


def seat_on_the_day(visit: Visit, person: Person) -> Seat | None:
    """The seat that makes this person a member on the day of the visit."""
    return open_seat(person, at=visit.day) if person.is_active else None


def candidate_for(visit: Visit, person: Person, seat: Seat | None) -> Candidate:
    """What is known now of somebody who wants to come."""
    company = seat.membership.company if seat else None
    firms, host = Firms.read(), visit.event.host_id
    return Candidate(
        has_seat=seat is not None,
        sells=firms.sold_against(employers(person, visit.day), host),
        host_sells=firms.sold_by_host(host),
        left=places_left(ticket_of(visit), company) if company else None,
        is_elsewhere=is_elsewhere(visit, person),
    )


def employers(person: Person, day: datetime.date) -> list[int]:
    """The companies that somebody works for on a day, by id."""
    jobs = Employment.objects.open(at=day).filter(person=person).order_by("company")
    return list(jobs.values_list("company", flat=True))


def places_left(ticket: Ticket | None, company: Company) -> int | None:
    """Places that the company may still have, those offered to its people counted as taken."""
    if ticket is None or ticket.company_cap is None:
        return None
    shares = CompanyShare.objects.filter(ticket=ticket, company=company)
    taken = shares.values_list("taken", flat=True).first() or 0
    offered = WaitingEntry.objects.offered().filter(ticket=ticket, application__company=company)
    return ticket.company_cap - taken - offered.count()


def is_elsewhere(visit: Visit, person: Person) -> bool:
    """Whether somebody has asked to join another visit at the same time, and that still stands."""
    event = visit.event
    others = Application.objects.alive().filter(person=person, visit__cancelled_at__isnull=True)
    same = Q(visit__event__starts_at__lt=event.ends_at, visit__event__ends_at__gt=event.starts_at)
    return others.filter(same).exclude(visit=visit.pk).exists()
