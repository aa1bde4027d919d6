"""Count who came, who is inside and who is absent, from the presences of an event.

An attendee arrived once any checkpoint let them in. They are inside if they are inside at an entrance, or at
any checkpoint where the event has no entrance (a visit with only a coach). Each attendee counts once, however
many checkpoints they passed.
"""

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Checkpoint, Presence
from badges.attendance.scanning.device_state.silence import (
    SilentDevice,
    count_possible_entries,
    count_possible_exits,
    find_silent_devices,
)
from badges.attendance.scanning.presence_store import filter_still_inside
from convention.text.normalize import name_search_key, normalize_whitespace
from registrations.models import Registration, RegistrationQuerySet

if TYPE_CHECKING:
    from convention.events.models import Event

ARRIVALS_STEP = datetime.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class HeadcountGroup:
    """Counts for one company, one ticket or the whole event."""

    label: str
    registered_count: int
    arrived_count: int
    inside_count: int

    @property
    def absent_count(self) -> int:
        return self.registered_count - self.arrived_count


@dataclass(frozen=True, slots=True)
class GateHeadcount:
    """How many attendees entered last by a further gate of a checkpoint."""

    name: str
    entered_count: int


@dataclass(frozen=True, slots=True)
class CheckpointHeadcount:
    """Counts for one checkpoint, with the devices there whose scans are missing, and its further gates."""

    checkpoint: Checkpoint
    arrived_count: int
    inside_count: int
    silent_devices: Sequence[SilentDevice] = ()
    gates: Sequence[GateHeadcount] = ()

    @property
    def fewest_inside(self) -> int:
        return find_fewest(self.inside_count, self.silent_devices)

    @property
    def most_inside(self) -> int:
        return find_most(self.inside_count, self.silent_devices)

    @property
    def is_over(self) -> bool:
        """Return whether more are inside than the capacity."""
        capacity = self.checkpoint.capacity
        return capacity is not None and self.inside_count > capacity

    @property
    def is_alarming(self) -> bool:
        """Return whether so many may be inside that the limit is near or exceeded."""
        capacity = self.checkpoint.capacity
        if capacity is None or not self.most_inside:
            return False
        return self.most_inside * 100 >= capacity * self.checkpoint.alarm_percent


@dataclass(frozen=True, slots=True)
class EventHeadcount:
    """How many are inside the event, with a lower and an upper bound while devices are silent."""

    inside_count: int
    silent_devices: Sequence[SilentDevice]
    checkpoints: Sequence[CheckpointHeadcount]

    @property
    def fewest_inside(self) -> int:
        return find_fewest(self.inside_count, self.silent_devices)

    @property
    def most_inside(self) -> int:
        return find_most(self.inside_count, self.silent_devices)

    @property
    def alarms(self) -> list[CheckpointHeadcount]:
        return [row for row in self.checkpoints if row.is_alarming]


def find_fewest(inside: int, silent_devices: Iterable[SilentDevice]) -> int:
    """Return how many are inside at least, if the silent devices saw people leave."""
    return max(0, inside - count_possible_exits(silent_devices))


def find_most(inside: int, silent_devices: Iterable[SilentDevice]) -> int:
    """Return how many are inside at most, if the silent devices let people in."""
    return inside + count_possible_entries(silent_devices)


def list_main_checkpoints(*events: "Event") -> list[int]:
    """Return the ids of the events' entrances; of all checkpoints for an event without an entrance."""
    checkpoints = list(Checkpoint.objects.filter(event__in=events, counts_as__isnull=True))
    # One query for both cases: which checkpoints count depends on whether there is an entrance.
    entrances = [checkpoint for checkpoint in checkpoints if checkpoint.kind == Checkpoint.Kind.ENTRANCE]
    with_entrance = {checkpoint.event_id for checkpoint in entrances}
    others = [checkpoint for checkpoint in checkpoints if checkpoint.event_id not in with_entrance]
    return [checkpoint.pk for checkpoint in (*entrances, *others)]


def confirmed_registrations(event: "Event") -> RegistrationQuerySet:
    return Registration.objects.filter(event=event).confirmed()


def has_arrived(event: "Event") -> Exists:
    """Return a condition on registrations: let in at any checkpoint of the event."""
    entered = Presence.objects.entered().filter(registration=OuterRef("pk"), event=event)
    return Exists(entered)


def is_inside_now(event: "Event") -> Exists:
    """Return a condition on registrations: inside at one of the event's main checkpoints."""
    inside = Presence.objects.filter(
        filter_still_inside(), registration=OuterRef("pk"), checkpoint__in=list_main_checkpoints(event)
    )
    return Exists(inside)


@dataclass(frozen=True, slots=True)
class Headcount:
    """Counts for the whole event, by company and by ticket; the largest groups first."""

    total: HeadcountGroup
    companies: list[HeadcountGroup]
    tickets: list[HeadcountGroup]


