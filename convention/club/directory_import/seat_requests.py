"""Plan the seats that a list asks for, with the memberships locked so that none exceeds its limit."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from convention.club.models import Company, Membership, Person, Seat, select_open_membership
from convention.club.periods import DateSpan, count_max_concurrent, spans_overlap
from convention.club.seats import NoSeatLeft, check_seat_limit, get_span
from convention.text.dates import format_date


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
    """The seats to create, the errors of rows beyond a limit, and the requests without a membership."""

    seats: list[Seat]
    limit_errors: list[tuple[int, str]]
    without_membership: list[SeatRequest]

    def list_errors(self, missing_membership: MissingMembership) -> list[tuple[int, str]]:
        """Return the errors by row, also of companies without a membership if these are refused."""
        missing = self.without_membership if missing_membership is MissingMembership.REFUSE else []
        return [*self.limit_errors, *((one.number, _describe_missing_membership(one)) for one in missing)]


def plan_seats(
    seat_requests: Sequence[SeatRequest],
    *,
    employment_ends: Mapping[tuple[int, int], datetime.date] | None = None,
) -> SeatPlan:
    """Return the seats to create, and the rows whose seat cannot be given.

    `employment_ends` are last days by person and company that are not written yet: seats are counted up to
    them. Memberships are locked in the order of their keys. People who have a seat at that time get no
    other.
    """
    companies = {request.company.pk for request in seat_requests if request.company.pk}
    # `of`: without it PostgreSQL would lock the joined rows as well.
    locked = Membership.objects.select_for_update(of=("self",)).filter(company__in=companies).order_by("pk")
    by_company, company_of = defaultdict[int, list[Membership]](list), dict[int, int]()
    for membership_row in locked:
        by_company[membership_row.company_id].append(membership_row)
        company_of[membership_row.pk] = membership_row.company_id
    given_seats = defaultdict[int, list[Seat]](list)
    for seat in Seat.objects.filter(membership__company__in=companies).order_by("pk"):
        if _is_still_held(
            seat, (employment_ends or {}).get((seat.person_id, company_of[seat.membership_id]))
        ):
            given_seats[seat.membership_id].append(seat)
    new_seats = defaultdict[Membership, list[tuple[int, Seat]]](list)
    errors: list[tuple[int, str]] = []
    without_membership: list[SeatRequest] = []
    # In the order of the list: if seats run out, its last rows are refused.
    for request in seat_requests:
        membership = select_open_membership(by_company[request.company.pk or 0], at=request.span[0])
        if membership is None:
            without_membership.append(request)
        elif not _has_seat(given_seats[membership.pk], request):
            first, last = request.span
            seat = Seat(membership=membership, person=request.person, starts_on=first, ends_on=last)
            new_seats[membership].append((request.number, seat))
    for membership_row, requested in new_seats.items():
        errors += _find_excess_requests(
            membership_row, list(map(get_span, given_seats[membership_row.pk])), requested
        )
    seats = [seat for requested in new_seats.values() for _number, seat in requested]
    return SeatPlan(seats, errors, without_membership)


def _is_still_held(seat: Seat, employment_end: datetime.date | None) -> bool:
    """Shorten the seat to the employment, and return whether any day is left of it."""
    if employment_end and (seat.ends_on is None or seat.ends_on > employment_end):
        seat.ends_on = employment_end
    return seat.ends_on is None or seat.ends_on >= seat.starts_on


def _describe_missing_membership(seat_request: SeatRequest) -> str:
    sentence = _(
        "%(company)s has no membership on %(day)s, so there are no seats to give. Leave these seats out, or "
        "confirm a membership first."
    )
    return sentence % {"company": seat_request.company, "day": format_date(seat_request.span[0])}


def _has_seat(seats: Iterable[Seat], seat_request: SeatRequest) -> bool:
    return any(
        seat.person_id == seat_request.person.pk and spans_overlap(get_span(seat), seat_request.span)
        for seat in seats
    )


def _find_excess_requests(
    membership: Membership, spans: list[DateSpan], requested: Sequence[tuple[int, Seat]]
) -> Iterator[tuple[int, str]]:
    """Yield the rows beyond the limit of the membership, in the order of the list."""
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
