"""Everybody of a visit at a moment: where they are, their coaches, where else they are expected that day."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.came import came_and_left
from badges.attendance.headcount import expected
from badges.attendance.models import Checkpoint, Presence
from convention.events.models import Event
from convention.text import filed
from registrations.models import Registration
from registrations.visits.day_doors import visits_known_to
from registrations.visits.models import Leg, LegSeat, Visit

from .where import Facts, Where, where_is, words_for

if TYPE_CHECKING:
    from badges.attendance.came import Stay
    from convention.club.doors import Visitor as Reader

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One line of the roster. `rides` and `boarded` are by ride, `elsewhere` other visits of that day."""

    pk: int
    reference: str
    last_name: str
    first_name: str
    company: str
    where: Where
    came_at: datetime.datetime | None
    left_at: datetime.datetime | None
    rides: tuple[int, ...]
    boarded: Mapping[int, datetime.datetime]
    elsewhere: tuple[str, ...]
    is_awaited: bool

    @property
    def name(self) -> str:
        """As lists sort it: the last name first; the reference of a place without a name."""
        return f"{self.last_name} {self.first_name}".strip() or self.reference

    @property
    def boarded_at(self) -> datetime.datetime | None:
        """When a coach saw them first."""
        return min(self.boarded.values(), default=None)


def roster_of(
    visit: Visit, *, reader: "Reader | None" = None, at: datetime.datetime | None = None
) -> list[Visitor]:
    """All who are expected, and all who came although their place was taken away since; by name.

    Titles of other visits are told to a reader who knows of them.
    """
    now, event = at or timezone.now(), visit.event
    people = list(expected(event).only(
        "pk", "reference", "last_name", "first_name", "company", "person_id", "cancelled_at"
    ))  # fmt: skip
    seen = Seen(
        at=now,
        stays=came_and_left(event),
        boarded=_boarded(event),
        rides=_rides(visit),
        elsewhere=_elsewhere(event, [one.person_id for one in people if one.person_id], reader),
        outward=frozenset(visit.legs.filter(direction=Leg.Direction.OUT).values_list("pk", flat=True)),
    )
    found = [_visitor(one, event, seen) for one in people]
    return sorted(found, key=lambda one: (filed(one.name), one.pk))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was read of all visitors at once."""

    at: datetime.datetime
    stays: "Mapping[int, Stay]"
    boarded: Mapping[int, dict[int, datetime.datetime]]
    rides: Mapping[int, list[int]]
    elsewhere: Mapping[int, list[str]]
    outward: frozenset[int]


def _visitor(one: Registration, event: Event, seen: Seen) -> Visitor:
    came_at, left_at = seen.stays.get(one.pk, (None, None))
    boarded = seen.boarded.get(one.pk, {})
    out = [moment for leg, moment in boarded.items() if leg in seen.outward]
    facts = Facts(
        at=seen.at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        boarded_at=min(out, default=None),
        came_at=came_at,
        left_at=left_at,
    )
    return Visitor(
        pk=one.pk, reference=one.reference, last_name=one.last_name, first_name=one.first_name,
        company=one.company, where=where_is(facts), came_at=came_at, left_at=left_at,
        rides=tuple(seen.rides.get(one.pk, ())), boarded=boarded,
        elsewhere=tuple(seen.elsewhere.get(one.person_id or 0, ())), is_awaited=one.cancelled_at is None,
    )  # fmt: skip


def _boarded(event: Event) -> dict[int, dict[int, datetime.datetime]]:
    """By registration and ride, when a coach's door saw them first."""
    rows = Presence.objects.filter(
        event=event, checkpoint__kind=Checkpoint.Kind.COACH, checkpoint__leg__isnull=False, entries__gt=0
    )
    found: dict[int, dict[int, datetime.datetime]] = {}
    for registration, leg, first_in in rows.values_list("registration", "checkpoint__leg", "first_in"):
        if first_in:
            found.setdefault(registration, {})[leg] = first_in
    return found


def _rides(visit: Visit) -> dict[int, list[int]]:
    """By registration, the rides chosen."""
    seats = LegSeat.objects.standing().filter(leg__visit=visit).order_by("leg__leaves_at", "leg")
    found: dict[int, list[int]] = {}
    for registration, leg in seats.values_list("application__registration", "leg"):
        found.setdefault(registration, []).append(leg)
    return found


def _elsewhere(event: Event, people: Iterable[int], reader: "Reader | None") -> dict[int, list[str]]:
    """By person, the other visits of its days where they have a place; those that saw them come first."""
    known = visits_known_to(reader) if reader else Event.objects.none()
    first, last = (
        moment.astimezone(event.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for moment in (event.starts_at, event.ends_at)
    )
    entered = Presence.objects.filter(registration=OuterRef("pk"), entries__gt=0)
    rows = Registration.objects.confirmed().exclude(event=event).filter(
        person__in=list(people), event__kind=Event.Kind.SITE_VISIT,
        event__starts_at__lt=last + DAY, event__ends_at__gt=first,
    )  # fmt: skip
    found: dict[int, list[str]] = {}
    seen = rows.annotate(was_seen=Exists(entered), is_known=Exists(known.filter(pk=OuterRef("event"))))
    one: Any
    for one in seen.select_related("event").order_by("-was_seen", "pk"):
        title = one.event.title if one.is_known else _("another visit")
        found.setdefault(one.person_id or 0, []).append(title)
    return found


def counted(roster: Iterable[Visitor]) -> list[tuple[Where, int, str]]:
    """How many are where and what they are called, in the order of a visit; none is told of on site alone."""
    counts = Counter(one.where for one in roster)
    return [
        (where, counts[where], words_for(where, counts[where]))
        for where in Where
        if counts[where] or where == Where.INSIDE
    ]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A ride with its passengers: aboard, missing, and aboard without a seat in it."""

    leg: Leg
    aboard: list[Visitor]
    missing: list[Visitor]
    extra: list[Visitor]

    @property
    def rows(self) -> list[Visitor]:
        """All of them, the missing first: they are looked for."""
        return [*self.missing, *self.aboard, *self.extra]

    @property
    def seats(self) -> int:
        """How many chose it."""
        return len(self.aboard) + len(self.missing)


def manifest_of(leg: Leg, roster: Iterable[Visitor]) -> Manifest:
    """Who sits in that ride, of those on the roster."""
    roster = list(roster)
    chosen = [one for one in roster if leg.pk in one.rides]
    return Manifest(
        leg=leg,
        aboard=[one for one in chosen if leg.pk in one.boarded],
        missing=[one for one in chosen if leg.pk not in one.boarded],
        extra=[one for one in roster if leg.pk in one.boarded and leg.pk not in one.rides],
    )
