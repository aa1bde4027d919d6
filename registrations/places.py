"""Places are taken and given back by conditional statements, so that none is ever sold twice."""

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.models import Company
from convention.counters import Counted, give_back_to, take_from
from convention.errors import SoldOut

from .models import (
    Addon,
    CompanyShare,
    Package,
    Passes,
    Registration,
    RegistrationAddon,
    Sponsorship,
    Ticket,
    Voucher,
)
from .offer import offer_free
from .options import options_of
from .shared import count_shared, lock_sharing

NOTHING: Final[Mapping[Counted, int]] = {}
type Seat = tuple[Ticket, Company | None]
"""A place of a ticket, and the member company that it counts for, if any."""


class CompanyFull(SoldOut):
    """The company has all the places that one company may have."""

    kind = "company-full"


class Spent(SoldOut):
    """The code, or the membership's passes, were used up by others meanwhile."""

    kind = "code-used-up"


def take(wanted: Mapping[Counted, int]) -> None:
    """Take places of tickets and of whatever else can run out; the rows stay locked until commit.

    With a ticket's places go those of the quota that it shares. Raises SoldOut when one has too few left:
    the caller's transaction must then be undone.
    """
    if short := take_from(wanted):
        raise sold_out(short)
    _share({row.pk: places for row, places in wanted.items() if isinstance(row, Ticket)})


def _share(changes: Mapping[int, int]) -> None:
    if short := count_shared(changes):
        raise sold_out(short)


def take_again(registrations: Iterable[Registration], besides: Mapping[Counted, int] = NOTHING) -> None:
    """Take what registrations of one event had before it was given back, and what is `besides`, such as a
    sponsor's package; the twin of `give_back`.

    Raises SoldOut or CompanyFull: the caller's transaction must then be undone.
    """
    wanted = Counter[Counted](besides)
    for registration in sorted(registrations, key=lambda r: (r.ticket_id, r.member_of_id or 0)):
        if registration.member_of:
            take_share(registration.ticket, registration.member_of)
        addons = registration.addons.filter(cancelled_at__isnull=True).select_related("addon")
        wanted += belongings(registration, addons)
        wanted.update(options_of([registration]))
        if registration.membership_pass:
            wanted[registration.membership_pass] += 1
    take(wanted)


def belongings(registration: Registration, addons: Iterable[RegistrationAddon]) -> Counter[Counted]:
    """What a registration takes that can run out: a place of its ticket, its add-ons, a use of its code."""
    taken = Counter[Counted]([registration.ticket])
    taken.update(chosen.addon for chosen in addons)
    if registration.voucher:
        taken[registration.voucher] += 1
    return taken


def sold_out(row: Counted) -> SoldOut:
    """The sentence to raise for a ticket, or whatever else, without enough places."""
    if isinstance(row, Voucher):
        return Spent(_("The code “%(code)s” was used by others meanwhile.") % {"code": row.code})
    left = row.left
    if not left:
        kind = Spent if isinstance(row, Passes) else SoldOut
        return kind(_("No place is left for “%(ticket)s”.") % {"ticket": row.title})
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


def give_back(registrations: Iterable[Registration], besides: Mapping[Counted, int] = NOTHING) -> None:
    """Free the places of these registrations; the caller has just stopped counting them.

    Whoever waits for one is offered it before anybody else can see it. What else is freed `besides`, such as
    a sponsor's package, is freed in the same order.
    """
    registrations = list(registrations)
    shares = Counter((r.ticket_id, r.member_of_id) for r in registrations if r.member_of_id)
    for (ticket, company), places in sorted(shares.items()):
        _free_share(ticket, company, places)
    tickets = Counter(registration.ticket_id for registration in registrations)
    freed = taken_besides(registrations)
    freed.update(besides)
    give_back_to(freed)
    lock_sharing(tickets)
    give_back_to({Ticket(pk=pk): places for pk, places in tickets.items()})
    _share({pk: -places for pk, places in tickets.items()})
    for ticket in sorted(tickets):
        offer_free(Ticket, ticket)


