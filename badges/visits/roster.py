"""Load the roster of a visit: where each visitor is, their rides, and other visits of the same day."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.attendance_hooks import find_stays
from badges.attendance.models import Checkpoint, Presence
from badges.attendance.reports.headcount import expected_registrations
from convention.events.models import Event
from convention.text.normalize import name_search_key
from convention.text.punctuation import format_last_name_first
from registrations.models import Registration
from registrations.visits.models import Ride, RideSeat, Visit
from registrations.visits.permissions import list_nameable_events

from .whereabouts import VisitorFacts, Whereabouts, describe_count, locate_visitor

if TYPE_CHECKING:
    from badges.attendance.attendance_hooks import Stay
    from convention.club.permissions import RequestUser as Reader

ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class RosterEntry:
    """One visitor on the roster.

    `ride_ids` are the rides chosen, `boarding_times` the first scan by ride, and `other_visits` the titles of
    other visits on the same days where the visitor also has a place.
    """

    pk: int
    reference: str
    last_name: str
    first_name: str
    company: str
    whereabouts: Whereabouts
    arrived_at: datetime.datetime | None
    left_at: datetime.datetime | None
    ride_ids: tuple[int, ...]
    boarding_times: Mapping[int, datetime.datetime]
    other_visits: tuple[str, ...]
    is_expected: bool

    @property
    def name(self) -> str:
        """Return the last name first, as lists sort it, or the reference of a nameless registration."""
        return format_last_name_first(self.first_name, self.last_name) or self.reference

    @property
    def first_boarded_at(self) -> datetime.datetime | None:
        return min(self.boarding_times.values(), default=None)


def load_roster(
    visit: Visit, *, reader: "Reader | None" = None, at: datetime.datetime | None = None
) -> list[RosterEntry]:
    """Return an entry for each expected visitor, and for each who came although their place was cancelled.

    Entries are sorted by name. Titles of other visits are given only where `reader` may see those visits.
    `at` is the moment to decide for, now by default.
    """
    now, event = at or timezone.now(), visit.event
    registrations = list(expected_registrations(event).only(
        "pk", "reference", "last_name", "first_name", "company", "person_id", "cancelled_at"
    ))  # fmt: skip
    data = RosterData(
        at=now,
        stays=find_stays([event])[event.pk],
        boarding_times=_load_boarding_times(event),
        ride_ids=_load_ride_ids(visit),
        other_visits=_load_other_visits(
            event,
            [registration.person_id for registration in registrations if registration.person_id],
            reader,
        ),
        outward_ride_ids=frozenset(
            visit.rides.filter(direction=Ride.Direction.OUT).values_list("pk", flat=True)
        ),
    )
    entries = [_make_entry(registration, event, data) for registration in registrations]
    return sorted(entries, key=lambda entry: (name_search_key(entry.name), entry.pk))


@dataclass(frozen=True, kw_only=True)
class RosterData:
    """All data of the roster apart from the registrations, loaded once for all visitors."""

    at: datetime.datetime
    stays: "Mapping[int, Stay]"
    boarding_times: Mapping[int, dict[int, datetime.datetime]]
    ride_ids: Mapping[int, list[int]]
    other_visits: Mapping[int, list[str]]
    outward_ride_ids: frozenset[int]


def _make_entry(registration: Registration, event: Event, data: RosterData) -> RosterEntry:
    arrived_at, left_at = data.stays.get(registration.pk, (None, None))
    boarding_times = data.boarding_times.get(registration.pk, {})
    # Boarding the coach home does not mean being on the way to the site.
    outward_boardings = [moment for ride, moment in boarding_times.items() if ride in data.outward_ride_ids]
    facts = VisitorFacts(
        at=data.at,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        boarded_at=min(outward_boardings, default=None),
        arrived_at=arrived_at,
        left_at=left_at,
    )
    return RosterEntry(
        pk=registration.pk,
        reference=registration.reference,
        last_name=registration.last_name,
        first_name=registration.first_name,
        company=registration.company,
        whereabouts=locate_visitor(facts),
        arrived_at=arrived_at,
        left_at=left_at,
        ride_ids=tuple(data.ride_ids.get(registration.pk, ())),
        boarding_times=boarding_times,
        # No person has id 0: guests without an account have no other visits.
        other_visits=tuple(data.other_visits.get(registration.person_id or 0, ())),
        is_expected=registration.cancelled_at is None,
    )


def _load_boarding_times(event: Event) -> dict[int, dict[int, datetime.datetime]]:
    """Return the first scan in a coach by registration and ride."""
    rows = Presence.objects.entered().filter(
        event=event, checkpoint__kind=Checkpoint.Kind.COACH, checkpoint__ride__isnull=False
    )
    times_by_registration: dict[int, dict[int, datetime.datetime]] = {}
    for registration, ride, entered_at in rows.values_list(
        "registration", "checkpoint__ride", "first_entered_at"
    ):
        if entered_at:
            times_by_registration.setdefault(registration, {})[ride] = entered_at
    return times_by_registration


def _load_ride_ids(visit: Visit) -> dict[int, list[int]]:
    """Return the rides chosen, by registration, in the order of departure."""
    seats = RideSeat.objects.active().filter(ride__visit=visit).order_by("ride__leaves_at", "ride")
    rides_by_registration: dict[int, list[int]] = {}
    for registration, ride in seats.values_list("application__registration", "ride"):
        rides_by_registration.setdefault(registration, []).append(ride)
    return rides_by_registration


def _load_other_visits(
    event: Event, person_ids: Iterable[int], reader: "Reader | None"
) -> dict[int, list[str]]:
    """Return the titles of overlapping visits by person, the ones where they were scanned first."""
    # Visits can be confidential: without a reader, as on paper, no other visit is named.
    nameable_events = list_nameable_events(reader) if reader else Event.objects.none()
    # Whole days in the event's zone: visits on one day are named even if their hours do not overlap.
    first, last = (
        moment.astimezone(event.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        for moment in (event.starts_at, event.ends_at)
    )
    entered = Presence.objects.entered().filter(registration=OuterRef("pk"))
    rows = Registration.objects.confirmed().exclude(event=event).filter(
        person__in=list(person_ids), event__kind=Event.Kind.SITE_VISIT,
        event__starts_at__lt=last + ONE_DAY, event__ends_at__gt=first,
    )  # fmt: skip
    titles_by_person: dict[int, list[str]] = {}
    registrations = rows.annotate(
        was_seen=Exists(entered), is_known=Exists(nameable_events.filter(pk=OuterRef("event")))
    )
    registration: Any
    for registration in registrations.select_related("event").order_by("-was_seen", "pk"):
        title = registration.event.title if registration.is_known else _("another visit")
        titles_by_person.setdefault(registration.person_id or 0, []).append(title)
    return titles_by_person


def count_whereabouts(roster: Iterable[RosterEntry]) -> list[tuple[Whereabouts, int, str]]:
    """Return each state with its count and label, in the order of the day; empty ones only for on site."""
    counts = Counter(entry.whereabouts for entry in roster)
    return [
        (where, counts[where], describe_count(where, counts[where]))
        for where in Whereabouts
        # "0 on site" is information; other states without visitors only lengthen the line.
        if counts[where] or where == Whereabouts.INSIDE
    ]


@dataclass(frozen=True, kw_only=True)
class CoachManifest:
    """The passengers of one ride: aboard, missing, and aboard without a seat in it."""

    ride: Ride
    aboard: list[RosterEntry]
    missing: list[RosterEntry]
    without_seat: list[RosterEntry]

    @property
    def rows(self) -> list[RosterEntry]:
        """Return all passengers, the missing first, since they must be found before the coach leaves."""
        return [*self.missing, *self.aboard, *self.without_seat]

    @property
    def seat_count(self) -> int:
        """Return how many people chose this ride."""
        return len(self.aboard) + len(self.missing)


def build_manifest(ride: Ride, roster: Iterable[RosterEntry]) -> CoachManifest:
    """Sort the people on the roster into the manifest of one ride."""
    roster = list(roster)
    passengers = [entry for entry in roster if ride.pk in entry.ride_ids]
    return CoachManifest(
        ride=ride,
        aboard=[entry for entry in passengers if ride.pk in entry.boarding_times],
        missing=[entry for entry in passengers if ride.pk not in entry.boarding_times],
        without_seat=[
            entry for entry in roster if ride.pk in entry.boarding_times and ride.pk not in entry.ride_ids
        ],
    )