def count_attendance(event: "Event") -> Headcount:
    """Count all attendees in one query. Those who came count as registered even if cancelled since."""
    # A cancelled attendee who came anyway must not make the total smaller than the arrivals.
    is_expected = Q(confirmed_at__isnull=False, cancelled_at__isnull=True)
    rows = (
        Registration.objects.filter(event=event)
        .annotate(has_come=has_arrived(event), is_inside=is_inside_now(event))
        .order_by()
        .values_list("company", "ticket_id")
        .annotate(
            registered=Count("pk", filter=is_expected | Q(has_come=True)),
            came=Count("pk", filter=Q(has_come=True)),
            inside=Count("pk", filter=Q(is_inside=True)),
        )
    )
    # Groups of pending or cancelled registrations alone would show as rows of zeros.
    counts = [(company, ticket, numbers) for company, ticket, *numbers in rows if numbers[0]]
    titles = {ticket.pk: ticket.title for ticket in event.tickets.all()}
    # Both tables and the total are summed from one grouping, so that they cannot contradict each other.
    totals = sum_groups(("", numbers) for _company, _ticket, numbers in counts)
    return Headcount(
        total=totals[0] if totals else HeadcountGroup("", 0, 0, 0),
        companies=sum_groups(
            (normalize_whitespace(company), numbers) for company, _ticket, numbers in counts
        ),
        tickets=sum_groups((titles[ticket], numbers) for _company, ticket, numbers in counts),
    )


def sum_groups(counts: Iterable[tuple[str, list[int]]]) -> list[HeadcountGroup]:
    """Sum (registered, arrived, inside) by label; return the largest groups first."""
    sums: dict[str, list[int]] = {}
    for label, numbers in counts:
        group_sums = sums.setdefault(label, [0, 0, 0])
        group_sums[:] = [total + number for total, number in zip(group_sums, numbers, strict=True)]
    groups = [HeadcountGroup(label, *numbers) for label, numbers in sums.items()]
    return sorted(groups, key=lambda group: (-group.registered_count, group.label))


def count_by_checkpoint(event: "Event") -> list[CheckpointHeadcount]:
    """Return the counts of each checkpoint; those of sessions in the order of the programme.

    Each count uses its own index, so that a million presences need not be read.
    """
    presences = Presence.objects.filter(checkpoint=OuterRef("pk"))
    checkpoints = (
        Checkpoint.objects.filter(event=event, counts_as__isnull=True)
        .select_related("session__room")
        .annotate(came=count_presences(presences.entered()))
        .annotate(inside=count_presences(presences.filter(filter_still_inside())))
        .order_by("position", F("session__starts_at").asc(nulls_first=True), "name")
    )
    silent_devices = find_silent_devices(event, at=timezone.now())
    gates = count_by_gate(event)
    return [
        CheckpointHeadcount(
            checkpoint,
            checkpoint.came,
            checkpoint.inside,
            [silent for silent in silent_devices if silent.checkpoint_id == checkpoint.pk],
            gates.get(checkpoint.pk, []),
        )
        for checkpoint in checkpoints
    ]


def count_by_gate(event: "Event") -> dict[int, list[GateHeadcount]]:
    """Return the counts of the gates that count as another checkpoint, by its id; exits let nobody in."""
    entered = Presence.objects.entered().filter(
        checkpoint=OuterRef("counts_as"), last_checkpoint=OuterRef("pk")
    )
    rows = (
        Checkpoint.objects.filter(event=event, counts_as__isnull=False)
        .exclude(kind=Checkpoint.Kind.EXIT)
        .annotate(entered=count_presences(entered))
        .order_by("position", "name")
    )
    gates: dict[int, list[GateHeadcount]] = defaultdict(list)
    for gate in rows:
        gates[gate.presence_checkpoint_id].append(GateHeadcount(gate.name, gate.entered))
    return gates


def count_inside_event(event: "Event", *, inside_count: int) -> EventHeadcount:
    """Return the count with its uncertainty; `inside_count` is that of `count_attendance`."""
    counts = count_inside_anywhere(event, inside_count=inside_count)
    main_checkpoints = list_main_checkpoints(event)
    silent_devices = [silent for silent in counts.silent_devices if silent.checkpoint_id in main_checkpoints]
    return dataclasses.replace(counts, silent_devices=silent_devices)


def count_inside_anywhere(event: "Event", *, inside_count: int) -> EventHeadcount:
    """Return the count of people inside at any checkpoint, any of which may have silent devices."""
    rows = count_by_checkpoint(event)
    return EventHeadcount(inside_count, [silent for row in rows for silent in row.silent_devices], rows)


def count_presences(presences: QuerySet[Presence]) -> Subquery:
    """Return the number of these presences at the outer checkpoint, as a column."""
    # A subquery, as a join with two counts would multiply the rows. Count would group them, although they are
    # of one checkpoint, which takes both databases a quarter longer or more.
    counted = presences.order_by().annotate(number=Func(template="COUNT(*)", output_field=IntegerField()))
    return Subquery(counted.values("number"))