def taken_besides(registrations: Collection[Registration]) -> Counter[Counted]:
    """What these registrations take besides their tickets: codes, passes, add-ons, options."""
    taken = Counter[Counted](Voucher(pk=r.voucher_id) for r in registrations if r.voucher_id)
    taken.update(Passes(pk=r.membership_pass_id) for r in registrations if r.membership_pass_id)
    standing = RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True)
    taken.update(Addon(pk=pk) for pk in standing.order_by().values_list("addon", flat=True))
    taken.update(options_of(registrations))
    return taken


def _free_share(ticket: int, company: int, places: int) -> None:
    CompanyShare.objects.filter(ticket=ticket, company=company).update(
        taken=Greatest(F("taken"), places) - places
    )


def exchange(
    given_up: Iterable[Seat], wanted: Iterable[Seat], *, besides: Mapping[Counted, int] = NOTHING
) -> None:
    """Give places back and take others at once: of each counter only the difference is written.

    `besides` says how many more of other things are taken, such as add-ons; less is negative. Shares come
    first and tickets last, each in one order, so that nobody waits in a ring. Raises SoldOut or CompanyFull:
    the caller's transaction must then be undone.
    """
    seats = Counter(wanted)
    seats.subtract(given_up)
    places = Counter[Ticket]()
    for (ticket, company), number in sorted(seats.items(), key=place_of):
        places[ticket] += number
        if company and number > 0:
            take_share(ticket, company, number)
        elif company and number < 0:
            _free_share(ticket.pk, company.pk, -number)
    _exchange_besides(besides)
    lock_sharing([ticket.pk for ticket in places])
    for ticket in sorted(places, key=lambda ticket: ticket.pk):
        if places[ticket] < 0:
            give_back_to({ticket: -places[ticket]})
        elif short := take_from({ticket: places[ticket]}):
            raise sold_out(short)
    _share({ticket.pk: change for ticket, change in places.items() if change})
    for pk in sorted(ticket.pk for ticket, change in places.items() if change < 0):
        offer_free(Ticket, pk)


def _exchange_besides(changes: Mapping[Counted, int]) -> None:
    """Take more of some, give others back, each row in its turn."""
    for row in sorted(changes, key=lambda row: (row.TURN, row.pk)):
        if changes[row] < 0:
            give_back_to({row: -changes[row]})
        elif changes[row]:
            take({row: changes[row]})


def place_of(seats: tuple[Seat, int]) -> tuple[int, int]:
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


@transaction.atomic
def release_packages(*, at: datetime.datetime) -> int:
    """Give back packages held for a payment or a verification that did not come in time; returns how many.

    The places that come with them have the same end, and lapse as any other. A late payment may still take
    the package, if one is left then.
    """
    rows = Sponsorship.objects.lapsed(at=at).order_by("pk")
    lapsed = list(rows.select_for_update(of=("self",)))
    Sponsorship.objects.filter(pk__in=[one.pk for one in lapsed]).update(held_until=None)
    give_back_to(Counter(Package(pk=one.package_id) for one in lapsed if one.takes_place))
    return len(lapsed)


def refresh_held(tickets: Iterable[Ticket], *, at: datetime.datetime) -> None:
    """Before places are shown: give back what lapsed, and read again how many are taken."""
    held = {ticket.pk: ticket for ticket in tickets if ticket.left is not None}
    lapsed = Registration.objects.lapsed(at=at).filter(ticket__in=held)
    if held and lapsed.exists():
        release_lapsed(held, at=at)
        for pk, taken in Ticket.objects.filter(pk__in=held).values_list("pk", "taken"):
            held[pk].taken = taken
        for ticket in held.values():
            if ticket.quota:
                ticket.quota.refresh_from_db(fields=["taken", "capacity"])
