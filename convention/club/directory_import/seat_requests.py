"""Plan the seats that a list asks for, with the memberships locked so that none exceeds its limit."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum

from django.utils.translation import gettext as _

from convention.club.models import Company, Membership, Person, Seat, select_open_membership
from convention.club.periods import ONE_DAY, DateSpan, count_max_concurrent, spans_overlap
from convention.club.seats import NoSeatLeft, check_seat_limit, get_span
from convention.text.dates import format_date

# The key of a company and 0, or None and the `id` of one that is not stored yet.
type CompanyKey = tuple[int | None, int]


@dataclass(frozen=True)
class SeatRequest:
    """A row that asks for a seat, from a day to the end of the employment."""

    number: int
    company: Company
    person: Person
    span: DateSpan


class MissingMembership(Enum):
    """Whether a seat at a company without a membership refuses the list, or is left out of it."""

    REFUSE = "refuse"
    SKIP_SEATS = "skip-seats"


@dataclass(frozen=True)
class SeatPlan:
    """The seats to create, the errors of rows beyond a limit, and the requests without a membership.

    `companies_with_draft` have a membership that is not confirmed.
    """

    seats: list[Seat]
    limit_errors: list[tuple[int, str]]
    without_membership: list[SeatRequest]
    companies_with_draft: Set[CompanyKey] = frozenset()

    def list_errors(self, missing_membership: MissingMembership) -> list[tuple[int, str]]:
        """Return the errors by row, also of companies without a membership if these are refused."""
        missing = self.without_membership if missing_membership is MissingMembership.REFUSE else []
        return [*self.limit_errors, *((one.number, self._describe_missing(one)) for one in missing)]

    def _describe_missing(self, seat_request: SeatRequest) -> str:
        company = seat_request.company
        if _get_company_key(company) in self.companies_with_draft:
            sentence = _(
                "The membership of %(company)s is a draft, so there are no seats to give. Confirm it, or "
                "leave these seats out."
            )
            return sentence % {"company": company}
        sentence = _(
            "%(company)s has no membership on %(day)s, so there are no seats to give. Leave these seats out, "
            "or confirm a membership first."
        )
        return sentence % {"company": company, "day": format_date(seat_request.span[0])}


@dataclass
class MembershipSeats:
    """The seats of a membership: those that are given, and those that rows ask for.

    `is_listed` tells whether the membership is in the list itself, as a new or changed one.
    """

    membership: Membership
    is_listed: bool = False
    given: list[Seat] = field(default_factory=list)
    requested: list[tuple[int, Seat]] = field(default_factory=list)


def plan_seats(
    seat_requests: Sequence[SeatRequest],
    *,
    employment_ends: Mapping[tuple[int, int], datetime.date] | None = None,
    listed_memberships: Iterable[Membership] = (),
) -> SeatPlan:
    """Return the seats to create, and the rows whose seat cannot be given.

    `employment_ends` are last days by person and company that are not written yet: seats are counted up to
    them; `listed_memberships` are new or changed ones of the list, written or not: a seat is given in each
    of them, or else in the present membership or the next. Memberships are locked in the order of their
    keys. People who have a seat at that time get no other. In a membership that begins later, a seat begins
    with it.
    """
    by_company = _load_membership_seats(seat_requests, employment_ends or {}, listed_memberships)
    without_membership: list[SeatRequest] = []
    # In the order of the list: if seats run out, its last rows are refused.
    for request in seat_requests:
        candidates = by_company[_get_company_key(request.company)]
        selected = _select_membership_seats(candidates, request.span)
        if not selected:
            without_membership.append(request)
        for found, span in _list_spans(selected, request.span):
            if not _has_seat(found.given, request.person, span):
                first, last = span
                seat = Seat(membership=found.membership, person=request.person, starts_on=first, ends_on=last)
                found.requested.append((request.number, seat))
    membership_seats = [seats for candidates in by_company.values() for seats in candidates]
    errors = [error for seats in membership_seats for error in _find_excess_requests(seats)]
    new_seats = [seat for seats in membership_seats for _number, seat in seats.requested]
    drafts = {
        key for key, rows in by_company.items() if any(row.membership.confirmed_on is None for row in rows)
    }
    return SeatPlan(new_seats, errors, without_membership, drafts)


def _load_membership_seats(
    seat_requests: Iterable[SeatRequest],
    employment_ends: Mapping[tuple[int, int], datetime.date],
    listed_memberships: Iterable[Membership],
) -> dict[CompanyKey, list[MembershipSeats]]:
    """Return the memberships of the requested companies with their given seats, and lock them."""
    companies = {request.company.pk for request in seat_requests if request.company.pk}
    # `of`: without it PostgreSQL would lock the joined rows as well.
    locked = Membership.objects.select_for_update(of=("self",)).filter(company__in=companies).order_by("pk")
    listed = list(listed_memberships)
    listed_by_key = {row.pk: row for row in listed if row.pk}
    by_key = {
        row.pk: MembershipSeats(listed_by_key.get(row.pk, row), is_listed=row.pk in listed_by_key)
        for row in locked
    }
    by_company = defaultdict[CompanyKey, list[MembershipSeats]](list)
    for seats in by_key.values():
        by_company[seats.membership.company_id, 0].append(seats)
    for membership in listed:
        if membership.pk is None:
            key = _get_company_key(membership.company)
            by_company[key].append(MembershipSeats(membership, is_listed=True))
    for seat in Seat.objects.filter(membership__in=by_key).order_by("pk"):
        seats = by_key[seat.membership_id]
        if _is_still_held(seat, employment_ends.get((seat.person_id, seats.membership.company_id))):
            seats.given.append(seat)
    return by_company


def _get_company_key(company: Company) -> CompanyKey:
    """Return what identifies a company, also one of the list that is not stored yet."""
    return (company.pk, 0) if company.pk else (None, id(company))


def _select_membership_seats(candidates: list[MembershipSeats], span: DateSpan) -> list[MembershipSeats]:
    """Return the memberships of the list that give a seat on these days; without any, the first that does."""
    current = select_open_membership((seats.membership for seats in candidates), at=span[0])
    upcoming = [
        seats
        for seats in candidates
        if seats.membership.accepts_seats
        and _begins_within(seats.membership, span)
        # Not an earlier one in its grace period.
        and (current is None or seats.membership.starts_on > current.starts_on)
    ]
    upcoming.sort(key=lambda seats: seats.membership.starts_on)
    selected = [seats for seats in candidates if seats.membership is current]
    selected += upcoming
    return [seats for seats in selected if seats.is_listed] or selected[:1]


def _list_spans(
    selected: list[MembershipSeats], span: DateSpan
) -> Iterator[tuple[MembershipSeats, DateSpan]]:
    """Yield the days of a seat in each of these memberships, which follow each other."""
    first_days = [seats.membership.find_first_seat_day(span[0]) for seats in selected]
    # The day before the next seat: during a grace period both memberships count.
    last_days = [*(day - ONE_DAY for day in first_days[1:]), None]
    for seats, first_day, last_day in zip(selected, first_days, last_days, strict=False):
        yield seats, (first_day, min((day for day in (last_day, span[1]) if day), default=None))


def _begins_within(membership: Membership, span: DateSpan) -> bool:
    begins_on = membership.find_first_seat_day(span[0])
    return membership.is_open(at=begins_on) and (span[1] is None or begins_on <= span[1])


def _is_still_held(seat: Seat, employment_end: datetime.date | None) -> bool:
    """Shorten the seat to the employment, and return whether any day is left of it."""
    if employment_end and (seat.ends_on is None or seat.ends_on > employment_end):
        seat.ends_on = employment_end
    return seat.ends_on is None or seat.ends_on >= seat.starts_on


def _has_seat(seats: Iterable[Seat], person: Person, span: DateSpan) -> bool:
    return any(seat.person_id == person.pk and spans_overlap(get_span(seat), span) for seat in seats)


def _find_excess_requests(seats: MembershipSeats) -> Iterator[tuple[int, str]]:
    """Yield the rows beyond the limit of the membership, in the order of the list."""
    membership, requested, spans = seats.membership, seats.requested, list(map(get_span, seats.given))
    # Counting once for all is enough, as a rule; only a list beyond the limit is counted row by row.
    if (
        count_max_concurrent([*spans, *(get_span(seat) for _number, seat in requested)])
        <= membership.seat_limit
    ):
        return
    for number, seat in requested:
        try:
            check_seat_limit(membership.seat_limit, [*spans, get_span(seat)])
        except NoSeatLeft as error:
            yield number, str(error)
        else:
            spans.append(get_span(seat))
