"""Load the facts that organizers' pages show, for all of their events at once."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.core.cache import cache
from django.db.models import Count, Q, Sum
from django_tasks_db.models import DBTaskResult

from badges.attendance.models import Checkpoint, Device, Presence
from badges.attendance.scanning.presence_store import filter_still_inside
from badges.mailings.composing.date_change import list_date_changes
from badges.mailings.models import DateChange, Mailing
from convention.events.models import Event, load_application_deadlines
from convention.models import BouncedAddress
from convention.money import Money
from convention.typeset import find_missing_glyphs
from registrations.booking.holds import select_unverified_items
from registrations.invoices.models import Charge
from registrations.models import MailDelivery, OrderAlarm, Registration, Ticket, WaitingEntry
from registrations.organizer.registration_list import has_bounced_mail
from registrations.payments.models import OPEN_DISPUTE_STATUSES, Dispute
from registrations.visits.applications.state import find_agreed_ids
from registrations.visits.models import Application, Visit
from schedule.conflicts.find import find_conflicts
from schedule.conflicts.load import load_working_sessions
from schedule.models import Session
from schedule.programme.days import describe_fullness, is_outside_hours

NAMES_CACHE_SECONDS = 600
TASK_STUCK_AFTER = datetime.timedelta(minutes=10)
FAILED_TASKS_PERIOD = datetime.timedelta(days=7)
ALARM_SHOWN_FOR = datetime.timedelta(days=7)


@dataclass
class EventFacts:
    """The facts of one event; counts are of registrations unless named otherwise."""

    event: Event
    tickets: list[Ticket] = field(default_factory=list)
    confirmed_count: int = 0
    pending_count: int = 0
    arrived_count: int = 0
    arrived_expected_count: int = 0
    inside_count: int = 0
    scan_conflict_count: int = 0
    devices: list[Device] = field(default_factory=list)
    lapsed_device_count: int = 0
    schedule_conflict_count: int = 0
    outside_session_count: int = 0
    unplaced_session_count: int = 0
    unprintable_names: list[str] = field(default_factory=list)
    undelivered_count: int = 0
    waiting_count: int = 0
    ticket_waiting_count: int = 0
    full_sessions: list[str] = field(default_factory=list)
    filling_sessions: list[str] = field(default_factory=list)
    dispute_count: int = 0
    stopped_mailings: list[str] = field(default_factory=list)
    date_change: DateChange | None = None
    alarm: OrderAlarm | None = None
    alarm_places: int = 0
    visit: Visit | None = None
    member_ticket: Ticket | None = None
    missing_agreements: int = 0
    locks_at: datetime.datetime | None = None

    @property
    def absent_count(self) -> int:
        return self.confirmed_count - self.arrived_expected_count

    @property
    def capacity(self) -> int | None:
        """Return the sum of the tickets' capacities; None if one is unlimited."""
        limits = [ticket.capacity for ticket in self.tickets]
        return None if not limits or None in limits else sum(limit or 0 for limit in limits)


@dataclass(frozen=True)
class TaskQueueState:
    """The number of tasks that failed recently, and of those that have waited too long."""

    failed_count: int
    stuck_count: int


def load_event_facts(events: Sequence[Event], *, at: datetime.datetime) -> list[EventFacts]:
    """Return the facts of each event in the order given; the number of queries does not depend on it."""
    # Each function below fills in one kind of fact for all events, so that the home page of an organizer with
    # twenty events needs no more queries than that of one with a single event.
    load_application_deadlines(events)
    facts_by_event = {event.pk: EventFacts(event) for event in events}
    _add_registration_counts(facts_by_event, at)
    _add_presence_counts(facts_by_event)
    for ticket in Ticket.objects.filter(event__in=facts_by_event).select_related("quota"):
        facts_by_event[ticket.event_id].tickets.append(ticket)
    _add_devices(facts_by_event, at)
    _add_schedule_problems(facts_by_event)
    _add_session_bookings(facts_by_event, at)
    _add_undelivered_counts(facts_by_event)
    _add_dispute_counts(facts_by_event)
    for mailing in (
        Mailing.objects.stopped().filter(event__in=facts_by_event).select_related("event").order_by("pk")
    ):
        facts_by_event[mailing.event_id].stopped_mailings.append(mailing.title)
    for change in list_date_changes(events):
        facts_by_event[change.event_id].date_change = change
    _add_visits(facts_by_event)
    _add_missing_agreements(facts_by_event)
    _add_alarms(facts_by_event, at)
    for event, names in find_unprintable_names(events).items():
        facts_by_event[event].unprintable_names = names
    return list(facts_by_event.values())


