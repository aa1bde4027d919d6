"""Give and end the seats of a membership, and e-mail their new holders.

The membership's row is locked meanwhile, so that there are never more seats at a time than it allows.
"""

import datetime
from collections.abc import Collection
from itertools import groupby
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.errors import ConventionError, NotFound, NotOpenNow
from convention.mail.messages import MailMessage, send_or_log
from convention.text.dates import format_date

from .models import Employment, Membership, Person, Seat, select_open_membership
from .periods import ONE_DAY, DateSpan, count_max_concurrent, spans_overlap


class NoSeatLeft(ConventionError):
    """All seats of the membership are given on one of these days."""

    kind = "no-seat-left"
    status = 409


class AlreadyHasSeat(ConventionError):
    """The person has a seat of this company already."""

    kind = "seat-taken"
    status = 409


class NotEmployed(ConventionError):
    """The person does not work at the company."""

    kind = "not-employed"


class AccountClosed(ConventionError):
    """The person's account is closed, so that they cannot use what is given."""

    kind = "account-closed"
    status = 409


# Why a seat cannot be given: a page shows the sentence instead of the seat.
SEAT_ERRORS: Final = (NoSeatLeft, AlreadyHasSeat, NotEmployed, AccountClosed, NotOpenNow)


@transaction.atomic
def give_seat(
    *,
    membership: Membership,
    person: Person,
    starts_on: datetime.date | None = None,
    ends_on: datetime.date | None = None,
) -> Seat:
    """Give a seat from today or `starts_on`, until it is ended; it never outlasts the employment.

    It begins with the membership if that begins later, and ends a seat in the grace period of an earlier one.
    Raise NoSeatLeft, AlreadyHasSeat, NotEmployed, AccountClosed, NotOpenNow if the membership is not
    confirmed, or over by then, and NotFound if the person's record was merged meanwhile.
    """
    if not _lock_holder(person).is_active:
        sentence = _("%(name)s’s account is closed: reopen it before you give a seat.")
        raise AccountClosed(sentence % {"name": person})
    membership = lock_membership(membership)
    if membership.confirmed_on is None:
        raise NotOpenNow(_("The membership is not confirmed yet. Seats can be given once it is."))
    # Its seats count from then on only (`Membership.state_on`).
    first_day = membership.find_first_seat_day(starts_on or timezone.localdate())
    if membership.last_day and membership.last_day < first_day:
        day = format_date(membership.last_day)
        raise NotOpenNow(_("The membership ended on %(day)s, so no more seats can be given.") % {"day": day})
    span = limit_to_employment(membership, person, (first_day, ends_on))
    # Past seats too: one may be given from an earlier day.
    given_seats = list(membership.given_seats.all())
    if any(seat.person_id == person.pk and spans_overlap(get_span(seat), span) for seat in given_seats):
        raise AlreadyHasSeat(_("%(name)s already has a seat.") % {"name": person})
    check_seat_limit(membership.seat_limit, [*map(get_span, given_seats), span])
    seat = Seat.objects.create(membership=membership, person=person, starts_on=span[0], ends_on=span[1])
    record_action("seat.give", seat, fields=["person", "starts_on", "ends_on"])
    end_grace_seats(membership=membership, holders=[person.pk], first_day=span[0])
    return seat


def _lock_holder(person: Person) -> Person:
    """Return the stored person, locked until the transaction ends. Raise NotFound.

    A merge of their record waits for the seat, or has deleted the record. It locks people before memberships:
    in another order each could wait for the other.
    """
    stored = Person.objects.select_for_update(no_key=True).filter(pk=person.pk).first()
    if stored is None:
        sentence = _("The record of %(name)s no longer exists. It may have been merged with another one.")
        raise NotFound(sentence % {"name": person})
    return stored


def select_held_seats(membership: Membership, *, at: datetime.date | None = None) -> QuerySet[Seat]:
    """Return the seats of the membership that are held from that day on, also those that begin later.

    Their holders cannot be given another one (`give_seat`), also if they are no members yet.
    """
    first_day = membership.find_first_seat_day(at or timezone.localdate())
    return Seat.objects.filter(Q(ends_on=None) | Q(ends_on__gte=first_day), membership=membership)


def select_grace_seats(
    *, membership: Membership, holders: Collection[int], first_day: datetime.date
) -> QuerySet[Seat]:
    """Return the seats of these people in earlier memberships of the company that last until `first_day`."""
    earlier = Membership.objects.filter(company=membership.company_id, ends_on__lt=membership.starts_on)
    return Seat.objects.open(at=first_day).filter(membership__in=earlier, person__in=holders)


