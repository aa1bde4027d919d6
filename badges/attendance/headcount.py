"""Who is here, who came, who did not: read from the presences, alike for convention, session and visit.

Someone came who entered any door; someone is inside who is inside at an entrance, or, where an event
has none (a visit with a coach alone), at any door. People count once, however often they were scanned.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from convention.text import filed
from registrations.models import Registration, RegistrationQuerySet

from .inside import still_inside
from .models import Checkpoint, Presence

if TYPE_CHECKING:
    from convention.events.models import Event

STEP = datetime.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Group:
    """People of one company, ticket or event: how many are registered, came, and are inside."""

    label: str
    registered: int
    came: int
    inside: int

    @property
    def absent(self) -> int:
        """Registered, and not seen so far."""
        return self.registered - self.came


@dataclass(frozen=True, slots=True)
class Door:
    """One checkpoint: how many came in, and how many are inside."""

    checkpoint: Checkpoint
    came: int
    inside: int


def doors_of(event: "Event") -> list[int]:
    """The doors that say who is inside the event: its entrances, or all where it has none."""
    doors = Checkpoint.objects.filter(event=event, counted_at__isnull=True)
    entrances = [door.pk for door in doors if door.kind == Checkpoint.Kind.ENTRANCE]
    return entrances or [door.pk for door in doors]


def confirmed(event: "Event") -> RegistrationQuerySet:
    """Those who are expected."""
    return Registration.objects.filter(event=event).confirmed()


def seen(event: "Event") -> Exists:
    """A condition on registrations: entered any door of the event."""
    entered = Presence.objects.filter(registration=OuterRef("pk"), event=event, entries__gt=0)
    return Exists(entered)


def inside_now(event: "Event") -> Exists:
    """A condition on registrations: inside at one of the event's doors."""
    here = Presence.objects.filter(
        still_inside(), registration=OuterRef("pk"), checkpoint__in=doors_of(event)
    )
    return Exists(here)


@dataclass(frozen=True, slots=True)
class Tally:
    """An event's people: all of them, and by company and by ticket, the largest groups first."""

    whole: Group
    companies: list[Group]
    tickets: list[Group]


def tally(event: "Event") -> Tally:
    """Count everyone, in one query. Whoever came counts as registered, also when cancelled since."""
    awaited = Q(confirmed_at__isnull=False, cancelled_at__isnull=True)
    rows = (
        Registration.objects.filter(event=event)
        .annotate(was_seen=seen(event), is_here=inside_now(event))
        .order_by()
        .values_list("company", "ticket_id")
        .annotate(
            registered=Count("pk", filter=awaited | Q(was_seen=True)),
            came=Count("pk", filter=Q(was_seen=True)),
            inside=Count("pk", filter=Q(is_here=True)),
        )
    )
    counts = [(company, ticket, numbers) for company, ticket, *numbers in rows if numbers[0]]
    titles = {ticket.pk: ticket.title for ticket in event.tickets.all()}
    whole = grouped(("", numbers) for _company, _ticket, numbers in counts)
    return Tally(
        whole=whole[0] if whole else Group("", 0, 0, 0),
        companies=grouped((company.strip(), numbers) for company, _ticket, numbers in counts),
        tickets=grouped((titles[ticket], numbers) for _company, ticket, numbers in counts),
    )


def grouped(counts: Iterable[tuple[str, list[int]]]) -> list[Group]:
    """Sums of (registered, came, inside) by label, the largest first."""
    sums: dict[str, list[int]] = {}
    for label, numbers in counts:
        known = sums.setdefault(label, [0, 0, 0])
        known[:] = [one + more for one, more in zip(known, numbers, strict=True)]
    groups = [Group(label, *numbers) for label, numbers in sums.items()]
    return sorted(groups, key=lambda group: (-group.registered, group.label))


def by_door(event: "Event") -> list[Door]:
    """Each door with its numbers, those of sessions in the order of the programme.

    Each number is counted along an index of its own: a million presences are not read for it.
    """
    presences = Presence.objects.filter(checkpoint=OuterRef("pk"))
    doors = (
        Checkpoint.objects.filter(event=event, counted_at__isnull=True)
        .select_related("session__room")
        .annotate(came=number_of(presences.filter(entries__gt=0)))
        .annotate(inside=number_of(presences.filter(still_inside())))
        .order_by("position", F("session__starts_at").asc(nulls_first=True), "name")
    )
    return [Door(door, door.came, door.inside) for door in doors]