def count_queue_problems(*, at: datetime.datetime) -> TaskQueueState:
    failed = DBTaskResult.objects.failed().filter(finished_at__gt=at - FAILED_TASKS_PERIOD)
    stuck = DBTaskResult.objects.ready().filter(enqueued_at__lt=at - TASK_STUCK_AFTER)
    return TaskQueueState(failed.count(), stuck.count())


def _add_devices(facts_by_event: dict[int, EventFacts], at: datetime.datetime) -> None:
    """Add valid devices, and count those revoked or expired."""
    phones = Device.objects.phones().filter(event__in=facts_by_event)
    for device in phones.valid(at=at).select_related("checkpoint"):
        facts_by_event[device.event_id].devices.append(device)
    for event, number in phones.order_by().values_list("event").annotate(Count("pk")):
        facts_by_event[event].lapsed_device_count = number - len(facts_by_event[event].devices)


def _add_registration_counts(facts_by_event: dict[int, EventFacts], at: datetime.datetime) -> None:
    confirmed = Q(confirmed_at__isnull=False)
    held = Q(confirmed_at__isnull=True, hold_expires_at__gt=at)
    rows = Registration.objects.filter(event__in=facts_by_event, cancelled_at__isnull=True).order_by()
    for row in rows.values("event").annotate(
        confirmed=Count("pk", filter=confirmed), pending=Count("pk", filter=held)
    ):
        facts_by_event[row["event"]].confirmed_count = row["confirmed"]
        facts_by_event[row["event"]].pending_count = row["pending"]


def _add_presence_counts(facts_by_event: dict[int, EventFacts]) -> None:
    """Add counts of attendees, who count once however many checkpoints they passed.

    The rules are those of `attendance.reports.headcount`, for several events at once.
    """
    checkpoints = Checkpoint.objects.filter(event__in=facts_by_event, counts_as__isnull=True)
    with_entrance = set(
        checkpoints.filter(kind=Checkpoint.Kind.ENTRANCE).order_by().values_list("event", flat=True)
    )
    has_entered, inside = Q(entries__gt=0), filter_still_inside()
    is_expected = Q(registration__confirmed_at__isnull=False, registration__cancelled_at__isnull=True)
    rows = Presence.objects.filter(event__in=facts_by_event).order_by().values("event")
    for row in rows.annotate(
        # One query for all events; which of the two counts of people inside applies is decided below.
        arrived=count_people(has_entered),
        arrived_expected=count_people(has_entered & is_expected),
        anywhere=count_people(inside),
        at_entrance=count_people(inside & Q(checkpoint__kind=Checkpoint.Kind.ENTRANCE)),
        conflicts=Count("pk", filter=Q(has_conflict=True)),
    ):
        facts = facts_by_event[row["event"]]
        facts.inside_count = row["at_entrance"] if row["event"] in with_entrance else row["anywhere"]
        facts.arrived_count, facts.arrived_expected_count = row["arrived"], row["arrived_expected"]
        facts.scan_conflict_count = row["conflicts"]


def _add_undelivered_counts(facts_by_event: dict[int, EventFacts]) -> None:
    rows = (
        MailDelivery.objects.needing_attention()
        .filter(order__event__in=facts_by_event)
        .order_by()
        .values("order__event")
    )
    for row in rows.annotate(count=Count("pk")):
        facts_by_event[row["order__event"]].undelivered_count = row["count"]
    # Skipped while no address has bounced: the count reads every registration.
    if BouncedAddress.objects.exists():
        _add_bounced_counts(facts_by_event)


