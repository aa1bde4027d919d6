"""What the organizers' pages tell, fetched for all of their events at once."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from badges.attendance.inside import still_inside
from badges.attendance.models import Checkpoint, Device, Presence
from badges.mailings.models import Mailing
from convention.events.models import Event
from convention.models import BouncedAddress
from convention.typeset import missing_glyphs
from registrations.checkout.models import OPEN_DISPUTES, Dispute
from registrations.holds import unverified_places
from registrations.listing import came_back
from registrations.models import Delivery, OrderAlarm, Registration, Ticket, WaitingEntry
from registrations.visits.deadline import locks_at
from registrations.visits.models import Application, Visit
from registrations.visits.standing import agreed_among
from schedule.clashes import Placed, clashes
from schedule.days import is_outside
from schedule.fullness import fullness
from schedule.models import Session, SessionSpeaker

KEPT_SECONDS = 600
STUCK = datetime.timedelta(minutes=10)
RECENT = datetime.timedelta(days=7)
ALARM_SHOWN_FOR = datetime.timedelta(days=7)


@dataclass
class Facts:
    """One event as its organizers need to know it; counts are of registrations unless said."""

    event: Event
    tickets: list[Ticket] = field(default_factory=list)
    confirmed: int = 0
    pending: int = 0
    arrived: int = 0
    arrived_awaited: int = 0
    inside: int = 0
    conflicts: int = 0
    devices: list[Device] = field(default_factory=list)
    lapsed_devices: int = 0
    clashes: int = 0
    outside: int = 0
    unplaced: int = 0
    unprintable: list[str] = field(default_factory=list)
    undelivered: int = 0
    waiting: int = 0
    full: list[str] = field(default_factory=list)
    filling: list[str] = field(default_factory=list)
    disputes: int = 0
    stopped: list[str] = field(default_factory=list)
    alarm: OrderAlarm | None = None
    alarm_places: int = 0
    not_agreed: int = 0
    locks_at: datetime.datetime | None = None

    @property
    def absent(self) -> int:
        """Confirmed, and seen at no door so far."""
        return self.confirmed - self.arrived_awaited

    @property
    def capacity(self) -> int | None:
        """Places in all; None where a ticket has no limit."""
        limits = [ticket.capacity for ticket in self.tickets]
        return None if not limits or None in limits else sum(limit or 0 for limit in limits)


@dataclass(frozen=True)
class Queue:
    """The task queue: how many failed lately, how many wait longer than they should."""

    failed: int
    stuck: int


def facts_of(events: Sequence[Event], *, at: datetime.datetime) -> list[Facts]:
    """Facts of each event in the order given; as many queries for one as for many."""
    found = {event.pk: Facts(event) for event in events}
    _count_registrations(found, at)
    _count_presences(found)
    for ticket in Ticket.objects.filter(event__in=found).select_related("quota"):
        found[ticket.event_id].tickets.append(ticket)
    _look_at_phones(found, at)
    _look_at_sessions(found)
    _look_at_seats(found, at)
    _count_undelivered(found)
    _count_disputes(found)
    for mailing in Mailing.objects.stopped().filter(event__in=found).select_related("event").order_by("pk"):
        found[mailing.event_id].stopped.append(mailing.title)
    _look_at_visits(found)
    _look_at_alarms(found, at)
    for event, names in unprintable_names(events).items():
        found[event].unprintable = names
    return list(found.values())


def queue_now(*, at: datetime.datetime) -> Queue:
    """How the worker is doing."""
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=at - RECENT)
    stuck = DBTaskResult.objects.ready().filter(enqueued_at__lt=at - STUCK)
    return Queue(failed.count(), stuck.count())


def _look_at_phones(found: dict[int, Facts], at: datetime.datetime) -> None:
    """Those that may scan, and how many were revoked or have expired."""
    phones = Device.objects.phones().filter(event__in=found)
    for device in phones.valid(at=at).select_related("checkpoint"):
        found[device.event_id].devices.append(device)
    for event, number in phones.order_by().values_list("event").annotate(Count("pk")):
        found[event].lapsed_devices = number - len(found[event].devices)


def _count_registrations(found: dict[int, Facts], at: datetime.datetime) -> None:
    confirmed = Q(confirmed_at__isnull=False)
    held = Q(confirmed_at__isnull=True, held_until__gt=at)
    rows = Registration.objects.filter(event__in=found, cancelled_at__isnull=True).order_by()
    for row in rows.values("event").annotate(
        confirmed=Count("pk", filter=confirmed), pending=Count("pk", filter=held)
    ):
        found[row["event"]].confirmed = row["confirmed"]
        found[row["event"]].pending = row["pending"]


def _count_presences(found: dict[int, Facts]) -> None:
    """People, not doors: whoever passed two counts once; as `attendance.headcount` counts one event."""
    doors = Checkpoint.objects.filter(event__in=found, counted_at__isnull=True)
    with_entrance = set(
        doors.filter(kind=Checkpoint.Kind.ENTRANCE).order_by().values_list("event", flat=True)
    )
    came, here = Q(entries__gt=0), still_inside()
    awaited = Q(registration__confirmed_at__isnull=False, registration__cancelled_at__isnull=True)
    rows = Presence.objects.filter(event__in=found).order_by().values("event")
    for row in rows.annotate(
        arrived=people(came),
        awaited=people(came & awaited),
        anywhere=people(here),
        at_entrance=people(here & Q(checkpoint__kind=Checkpoint.Kind.ENTRANCE)),
        conflicts=Count("pk", filter=Q(has_conflict=True)),
    ):
        facts = found[row["event"]]
        facts.inside = row["at_entrance"] if row["event"] in with_entrance else row["anywhere"]
        facts.arrived, facts.arrived_awaited = row["arrived"], row["awaited"]
        facts.conflicts = row["conflicts"]


def _count_undelivered(found: dict[int, Facts]) -> None:
    rows = Delivery.objects.troubled().filter(order__event__in=found).order_by().values("order__event")
    for row in rows.annotate(count=Count("pk")):
        found[row["order__event"]].undelivered = row["count"]
    if BouncedAddress.objects.exists():  # who has one is only looked for where there are some
        _count_bounced(found)


def _count_bounced(found: dict[int, Facts]) -> None:
    rows = Registration.objects.filter(came_back(), event__in=found, cancelled_at__isnull=True).order_by()
    for row in rows.values("event").annotate(count=Count("pk")):
        found[row["event"]].undelivered += row["count"]


def _count_disputes(found: dict[int, Facts]) -> None:
    rows = Dispute.objects.filter(status__in=OPEN_DISPUTES, payment__receivable__event__in=found).order_by()
    for event, count in rows.values_list("payment__receivable__event").annotate(count=Count("pk")):
        found[event].disputes = count


def _look_at_visits(found: dict[int, Facts]) -> None:
    """Whoever has a place on a visit whose list is not locked yet, and has not agreed to its text."""
    visits = Visit.objects.published().filter(event__in=found, locked_at__isnull=True)
    coming = {visit.pk: visit for visit in visits.select_related("event")}
    places = list(Application.objects.confirmed().filter(visit__in=coming)) if coming else []
    agreed = agreed_among(places) if places else frozenset()
    for place in places:
        if place.pk not in agreed:
            visit = coming[place.visit_id]
            found[visit.event_id].not_agreed += 1
            found[visit.event_id].locks_at = locks_at(visit)


def _look_at_alarms(found: dict[int, Facts], at: datetime.datetime) -> None:
    """The latest alarm of each event of which places are still held for buyers to be verified."""
    raised = OrderAlarm.objects.filter(event__in=found, raised_at__gt=at - ALARM_SHOWN_FOR)
    for alarm in raised.select_related("event").order_by("raised_at"):
        facts = found[alarm.event_id]
        facts.alarm, facts.alarm_places = alarm, unverified_places(alarm.event_id, since=alarm.since)


def people(condition: Q) -> Count:
    """How many registrations have a presence like that."""
    return Count("registration", distinct=True, filter=condition)


def _look_at_sessions(found: dict[int, Facts]) -> None:
    sessions = Session.objects.filter(event__in=found, cancelled_at__isnull=True).order_by()
    speakers: dict[int, set[int]] = defaultdict(set)
    for session, speaker in SessionSpeaker.objects.filter(session__in=sessions).values_list(
        "session_id", "speaker_id"
    ):
        speakers[session].add(speaker)
    placed: dict[int, list[Placed]] = defaultdict(list)
    for pk, event, starts_at, ends_at, room in sessions.values_list(
        "pk", "event_id", "starts_at", "ends_at", "room_id"
    ):
        if starts_at and ends_at:
            placed[event].append(Placed(pk, starts_at, ends_at, room, frozenset(speakers[pk])))
        hours = (found[event].event.starts_at, found[event].event.ends_at)
        found[event].outside += is_outside(starts_at, ends_at, hours)
        if not starts_at or not room:
            found[event].unplaced += 1
    for event, timed in placed.items():
        found[event].clashes = len(clashes(timed))


def _look_at_seats(found: dict[int, Facts], at: datetime.datetime) -> None:
    """Which sessions that are booked fill, and how many people wait for anything."""
    ahead = Session.objects.filter(event__in=found, is_bookable=True, cancelled_at__isnull=True)
    rows = ahead.filter(starts_at__gt=at).order_by("starts_at", "number")
    for event, title, taken, capacity in rows.values_list("event_id", "title", "taken", "capacity"):
        state = fullness(taken, capacity)
        if state == "full":
            found[event].full.append(title)
        elif state == "filling":
            found[event].filling.append(title)
    waits = WaitingEntry.objects.standing().filter(event__in=found, offered_at__isnull=True).order_by()
    for row in waits.values("event").annotate(count=Count("pk")):
        found[row["event"]].waiting = row["count"]


def unprintable_names(events: Iterable[Event]) -> dict[int, list[str]]:
    """By event, names on badges with a character that no packaged font draws; kept until one changes."""
    keys = {f"reports.unprintable:{event.pk}:{event.sequence}": event.pk for event in events}
    kept = cache.get_many(keys)
    if missing := {key: pk for key, pk in keys.items() if key not in kept}:
        rows = _names_of(missing.values())
        made = {key: _unprintable(rows[pk]) for key, pk in missing.items()}
        cache.set_many(made, KEPT_SECONDS)
        kept |= made
    return {pk: kept[key] for key, pk in keys.items()}


def _names_of(events: Iterable[int]) -> dict[int, list[tuple[str, ...]]]:
    rows: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    confirmed = Registration.objects.confirmed().filter(event__in=list(events)).order_by("pk")
    for event, *words in confirmed.values_list("event_id", "first_name", "last_name", "company"):
        rows[event].append(tuple(words))
    return rows


def _unprintable(rows: list[tuple[str, ...]]) -> list[str]:
    bad = set(missing_glyphs("".join(sorted(characters(rows)))))
    return [f"{row[0]} {row[1]}".strip() for row in rows if bad & characters([row])] if bad else []


def characters(rows: Iterable[tuple[str, ...]]) -> set[str]:
    """Every character in some rows of text."""
    return set().union(*(text for row in rows for text in row))


def coming(events: Iterable[Event], *, at: datetime.datetime | None = None) -> list[Event]:
    """Those that are not over, the next first."""
    now = at or timezone.now()
    return [event for event in events if event.ends_at >= now]