def number_of(presences: QuerySet[Presence]) -> Coalesce:
    """How many presences the door has of these, as a column."""
    counted = presences.order_by().values("checkpoint").annotate(number=Count("*")).values("number")
    return Coalesce(Subquery(counted), 0)


def arrivals(event: "Event", *, step: datetime.timedelta = STEP) -> list[tuple[datetime.datetime, int]]:
    """How many had come by each quarter of an hour, from the first arrival to the last."""
    firsts = Presence.objects.filter(checkpoint__in=doors_of(event), first_in__isnull=False).order_by()
    times = firsts.values("registration").annotate(at=Min("first_in")).values_list("at", flat=True)
    seconds = int(step.total_seconds())
    counts = Counter(int(at.timestamp()) // seconds for at in times)
    if not counts:
        return []
    slots = range(min(counts), max(counts) + 1)
    totals = accumulate(counts[slot] for slot in slots)
    zone = event.zone
    points = zip(slots, totals, strict=True)
    return [
        (datetime.datetime.fromtimestamp((slot + 1) * seconds, zone), total)
        for slot, total in points
        if counts[slot] or counts[slot + 1] or total == sum(counts.values())
    ]


def main_presences(event: "Event", registrations: list[int]) -> dict[int, Presence]:
    """The presence of each of these at the event's doors; the one inside, where there are several."""
    rows = Presence.objects.filter(registration__in=registrations, checkpoint__in=doors_of(event))
    return {row.registration_id: row for row in rows.order_by("is_inside", "last_in")}


def expected(event: "Event") -> RegistrationQuerySet:
    """Those expected, and those who came although cancelled."""
    return Registration.objects.filter(
        Q(confirmed_at__isnull=False, cancelled_at__isnull=True) | Q(seen(event)), event=event
    )


def who_came(event: "Event") -> RegistrationQuerySet:
    """Those who entered any door."""
    return Registration.objects.filter(seen(event), event=event)


def who_is_inside(event: "Event") -> RegistrationQuerySet:
    """Those who are inside now."""
    return Registration.objects.filter(inside_now(event), event=event)


def who_is_absent(event: "Event") -> RegistrationQuerySet:
    """Those expected whom no door has seen."""
    return confirmed(event).filter(~seen(event))


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of the attendance: someone at one door, or at none at all."""

    last_name: str
    first_name: str
    company: str
    ticket: str
    reference: str
    door: str = ""
    first_in: datetime.datetime | None = None
    last_out: datetime.datetime | None = None
    seconds_inside: int = 0
    entries: int = 0
    is_inside: bool = False

    @property
    def state(self) -> str:
        """In a word: inside, came, or absent."""
        if not self.entries:
            return _("absent")
        return _("inside") if self.is_inside else _("came")


def visits(event: "Event") -> Iterator[Visit]:
    """Everyone by name: a line for each door they entered, one line without a door for the absent."""
    person = ("last_name", "first_name", "company", "ticket_id", "reference")
    titles = {ticket.pk: ticket.title for ticket in event.tickets.all()}
    entered: dict[int, list[tuple[Any, ...]]] = {}
    entries = Presence.objects.filter(event=event, entries__gt=0).order_by("first_in", "checkpoint_id")
    rows = entries.annotate(is_here=ExpressionWrapper(still_inside(), BooleanField()))
    for registration, *visit in rows.values_list(
        "registration_id",
        "checkpoint__name",
        "first_in",
        "last_out",
        "seconds_inside",
        "entries",
        "is_here",
    ).iterator(chunk_size=5000):
        entered.setdefault(registration, []).append(tuple(visit))
    people = expected(event).order_by("pk").values_list("pk", *person)
    in_order = sorted(people, key=lambda row: (filed(row[1]), filed(row[2]), row[0]))
    for pk, last, first, company, ticket, reference in in_order:
        for passed in entered.get(pk, [()]):
            yield Visit(last, first, company, titles[ticket], reference, *passed)
