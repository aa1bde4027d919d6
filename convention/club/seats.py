"""Seats: given to someone who works at the company, and taken again, each from a day.

The membership's row is locked meanwhile, so that at no instant more seats are open than it allows.
"""

import datetime

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import Closed, ConventionError

from .models import Employment, Membership, Person, Seat
from .periods import ONE_DAY, Span, most_at_once, overlap


class NoSeatLeft(ConventionError):
    """All seats of the membership are given on one of these days."""

    kind = "no-seat-left"
    status = 409


class SeatTaken(ConventionError):
    """Whoever it is for holds a seat of this company already."""

    kind = "seat-taken"
    status = 409


class NotEmployed(ConventionError):
    """A seat is for people of the company only."""

    kind = "not-employed"


@transaction.atomic
def give_seat(
    *,
    membership: Membership,
    person: Person,
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> Seat:
    """Give a seat from a day (today) to a day, or until it is taken; it never outlasts the employment.

    Raises NoSeatLeft, SeatTaken, NotEmployed, and Closed where the membership is over by then.
    """
    membership = locked(membership)
    first = starts_on or timezone.localdate()
    if membership.last_day and membership.last_day < first:
        day = formats.date_format(membership.last_day)
        raise Closed(_("The membership ended on %(day)s: no seat can be given.") % {"day": day})
    span = within_employment(membership, person, (first, ends_on))
    taken = list(membership.given_seats.all())
    if any(seat.person_id == person.pk and overlap(span_of(seat), span) for seat in taken):
        raise SeatTaken(_("%(name)s holds a seat already.") % {"name": person})
    refuse_too_many(membership.allowed, [*map(span_of, taken), span])
    seat = Seat.objects.create(membership=membership, person=person, starts_on=span[0], ends_on=span[1])
    record("seat.give", seat, fields=["person", "starts_on", "ends_on"])
    return seat


@transaction.atomic
def take_seat(*, seat: Seat, last_day: datetime.date | None = None) -> None:
    """End a seat; its last day is yesterday unless said otherwise. One that never began is withdrawn.

    Who held it keeps what was booked, and is no member from the next day on.
    """
    locked(seat.membership)
    seat = Seat.objects.get(pk=seat.pk)
    last = last_day or timezone.localdate() - ONE_DAY
    record("seat.take", seat, fields=["ends_on"])
    if last < seat.starts_on:
        seat.delete()
    elif seat.ends_on is None or last < seat.ends_on:
        seat.ends_on = last
        seat.save(update_fields=["ends_on"])


def locked(membership: Membership) -> Membership:
    """The membership as it is, locked until the transaction ends."""
    return Membership.objects.select_for_update(of=("self",)).select_related("company").get(pk=membership.pk)


def span_of(row: Seat | Employment) -> Span:
    """Its first and last day."""
    return row.starts_on, row.ends_on


def within_employment(membership: Membership, person: Person, span: Span) -> Span:
    """The span, shortened to what the person's employment there lasts. Raises NotEmployed."""
    first, last = span
    jobs = Employment.objects.open(at=first).filter(company=membership.company, person=person)
    ends = [job.ends_on for job in jobs]
    if not ends:
        sentence = _("%(name)s does not work at %(company)s on %(day)s.")
        day = formats.date_format(first)
        raise NotEmployed(sentence % {"name": person, "company": membership.company, "day": day})
    until = None if None in ends else max(end for end in ends if end)
    return first, min((day for day in (last, until) if day), default=None)


def refuse_too_many(allowed: int, spans: list[Span]) -> None:
    """Raises NoSeatLeft where more seats would be open on one day than allowed."""
    if most_at_once(spans) <= allowed:
        return
    sentence = ngettext(
        "The only seat of this membership is given; take it from someone first, or ask for an extra one.",
        "All %(allowed)d seats of this membership are given; "
        "take one from someone first, or ask for extra ones.",
        allowed,
    )
    raise NoSeatLeft(sentence % {"allowed": allowed})