def end_grace_seats(*, membership: Membership, holders: Collection[int], first_day: datetime.date) -> None:
    """End the seats of these people in earlier memberships of the company, before `first_day`.

    During a grace period both memberships count, and their holders would have two seats.
    """
    duplicates = select_grace_seats(membership=membership, holders=holders, first_day=first_day)
    # First: an end before the start would break the check constraint of periods.
    duplicates.filter(starts_on=first_day).delete()
    duplicates.update(ends_on=first_day - ONE_DAY)


def move_seat_ends(*, membership: Membership, former_last_day: datetime.date | None) -> None:
    """Let the seats that lasted until the membership's former last day last until its present one.

    They bridge the time until a renewal is confirmed, which ends those of its own holders. A seat that ends
    with an employment keeps its end.
    """
    last_day = membership.last_day
    if former_last_day is None or last_day == former_last_day:
        return
    seats = list(Seat.objects.filter(membership=membership, ends_on=former_last_day))
    for seat in seats:
        try:
            _first_day, ends_on = limit_to_employment(membership, seat.person, (former_last_day, last_day))
        except NotEmployed:
            continue
        # An end before the start would break the check constraint of periods.
        if ends_on is None or ends_on >= seat.starts_on:
            seat.ends_on = ends_on
    Seat.objects.bulk_update(seats, ["ends_on"])
    _end_replaced_seats(membership, holders={seat.person_id for seat in seats})


def _end_replaced_seats(membership: Membership, *, holders: Collection[int]) -> None:
    """End seats of these people whose company has confirmed another membership, in which they have a seat."""
    later_seats = Seat.objects.filter(
        membership__company=membership.company_id,
        membership__starts_on__gt=membership.starts_on,
        membership__confirmed_on__isnull=False,
        person__in=holders,
    )
    for later in later_seats.select_related("membership"):
        first_day = later.membership.find_first_seat_day(later.starts_on)
        end_grace_seats(membership=later.membership, holders=[later.person_id], first_day=first_day)


def describe_new_seat(seat: Seat) -> str:
    """Return the sentence for whoever gave the seat: who has it, and from when if it begins later."""
    if seat.starts_on <= timezone.localdate():
        return _("%(name)s now has a seat.") % {"name": seat.person}
    values = {"name": seat.person, "day": format_date(seat.starts_on)}
    return _("%(name)s has a seat from %(day)s.") % values


@transaction.atomic
def give_seat_and_notify(
    *, membership: Membership, person: Person, starts_on: datetime.date | None = None
) -> Seat:
    """Give a seat as `give_seat` does, and e-mail the person what it gives. Raise what `give_seat` raises."""
    seat = give_seat(membership=membership, person=person, starts_on=starts_on)
    notify_seat_holder.enqueue(seat.pk)
    return seat


@transaction.atomic
def give_free_seat(*, person: Person) -> Seat | None:
    """Give a seat of a current employer from today and e-mail the person; return None if none is free."""
    membership = find_membership_with_free_seat(person)
    return give_seat_and_notify(membership=membership, person=person) if membership else None


@transaction.atomic
def move_seat(*, seat: Seat, person: Person) -> Seat:
    """End a seat, give it to another person from today until the same day, and e-mail them.

    A seat that begins later is given from its first day. In the grace period it is given in the renewal, once
    that is confirmed. Raise what `give_seat` raises, and NotOpenNow if the seat has ended.
    """
    _lock_holder(person)
    lock_membership(seat.membership)
    # Read again under the lock: another request may have moved or ended it.
    stored = Seat.objects.select_related("membership").filter(pk=seat.pk).first()
    today = timezone.localdate()
    if stored is None or (stored.ends_on and stored.ends_on < today):
        raise NotOpenNow(_("This seat has ended, so it cannot be given to another person."))
    seat, starts_on, ends_on = stored, max(today, stored.starts_on), stored.ends_on
    end_seat(seat=seat)
    # A renewal and what follows it, never an earlier membership.
    memberships = Membership.objects.filter(
        company=seat.membership.company_id, starts_on__gte=seat.membership.starts_on
    )
    membership = select_open_membership(memberships, at=starts_on) or seat.membership
    if membership != seat.membership and ends_on == seat.membership.last_day:
        # It would have ended with the grace period only.
        ends_on = None
    new_seat = give_seat(membership=membership, person=person, starts_on=starts_on, ends_on=ends_on)
    notify_seat_holder.enqueue(new_seat.pk)
    return new_seat


@task()
def notify_seat_holder(seat_id: int) -> None:
    """E-mail the holder of a new seat, unless it was ended meanwhile; nobody where the address is claimed."""
    seats = Seat.objects.select_related("person", "membership__company").filter(pk=seat_id)
    seat = seats.filter(person__is_active=True).exclude(person__email=None).first()
    if seat is None or not seat.person.email:
        return
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with hold_lease(f"seat:{seat.pk}"), translation.override(seat.person.language):
        send_or_log(build_seat_message(seat))