def accumulate_arrivals(
    event: "Event", *, step: datetime.timedelta = ARRIVALS_STEP
) -> list[tuple[datetime.datetime, int]]:
    """Return how many had arrived by the end of each `step`, from the first arrival to the last."""
    # At any checkpoint, as `count_attendance` counts arrivals: the curve ends at the number above it.
    arrivals = Presence.objects.filter(
        checkpoint__in=Checkpoint.objects.filter(event=event), first_entered_at__isnull=False
    ).order_by()
    times = arrivals.values("registration").annotate(at=Min("first_entered_at")).values_list("at", flat=True)
    seconds = int(step.total_seconds())
    # Slots of the UTC clock: an hour that is repeated or skipped by a change of clocks stays in order.
    counts = Counter(int(at.timestamp()) // seconds for at in times)
    if not counts:
        return []
    slots = range(min(counts), max(counts) + 1)
    totals = accumulate(counts[slot] for slot in slots)
    final_total = counts.total()
    zone = event.zone
    points = zip(slots, totals, strict=True)
    return [
        (datetime.datetime.fromtimestamp((slot + 1) * seconds, zone), total)
        for slot, total in points
        # Flat stretches, such as the night, keep only their end, from which the next step rises.
        if counts[slot] or counts[slot + 1] or total == final_total
    ]


def find_main_presences(event: "Event", registrations: list[int]) -> dict[int, Presence]:
    """Return one presence at the main checkpoints for each registration, preferring one that is inside."""
    rows = Presence.objects.filter(
        registration__in=registrations, checkpoint__in=list_main_checkpoints(event)
    )
    # Later rows replace earlier ones, so the presence to show comes last: inside, then the latest entry.
    return {row.registration_id: row for row in rows.order_by("is_inside", "last_entered_at")}


def expected_registrations(event: "Event") -> RegistrationQuerySet:
    """Return confirmed registrations, and cancelled ones whose attendee came nevertheless."""
    return Registration.objects.filter(
        Q(confirmed_at__isnull=False, cancelled_at__isnull=True) | Q(has_arrived(event)), event=event
    )


def arrived_registrations(event: "Event") -> RegistrationQuerySet:
    return Registration.objects.filter(has_arrived(event), event=event)


def inside_registrations(event: "Event") -> RegistrationQuerySet:
    return Registration.objects.filter(is_inside_now(event), event=event)


def absent_registrations(event: "Event") -> RegistrationQuerySet:
    return confirmed_registrations(event).filter(~has_arrived(event))


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One line of the attendance list: an attendee at one checkpoint, or absent from all."""

    last_name: str
    first_name: str
    company: str
    ticket: str
    reference: str
    checkpoint_name: str = ""
    first_entered_at: datetime.datetime | None = None
    last_left_at: datetime.datetime | None = None
    seconds_inside: int = 0
    entries: int = 0
    is_inside: bool = False

    @property
    def state(self) -> str:
        """Return the translated word: inside, attended or absent."""
        if not self.entries:
            return _("absent")
        return _("inside") if self.is_inside else _("attended")


def annotate_still_inside(presences: QuerySet[Presence]) -> QuerySet[Any]:
    """Annotate presences with `is_still_inside`, the condition of `filter_still_inside` at this moment."""
    return presences.annotate(is_still_inside=ExpressionWrapper(filter_still_inside(), BooleanField()))


def iterate_attendance(event: "Event") -> Iterator[AttendanceRow]:
    """Yield the attendance list by name: one row for each checkpoint entered, one for each absentee."""
    person = ("last_name", "first_name", "company", "ticket_id", "reference")
    titles = {ticket.pk: ticket.title for ticket in event.tickets.all()}
    entered: dict[int, list[tuple[Any, ...]]] = {}
    entries = Presence.objects.entered().filter(event=event).order_by("first_entered_at", "checkpoint_id")
    for registration, *values in (
        annotate_still_inside(entries)
        .values_list(
            "registration_id",
            "checkpoint__name",
            "first_entered_at",
            "last_left_at",
            "seconds_inside",
            "entries",
            "is_still_inside",
        )
        .iterator(chunk_size=5000)
    ):
        entered.setdefault(registration, []).append(tuple(values))
    people = expected_registrations(event).order_by("pk").values_list("pk", *person)
    # Sorted in Python: collations of PostgreSQL and SQLite differ, and SQLite's knows no accents.
    sorted_people = sorted(people, key=lambda row: (name_search_key(row[1]), name_search_key(row[2]), row[0]))
    for pk, last, first, company, ticket, reference in sorted_people:
        # The empty tuple leaves the defaults of AttendanceRow, which mean "absent".
        for presence in entered.get(pk, [()]):
            yield AttendanceRow(last, first, company, titles[ticket], reference, *presence)