def _add_bounced_counts(facts_by_event: dict[int, EventFacts]) -> None:
    rows = Registration.objects.filter(
        has_bounced_mail(), event__in=facts_by_event, cancelled_at__isnull=True
    ).order_by()
    for row in rows.values("event").annotate(count=Count("pk")):
        facts_by_event[row["event"]].undelivered_count += row["count"]


def _add_dispute_counts(facts_by_event: dict[int, EventFacts]) -> None:
    rows = Dispute.objects.filter(
        status__in=OPEN_DISPUTE_STATUSES, payment__receivable__event__in=facts_by_event
    ).order_by()
    for event, count in rows.values_list("payment__receivable__event").annotate(count=Count("pk")):
        facts_by_event[event].dispute_count = count


def _add_visits(facts_by_event: dict[int, EventFacts]) -> None:
    """Add visits, and the ticket for whose places members apply."""
    site_visits = [pk for pk, facts in facts_by_event.items() if facts.event.kind == Event.Kind.SITE_VISIT]
    visits = list(Visit.objects.filter(event__in=site_visits)) if site_visits else []
    for visit in visits:
        facts = facts_by_event[visit.event_id]
        # The caller's event, with its deadline loaded.
        visit.event = facts.event
        facts.visit = visit
    tickets = Ticket.objects.for_members().filter(event__in=[visit.event_id for visit in visits])
    for ticket in tickets.select_related("quota") if visits else []:
        facts_by_event[ticket.event_id].member_ticket = ticket


def _add_missing_agreements(facts_by_event: dict[int, EventFacts]) -> None:
    """Count visitors who have not agreed to a visit's terms while its list is not locked."""
    visits = Visit.objects.published().filter(event__in=facts_by_event, locked_at__isnull=True)
    visits_by_pk = {visit.pk: visit for visit in visits.select_related("event")}
    confirmed = Application.objects.confirmed().filter(visit__in=visits_by_pk)
    applications = list(confirmed) if visits_by_pk else []
    agreed_ids = find_agreed_ids(applications) if applications else frozenset()
    for application in applications:
        if application.pk not in agreed_ids:
            visit = visits_by_pk[application.visit_id]
            facts_by_event[visit.event_id].missing_agreements += 1
            facts_by_event[visit.event_id].locks_at = visit.locks_at


def _add_alarms(facts_by_event: dict[int, EventFacts], at: datetime.datetime) -> None:
    """Add the latest alarm of each event that has unverified places left, and their number."""
    raised = OrderAlarm.objects.filter(event__in=facts_by_event, raised_at__gt=at - ALARM_SHOWN_FOR)
    alarms = list(raised.select_related("event").order_by("raised_at"))
    if not alarms:
        return
    ordered_at: dict[int, list[datetime.datetime]] = defaultdict(list)
    earliest = min(alarm.ordered_since for alarm in alarms)
    for items in select_unverified_items({alarm.event_id for alarm in alarms}, since=earliest):
        for event, moment in items.order_by().values_list("order__event_id", "order__created_at"):
            ordered_at[event].append(moment)
    # In ascending order, so that the latest alarm replaces earlier ones.
    for alarm in alarms:
        facts = facts_by_event[alarm.event_id]
        if places := sum(moment > alarm.ordered_since for moment in ordered_at[alarm.event_id]):
            facts.alarm, facts.alarm_places = alarm, places


def count_people(condition: Q) -> Count:
    """Count the registrations that have a presence of this kind."""
    return Count("registration", distinct=True, filter=condition)