def notify_seats_at_new_address(person: Person) -> None:
    """Queue the e-mail about each seat that makes the person a member today, or will, once per company."""
    today = timezone.localdate()
    seats = Seat.objects.filter(Q(ends_on=None) | Q(ends_on__gte=today), person=person)
    companies = set[int]()
    for seat in seats.select_related("membership").order_by("starts_on", "pk"):
        last_day = seat.membership.last_day
        if seat.membership.company_id not in companies and (last_day is None or last_day >= today):
            companies.add(seat.membership.company_id)
            notify_seat_holder.enqueue(seat.pk)


def build_seat_message(seat: Seat) -> MailMessage:
    """Return the e-mail about a new seat, in the active language."""
    company = seat.membership.company
    starts_on = seat.starts_on if seat.starts_on > timezone.localdate() else None
    subject = _("You are now a member through %(company)s") % {"company": company.name}
    if starts_on:
        values = {"company": company.name, "first": format_date(starts_on)}
        subject = _("You will be a member through %(company)s from %(first)s") % values
    return MailMessage(
        to=seat.person.email or "",
        subject=subject,
        template="seat_given",
        recipient_name=seat.person.first_name,
        context={
            "company": company,
            "email": seat.person.email,
            "starts_on": starts_on,
            "url": f"{settings.SITE_URL}{reverse('account_login')}",
        },
        language=seat.person.language,
        message_key=f"seat-{seat.pk}",
    )


@transaction.atomic
def end_seat(*, seat: Seat, last_day: datetime.date | None = None) -> None:
    """End a seat after `last_day` (default: yesterday); delete one that had not begun by then.

    The person keeps their bookings, and is no member from the next day on.
    """
    lock_membership(seat.membership)
    # Read again under the lock: another request may have changed its end, or deleted it before it began.
    stored = Seat.objects.filter(pk=seat.pk).first()
    if stored is None:
        return
    seat = stored
    last = last_day or timezone.localdate() - ONE_DAY
    record_action("seat.take", seat, fields=["ends_on"])
    # An end before the start would break the check constraint of periods.
    if last < seat.starts_on:
        seat.delete()
    elif seat.ends_on is None or last < seat.ends_on:
        seat.ends_on = last
        seat.save(update_fields=["ends_on"])


def find_membership_with_free_seat(person: Person) -> Membership | None:
    """Return a membership of a current employer that has a seat left for the person from today, or None."""
    today = timezone.localdate()
    employers = Employment.objects.open().filter(person=person).values("company")
    rows = Membership.objects.open().filter(company__in=employers).select_related("company")
    rows = rows.prefetch_related("given_seats").order_by("company_id", "pk")
    for _company, memberships in groupby(rows, key=lambda row: row.company_id):
        membership = select_open_membership(memberships, at=today)
        if membership is None:
            continue
        spans = [get_span(seat) for seat in membership.given_seats.all()]
        spans.append(limit_to_employment(membership, person, (today, None)))
        if count_max_concurrent(spans) <= membership.seat_limit:
            return membership
    return None


def lock_membership(membership: Membership) -> Membership:
    """Return the stored membership, locked until the transaction ends."""
    # `of`: without it the joined company's row would be locked too.
    return Membership.objects.select_for_update(of=("self",)).select_related("company").get(pk=membership.pk)


def get_span(row: Seat | Employment) -> DateSpan:
    return row.starts_on, row.ends_on


def limit_to_employment(membership: Membership, person: Person, span: DateSpan) -> DateSpan:
    """Return the span, shortened to the person's employment there. Raise NotEmployed."""
    first_day, last_day = span
    employments = Employment.objects.open(at=first_day).filter(company=membership.company, person=person)
    ends = [employment.ends_on for employment in employments]
    if not ends:
        sentence = _("%(name)s does not work at %(company)s on %(day)s.")
        day = format_date(first_day)
        raise NotEmployed(sentence % {"name": person, "company": membership.company, "day": day})
    # Of several employments at one company the longest counts.
    employment_end = None if None in ends else max(end for end in ends if end)
    return first_day, min((day for day in (last_day, employment_end) if day), default=None)


def check_seat_limit(seat_limit: int, spans: list[DateSpan]) -> None:
    """Raise NoSeatLeft if the spans exceed the limit on one day."""
    if count_max_concurrent(spans) <= seat_limit:
        return
    sentence = ngettext(
        "The only seat of this membership is in use. Withdraw it first, or ask for an extra one.",
        "All %(allowed)d seats of this membership are in use. Withdraw one first, or ask for extra ones.",
        seat_limit,
    )
    raise NoSeatLeft(sentence % {"allowed": seat_limit})
