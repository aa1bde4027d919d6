"""What a contact sees of the company: its membership, seats, colleagues, and what lies ahead."""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.utils import timezone

from convention.club.models import Company, Employment, Membership, Seat
from convention.events.models import Event
from convention.text import filed

from ..models import Passes, Registration
from ..on_application import pages_to_apply
from ..passes import has_passes
from .doors import places_of
from .models import Invitation


@dataclass(frozen=True)
class Ahead:
    """An event ahead: how many places the company has there, and what is still to do about them.

    Where places are given on application, `page_to_apply` says where colleagues ask for one themselves.
    """

    event: Event
    places: int = 0
    to_name: int = 0
    to_complete: int = 0
    refused: int = 0
    passes: int = 0
    passes_used: int = 0
    page_to_apply: str = ""

    @property
    def has_passes(self) -> bool:
        """Whether the membership pays for places here."""
        return self.passes > 0

    @property
    def passes_left(self) -> int:
        """Places that the membership would still pay for."""
        return max(0, self.passes - self.passes_used)


@dataclass(frozen=True)
class Facts:
    """The company on a day."""

    company: Company
    membership: Membership | None
    seats: list[Seat] = field(default_factory=list)
    without_seat: list[Employment] = field(default_factory=list)
    ahead: list[Ahead] = field(default_factory=list)

    @property
    def is_member(self) -> bool:
        """Whether its seats make members today."""
        return self.membership is not None and self.membership.is_open()

    @property
    def seats_left(self) -> int:
        """Seats that can be given today."""
        if self.membership is None or not self.is_member:
            return 0
        return max(0, self.membership.allowed - len(self.seats))


def facts_of(company: Company, *, at: datetime.datetime | None = None) -> Facts:
    """All of it, in a number of queries that does not grow with the company."""
    now = at or timezone.now()
    day = timezone.localdate(now)
    membership = membership_of(company, at=day)
    seats = Seat.objects.counting(at=day).filter(membership__company=company).select_related("person")
    held = sorted(seats, key=by_name)
    jobs = Employment.objects.open(at=day).filter(company=company, person__is_active=True)
    others = jobs.exclude(person__in=[seat.person_id for seat in held]).select_related("person")
    without = {job.person_id: job for job in sorted(others, key=by_name)}
    return Facts(company, membership, held, list(without.values()), events_ahead(company, membership, at=now))


def by_name(held: Seat | Employment) -> tuple[str, str, int]:
    """The order of names, “Éluard” beside “Eluard”."""
    return filed(held.person.last_name), filed(held.person.first_name), held.pk


def membership_of(company: Company, *, at: datetime.date) -> Membership | None:
    """The membership of that day, else the latest."""
    rows = company.memberships.select_related("billing_contact", "representative")
    return rows.open(at=at).order_by("-starts_on").first() or rows.order_by("-starts_on").first()


def events_ahead(company: Company, membership: Membership | None, *, at: datetime.datetime) -> list[Ahead]:
    """Events that take registrations, and those where the company has places."""
    standing = Registration.objects.active(at=at).filter(pk__in=places_of(company).values("pk"))
    rows = list(standing.filter(event__ends_at__gt=at).values_list("event", "first_name", "last_name"))
    places = Counter(event for event, *_name in rows)
    unnamed = Counter(event for event, first, last in rows if not (first or last))
    asked = Invitation.objects.open(at=at).filter(registration__in=standing)
    waiting = list(asked.values_list("registration__event", "refused_at"))
    used = (
        dict(Passes.objects.filter(membership=membership).values_list("event", "taken")) if membership else {}
    )
    events = Event.objects.filter(ends_at__gt=at).exclude(visibility=Event.Visibility.DRAFT)
    shown = [
        event
        for event in events.select_related("venue").order_by("starts_at", "pk")
        if places[event.pk] or event.is_registration_open(at=at)
    ]
    pages = pages_to_apply(shown)
    return [
        Ahead(
            event,
            places=places[event.pk],
            to_name=unnamed[event.pk],
            to_complete=sum(pk == event.pk and refused is None for pk, refused in waiting),
            refused=sum(pk == event.pk and refused is not None for pk, refused in waiting),
            passes=membership.passes if membership and has_passes(membership, event) else 0,
            passes_used=used.get(event.pk, 0),
            page_to_apply=pages.get(event.pk, ""),
        )
        for event in shown
    ]
