"""Decide which current jobs and seats go on after two records with different employers are merged."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.employments import end_employment
from convention.club.models import Company, Employment, Membership, Person, Seat
from convention.club.periods import ONE_DAY
from convention.club.seats import end_seat, lock_membership


class PositionOutcome(models.TextChoices):
    """The answer for a current job: it goes on, it ends, or only its seat ends."""

    CONTINUES = "continues", _("Still works there")
    SEAT_ENDS = "seat-ends", _("Still works there, but the seat ends")
    ENDS = "ends", _("No longer works there: the job, seat and roles end")


@dataclass(frozen=True)
class CurrentPosition:
    """A company at which one of the two records works today, with or without a seat."""

    company: Company
    has_seat: bool

    @property
    def outcomes(self) -> list[PositionOutcome]:
        return [
            outcome for outcome in PositionOutcome if self.has_seat or outcome != PositionOutcome.SEAT_ENDS
        ]


def list_positions_to_settle(survivor: Person, duplicate: Person) -> list[CurrentPosition]:
    """Return the current jobs of both records, or none if the merge adds no employer to one that has some."""
    people = (survivor, duplicate)
    jobs = Employment.objects.open().filter(person__in=people).select_related("company")
    employers: dict[int, set[Company]] = {person.pk: set() for person in people}
    for job in jobs:
        employers[job.person_id].add(job.company)
    own, other = employers[survivor.pk], employers[duplicate.pk]
    if own <= other or other <= own:
        return []
    seats = Seat.objects.granting_membership().filter(person__in=people)
    seat_companies = set(seats.values_list("membership__company", flat=True))
    return [
        CurrentPosition(company, company.pk in seat_companies)
        for company in sorted(own | other, key=lambda company: (company.sort_name, company.pk))
    ]


def settle_positions(person: Person, outcomes: Mapping[int, str]) -> None:
    """End the current jobs or seats of the merged person, by company id; the others go on.

    A job ends yesterday, or today if it began today.
    """
    memberships = Membership.objects.filter(company__in=outcomes, given_seats__person=person)
    # All code locks memberships in this order.
    for membership in list(memberships.order_by("pk").distinct()):
        lock_membership(membership)
    for job in Employment.objects.open().filter(person=person, company__in=outcomes).order_by("pk"):
        if outcomes[job.company_id] == PositionOutcome.ENDS:
            end_employment(employment=job, last_day=max(job.starts_on, timezone.localdate() - ONE_DAY))
    # Also those that begin later, in a renewal: with them the person would be a member again.
    lasting_seats = Seat.objects.exclude(ends_on__lt=timezone.localdate())
    seats = lasting_seats.filter(person=person, membership__company__in=outcomes)
    for seat in seats.select_related("membership").order_by("membership", "pk"):
        if outcomes[seat.membership.company_id] == PositionOutcome.SEAT_ENDS:
            end_seat(seat=seat)
