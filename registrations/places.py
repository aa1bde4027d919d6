"""Places are taken and given back by conditional statements, so that none is ever sold twice."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Company
from convention.counters import Counted, take_from
from convention.errors import SoldOut

from .models import CompanyShare, Registration, Ticket

type Seat = tuple[Ticket, Company | None]
"""A place of a ticket, and the member company that it counts for, if any."""


class CompanyFull(SoldOut):
    """The company has all the places that one company may have."""

    kind = "company-full"


def take(wanted: Mapping[Counted, int]) -> None:
    """Take places of tickets and of whatever else can run out; the rows stay locked until commit.

    Raises SoldOut when one has too few left: the caller's transaction must then be undone.
    """
    if short := take_from(wanted):
        raise sold_out(short)


def sold_out(row: Counted) -> SoldOut:
    """The sentence to raise for a ticket, or whatever else, without enough places."""
    left = row.left
    if not left:
        return SoldOut(_("No place is left for “%(ticket)s”.") % {"ticket": row.title})
    sentence = ngettext(
        "Only %(left)d place is left for “%(ticket)s”.",
        "Only %(left)d places are left for “%(ticket)s”.",
        left,
    )
    return SoldOut(sentence % {"left": left, "ticket": row.title})


def take_share(ticket: Ticket, company: Company, places: int = 1) -> None:
    """Count places of a company; does nothing where the ticket has no cap. Raises CompanyFull."""
    if ticket.company_cap is None:
        return
    CompanyShare.objects.bulk_create([CompanyShare(ticket=ticket, company=company)], ignore_conflicts=True)
    # No join here: a condition in a subquery would not be looked at again after waiting for the row.
    most = ticket.company_cap - places
    share = CompanyShare.objects.filter(ticket=ticket, company=company, taken__lte=most)
    if not share.update(taken=F("taken") + places):
        raise CompanyFull(
            _("%(company)s already has all the places that one company may have (%(most)d).")
            % {"company": company.name, "most": ticket.company_cap}
        )


def give_back(registrations: Iterable[Registration]) -> None:
    """Free the places of these registrations; the caller has just stopped counting them."""
    registrations = list(registrations)
    shares = Counter((r.ticket_id, r.member_of_id) for r in registrations if r.member_of_id)
    for (ticket, company), places in sorted(shares.items()):
        _free_share(ticket, company, places)
    for ticket, places in sorted(Counter(r.ticket_id for r in registrations).items()):
        _free(ticket, places)


def take_again(registrations: Iterable[Registration]) -> None:
    """Take the places of registrations of one event that had been given back; the twin of `give_back`.

    Raises SoldOut or CompanyFull: the caller's transaction must then be undone.
    """
    registrations = list(registrations)
    for registration in sorted(registrations, key=lambda r: (r.ticket_id, r.member_of_id or 0)):
        if registration.member_of:
            take_share(registration.ticket, registration.member_of)
    take(Counter(registration.ticket for registration in registrations))


def _free_share(ticket: int, company: int, places: int) -> None:
    CompanyShare.objects.filter(ticket=ticket, company=company).update(
        taken=Greatest(F("taken"), places) - places
    )


def _free(ticket: int, places: int) -> None:
    Ticket.objects.filter(pk=ticket).update(taken=Greatest(F("taken"), places) - places)


def exchange(given_up: Iterable[Seat], wanted: Iterable[Seat]) -> None:
    """Give places back and take others at once: of each counter only the difference is written.

    Shares come before tickets, each in one order, so that nobody waits in a ring. Raises SoldOut or
    CompanyFull: the caller's transaction must then be undone.
    """
    seats = Counter(wanted)
    seats.subtract(given_up)
    places = Counter[Ticket]()
    for (ticket, company), number in sorted(seats.items(), key=_place_of):
        places[ticket] += number
        if company and number > 0:
            take_share(ticket, company, number)
        elif company and number < 0:
            _free_share(ticket.pk, company.pk, -number)
    for ticket in sorted(places, key=lambda ticket: ticket.pk):
        if places[ticket] < 0:
            _free(ticket.pk, -places[ticket])
        elif places[ticket] > 0:
            take({ticket: places[ticket]})


def _place_of(seats: tuple[Seat, int]) -> tuple[int, int]:
    """Where a share stands in the order in which all are locked."""
    (ticket, company), _number = seats
    return ticket.pk, company.pk if company else 0


@transaction.atomic
def release_lapsed(tickets: Iterable[int], *, at: datetime.datetime) -> int:
    """Give back places that were held for a proof or a payment that did not come in time; returns how many.

    A late one may still take a place, if one is left then.
    """
    lapsed = list(
        Registration.objects.lapsed(at=at)
        .filter(ticket__in=list(tickets))
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    Registration.objects.filter(pk__in=[r.pk for r in lapsed]).update(held_until=None)
    held = [r for r in lapsed if r.takes_place]
    give_back(held)
    return len(held)


def refresh_held(tickets: Iterable[Ticket], *, at: datetime.datetime) -> None:
    """Before places are shown: give back what lapsed, and read again how many are taken."""
    held = {ticket.pk: ticket for ticket in tickets if ticket.capacity is not None}
    lapsed = Registration.objects.lapsed(at=at).filter(ticket__in=held)
    if held and lapsed.exists():
        release_lapsed(held, at=at)
        for pk, taken in Ticket.objects.filter(pk__in=held).values_list("pk", "taken"):
            held[pk].taken = taken
