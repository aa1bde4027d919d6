"""Seats that a list gives: counted under the locks of the memberships, never more than each allows."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import formats
from django.utils.translation import gettext as _

from .models import Company, Membership, Person, Seat
from .periods import Span, most_at_once, overlap
from .seats import NoSeatLeft, refuse_too_many, span_of


@dataclass(frozen=True)
class Wish:
    """A row that asks for a seat, from a day to the end of the employment."""

    number: int
    company: Company
    person: Person
    span: Span


def seats_for(
    wishes: Sequence[Wish], *, ended: Mapping[tuple[int, int], datetime.date] | None = None
) -> tuple[list[Seat], list[tuple[int, str]]]:
    """The seats to give, and what is wrong with rows that ask for one in vain.

    `ended` are last days, by person and company, that are not written yet: no seat is counted after them.
    Memberships are locked in the order of their keys; whoever holds a seat at that time needs no other.
    """
    companies = {wish.company.pk for wish in wishes if wish.company.pk}
    locked = Membership.objects.select_for_update(of=("self",)).filter(company__in=companies).order_by("pk")
    by_company, company_of = defaultdict[int, list[Membership]](list), dict[int, int]()
    for one in locked:
        by_company[one.company_id].append(one)
        company_of[one.pk] = one.company_id
    given = defaultdict[int, list[Seat]](list)
    for seat in Seat.objects.filter(membership__company__in=companies).order_by("pk"):
        if _counts(seat, (ended or {}).get((seat.person_id, company_of[seat.membership_id]))):
            given[seat.membership_id].append(seat)
    wanted = defaultdict[Membership, list[tuple[int, Seat]]](list)
    errors: list[tuple[int, str]] = []
    for wish in wishes:
        membership = _open_on(by_company[wish.company.pk or 0], wish.span[0])
        if membership is None:
            errors.append((wish.number, _no_membership(wish)))
        elif not _holds_one(given[membership.pk], wish):
            first, last = wish.span
            seat = Seat(membership=membership, person=wish.person, starts_on=first, ends_on=last)
            wanted[membership].append((wish.number, seat))
    for one, asked in wanted.items():
        errors += _too_many(one, list(map(span_of, given[one.pk])), asked)
    return [seat for asked in wanted.values() for _number, seat in asked], errors


def _counts(seat: Seat, last: datetime.date | None) -> bool:
    """Whether the seat is one still, shortened to where an employment ends."""
    if last and (seat.ends_on is None or seat.ends_on > last):
        seat.ends_on = last
    return seat.ends_on is None or seat.ends_on >= seat.starts_on


def _open_on(memberships: Iterable[Membership], day: datetime.date) -> Membership | None:
    return next((one for one in memberships if one.is_open(at=day)), None)


def _no_membership(wish: Wish) -> str:
    sentence = _("%(company)s has no membership on %(day)s: confirm one first, there are no seats to give.")
    return sentence % {"company": wish.company, "day": formats.date_format(wish.span[0])}


def _holds_one(seats: Iterable[Seat], wish: Wish) -> bool:
    return any(seat.person_id == wish.person.pk and overlap(span_of(seat), wish.span) for seat in seats)


def _too_many(
    membership: Membership, held: list[Span], asked: Sequence[tuple[int, Seat]]
) -> Iterator[tuple[int, str]]:
    """The rows beyond what the membership allows, in the order of the list."""
    if most_at_once([*held, *(span_of(seat) for _number, seat in asked)]) <= membership.allowed:
        return
    for number, seat in asked:
        try:
            refuse_too_many(membership.allowed, [*held, span_of(seat)])
        except NoSeatLeft as error:
            yield number, str(error)
        else:
            held.append(span_of(seat))