def _add_schedule_problems(facts_by_event: dict[int, EventFacts]) -> None:
    """Count the problems of the timetable that organizers work on: the current draft, if there is one."""
    timetables = load_working_sessions([facts.event for facts in facts_by_event.values()])
    for pk, timetable in timetables.items():
        facts = facts_by_event[pk]
        facts.schedule_conflict_count = len(find_conflicts(timetable))
        hours = (facts.event.starts_at, facts.event.ends_at)
        facts.outside_session_count = sum(
            not state.is_cancelled and is_outside_hours(state.starts_at, state.ends_at, hours)
            for state in timetable.placements.values()
        )
        facts.unplaced_session_count = sum(timetable.is_unplaced(key) for key in timetable.sessions)


def _add_session_bookings(facts_by_event: dict[int, EventFacts], at: datetime.datetime) -> None:
    """Add full and filling sessions, and the number of people on waiting lists."""
    bookable = Session.objects.filter(event__in=facts_by_event, is_bookable=True, cancelled_at__isnull=True)
    rows = bookable.filter(starts_at__gt=at).order_by("starts_at", "number")
    for event, title, reserved, capacity in rows.values_list("event_id", "title", "reserved", "capacity"):
        state = describe_fullness(reserved, capacity)
        if state == "full":
            facts_by_event[event].full_sessions.append(title)
        elif state == "filling":
            facts_by_event[event].filling_sessions.append(title)
    # People with an offer are not counted: the decision is theirs.
    waiting_entries = WaitingEntry.objects.active().filter(event__in=facts_by_event, offered_at__isnull=True)
    for row in (
        waiting_entries.order_by().values("event").annotate(count=Count("pk"), for_tickets=Count("ticket"))
    ):
        facts_by_event[row["event"]].waiting_count = row["count"]
        facts_by_event[row["event"]].ticket_waiting_count = row["for_tickets"]


def find_unprintable_names(events: Iterable[Event]) -> dict[int, list[str]]:
    """Return, by event, names with a character that no packaged font draws; cached until one changes."""
    # The sequence changes with each registration, so a cached list is never outdated.
    keys = {f"reports.unprintable:{event.pk}:{event.sequence}": event.pk for event in events}
    cached = cache.get_many(keys)
    if missing := {key: pk for key, pk in keys.items() if key not in cached}:
        rows = _load_names(missing.values())
        computed = {key: _filter_unprintable(rows[pk]) for key, pk in missing.items()}
        cache.set_many(computed, NAMES_CACHE_SECONDS)
        cached |= computed
    return {pk: cached[key] for key, pk in keys.items()}


def _load_names(events: Iterable[int]) -> dict[int, list[tuple[str, ...]]]:
    rows: dict[int, list[tuple[str, ...]]] = defaultdict(list)
    confirmed = Registration.objects.confirmed().filter(event__in=list(events)).order_by("pk")
    for event, *words in confirmed.values_list("event_id", "first_name", "last_name", "company"):
        rows[event].append(tuple(words))
    return rows


def _filter_unprintable(rows: list[tuple[str, ...]]) -> list[str]:
    # Each distinct character is looked up once, rather than each name.
    missing = set(find_missing_glyphs("".join(sorted(collect_characters(rows)))))
    if not missing:
        return []
    return [f"{row[0]} {row[1]}".strip() for row in rows if missing & collect_characters([row])]


def collect_characters(rows: Iterable[tuple[str, ...]]) -> set[str]:
    return set().union(*(text for row in rows for text in row))


def count_recent_registrations(event: Event, *, at: datetime.datetime) -> int:
    """Return how many registrations of the last seven days are confirmed."""
    since = at - datetime.timedelta(days=7)
    recent = Registration.objects.filter(event=event, created_at__gte=since, created_at__lte=at)
    return recent.filter(confirmed_at__isnull=False, cancelled_at__isnull=True).count()


def sum_charges(event: Event) -> list[Money]:
    """Return what the buyers of an event are charged in all, by currency, invoiced or not."""
    charges = Charge.objects.active().filter(receivable__event=event).order_by()
    sums = charges.values_list("receivable__currency").annotate(total=Sum("amount"))
    return [Money(total, currency) for currency, total in sums.order_by("receivable__currency") if total]
