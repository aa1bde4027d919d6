"""Load what a contact sees of the company: membership, seats, colleagues, upcoming events."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Self

from django.utils import timezone

from convention.club.models import (
    Company,
    Employment,
    Membership,
    Person,
    Seat,
    select_open_membership,
)
from convention.club.seats import select_held_seats
from convention.events.models import Event, load_application_deadlines
from convention.text.email_addresses import normalize_email
from convention.text.normalize import name_search_key
from registrations.application_rules import get_application_paths
from registrations.models import PassQuota, Registration, Ticket
from registrations.pricing.passes import (
    count_passes_left,
    find_events_taking_passes,
    includes_passes,
    takes_pass_now,
)
from registrations.pricing.quote import Quote

from .booking import TicketLimit, list_ticket_limits
from .models import Invitation
from .permissions import list_company_orders, list_company_registrations

# The most recent past events; older ones are seldom asked for.
MAX_PAST_EVENTS = 20
# The next events without colleagues that the overview shows at once; more would hide what matters.
OTHER_EVENTS_SHOWN = 2


@dataclass(frozen=True)
class UpcomingEvent:
    """An upcoming event with the company's registrations and open tasks, as counts.

    `pass_count` are the passes of the membership; `can_use_passes` says whether a ticket takes one now.
    `application_path` is the page where colleagues apply themselves, at events with applications;
    `application_limit` is the ticket that they apply for, with the company's limit.
    `can_register` says whether registration is open and some ticket is for the company.
    """

    event: Event
    place_count: int = 0
    unnamed_count: int = 0
    incomplete_count: int = 0
    refused_mail_count: int = 0
    pass_count: int = 0
    used_pass_count: int = 0
    can_use_passes: bool = False
    application_path: str = ""
    application_limit: TicketLimit | None = None
    can_register: bool = True

    @property
    def concerns_company(self) -> bool:
        """Return whether colleagues are registered, or were for a cancelled event, or passes are left."""
        return self.place_count > 0 or self.passes_left > 0 or self.event.cancelled_at is not None

    @property
    def has_passes(self) -> bool:
        """Return whether the membership pays for places here, or paid for some."""
        return self.pass_count > 0 and (self.can_use_passes or self.used_pass_count > 0)

    @property
    def passes_left(self) -> int:
        """Return how many more places the membership would pay for now."""
        return max(0, self.pass_count - self.used_pass_count) if self.can_use_passes else 0


@dataclass(frozen=True)
class CompanyOverview:
    """A company with its membership, seats and upcoming events on one day."""

    company: Company
    membership: Membership | None
    seats: list[Seat] = field(default_factory=list)
    employments_without_seat: list[Employment] = field(default_factory=list)
    upcoming_events: list[UpcomingEvent] = field(default_factory=list)
    # People whose only seat ends with the grace period of an earlier membership.
    grace_holder_ids: frozenset[int] = frozenset()
    # Seats that have been given, but begin later.
    upcoming_seats: list[Seat] = field(default_factory=list)

    @property
    def is_member(self) -> bool:
        """Return whether its seats make members today."""
        return self.membership is not None and self.membership.is_open()

    @property
    def can_register(self) -> bool:
        """Return whether an upcoming event has places for the company's colleagues."""
        return any(row.can_register for row in self.upcoming_events)

    @property
    def first_events(self) -> list[UpcomingEvent]:
        """Return the events that concern the company and the next ones, by date."""
        others = [row for row in self.upcoming_events if not row.concerns_company]
        next_ids = {row.event.pk for row in others[:OTHER_EVENTS_SHOWN]}
        return [row for row in self.upcoming_events if row.concerns_company or row.event.pk in next_ids]

    @property
    def later_events(self) -> list[UpcomingEvent]:
        """Return the upcoming events that are not among the first."""
        first_ids = {row.event.pk for row in self.first_events}
        return [row for row in self.upcoming_events if row.event.pk not in first_ids]

    @property
    def events_without_passes(self) -> list[Event]:
        """Return the events at which the membership has passes, but no ticket takes one now."""
        return [row.event for row in self.upcoming_events if row.pass_count and not row.can_use_passes]

    @property
    def given_seat_count(self) -> int:
        """Return how many seats of the membership are in use, without those of a grace period before it."""
        return sum(seat.membership_id == self.membership.pk for seat in self.seats) if self.membership else 0

    @property
    def seats_left(self) -> int:
        """Return how many seats can be given today."""
        if self.membership is None or not self.is_member:
            return 0
        return max(0, self.membership.seat_limit - self.given_seat_count)


def load_company_overview(company: Company, *, at: datetime.datetime | None = None) -> CompanyOverview:
    """Load the overview; the number of queries does not grow with the company."""
    now = at or timezone.now()
    day = timezone.localdate(now)
    membership = find_membership(company, at=day)
    seats = (
        Seat.objects.granting_membership(at=day).filter(membership__company=company).select_related("person")
    )
    held_seats = sorted(seats, key=name_sort_key)
    employments = Employment.objects.open(at=day).filter(company=company, person__is_active=True)
    # A seat that ends with the grace period of an earlier membership is none in its renewal.
    grace_seats = [seat for seat in held_seats if membership and seat.membership_id != membership.pk]
    upcoming_seats = _list_upcoming_seats(membership, at=day)
    holders = {seat.person_id for seat in [*held_seats, *upcoming_seats] if seat not in grace_seats}
    without_seat = employments.exclude(person__in=holders).select_related("person")
    # One entry for a person with several employments.
    employment_by_person = {
        employment.person_id: employment for employment in sorted(without_seat, key=name_sort_key)
    }
    return CompanyOverview(
        company,
        membership,
        held_seats,
        list(employment_by_person.values()),
        load_upcoming_events(company, membership, at=now),
        frozenset(seat.person_id for seat in grace_seats) - holders,
        upcoming_seats,
    )


def _list_upcoming_seats(membership: Membership | None, *, at: datetime.date) -> list[Seat]:
    """Return the seats that begin after that day, or with the membership if it begins after it, by name."""
    if membership is None or not membership.accepts_seats:
        return []
    seats = select_held_seats(membership, at=at).select_related("person")
    has_begun = membership.find_first_seat_day(at) == at
    return sorted(seats.filter(starts_on__gt=at) if has_begun else seats, key=name_sort_key)


def name_sort_key(seat_or_employment: Seat | Employment) -> tuple[str, str, int]:
    """Return the sort key of a person's name; “Éluard” sorts beside “Eluard”."""
    return (
        name_search_key(seat_or_employment.person.last_name),
        name_search_key(seat_or_employment.person.first_name),
        seat_or_employment.pk,
    )


def list_unregistered_colleagues(company: Company, event: Event, *, at: datetime.datetime) -> list[Person]:
    """Return the holders of the company's seats who have an address and no place at the event, by name.

    Places that the company's contacts cannot see do not count, so that the list does not reveal them.
    """
    seats = Seat.objects.granting_membership(at=timezone.localdate(at)).filter(
        membership__company=company, person__is_active=True
    )
    seats = seats.exclude(person__email=None, person__claimed_email="").select_related("person")
    places = Registration.objects.active(at=at).filter(
        pk__in=list_company_registrations(company).filter(event=event).values("pk")
    )
    rows = list(places.values_list("person", "email"))
    person_ids, addresses = {pk for pk, _email in rows}, {normalize_email(email) for _pk, email in rows}
    return [
        seat.person
        for seat in sorted(seats, key=name_sort_key)
        if seat.person_id not in person_ids and normalize_email(seat.person.known_email) not in addresses
    ]


def attach_member_places(company: Company, seats: list[Seat], *, at: datetime.datetime) -> None:
    """Set on each seat the upcoming places that its holder has as a member; they outlast the seat.

    `is_managed` says of a place whether the company's contacts can change it.
    """
    places = Registration.objects.active(at=at).filter(
        member_of=company, person__in=[seat.person_id for seat in seats], event__ends_at__gt=at
    )
    managed_orders = set(list_company_orders(company).values_list("pk", flat=True))
    by_person = defaultdict[int | None, list[Registration]](list)
    for place in places.select_related("event", "ticket").order_by("event__starts_at", "pk"):
        place.is_managed = place.order_id in managed_orders  # type: ignore[attr-defined]  # the template reads it
        by_person[place.person_id].append(place)
    for seat in seats:
        seat.member_places = by_person[seat.person_id]  # type: ignore[attr-defined]  # the template reads it


def find_membership(company: Company, *, at: datetime.date) -> Membership | None:
    """Return the membership on that day, else the latest one, else None."""
    rows = company.memberships.select_related("billing_contact", "representative")
    memberships = list(rows.order_by("-starts_on", "-pk"))
    # An ended membership is still shown, so that the contact sees that it ended.
    return select_open_membership(memberships, at=at) or next(iter(memberships), None)


def load_upcoming_events(
    company: Company, membership: Membership | None, *, at: datetime.datetime
) -> list[UpcomingEvent]:
    """Return upcoming events that are open, or where colleagues have places or had until it was cancelled."""
    active_registrations = Registration.objects.active(at=at).filter(
        pk__in=list_company_registrations(company).values("pk")
    )
    rows = list(
        active_registrations.filter(event__ends_at__gt=at).values_list("event", "first_name", "last_name")
    )
    places = Counter(event for event, *_name in rows)
    unnamed = Counter(event for event, first, last in rows if not (first or last))
    # Read once and counted in memory: a query for each event would grow with the calendar.
    pending_invitations = Invitation.objects.pending(at=at).filter(registration__in=active_registrations)
    invitations = list(pending_invitations.values_list("registration__event", "refused_at"))
    used_passes = _count_used_passes(membership)
    published = Event.objects.filter(ends_at__gt=at).exclude(visibility=Event.Visibility.DRAFT)
    events = list(published.select_related("venue").order_by("starts_at", "pk"))
    load_application_deadlines(events)
    cancelled_event_ids = _find_cancelled_event_ids(company, events)
    offered_ids = _find_offered_event_ids(events, membership, at=at)
    shown = [
        event
        for event in events
        # A closed event is shown where colleagues are registered: names may still be missing.
        if places[event.pk] or event.pk in cancelled_event_ids or event.pk in offered_ids
    ]
    application_paths = get_application_paths(shown)
    application_limits = _load_application_limits(company, application_paths)
    conventions = {event.pk: event for event in shown if includes_passes(membership, event)}
    # Passes are shown only where a ticket takes them, or where they were used.
    taking_passes = find_events_taking_passes(conventions.values()) if conventions else set()
    return [
        UpcomingEvent(
            event,
            place_count=places[event.pk],
            unnamed_count=unnamed[event.pk],
            incomplete_count=sum(pk == event.pk and refused is None for pk, refused in invitations),
            refused_mail_count=sum(pk == event.pk and refused is not None for pk, refused in invitations),
            pass_count=membership.passes if membership and event.pk in conventions else 0,
            used_pass_count=used_passes.get(event.pk, 0),
            can_use_passes=event.pk in taking_passes,
            application_path=application_paths.get(event.pk, ""),
            application_limit=application_limits.get(event.pk),
            can_register=event.pk in offered_ids,
        )
        for event in shown
    ]


def _count_used_passes(membership: Membership | None) -> dict[int, int]:
    """Return how many passes of the membership are used, by event id."""
    if membership is None:
        return {}
    return dict(PassQuota.objects.filter(membership=membership).values_list("event", "reserved"))


def _find_offered_event_ids(
    events: list[Event], membership: Membership | None, *, at: datetime.datetime
) -> set[int]:
    """Return those of the events that are open; without a membership, those with a ticket for others too."""
    open_events = {event.pk: event for event in events if event.is_registration_open(at=at)}
    if membership is not None and membership.is_open(at=timezone.localdate(at)):
        return set(open_events)
    tickets = Ticket.objects.filter(event__in=open_events, is_public=True).select_related("event")
    return {
        ticket.event_id
        for ticket in tickets
        if ticket.is_on_sale(at=at) and not ticket.needs_member_verification
    }


def _load_application_limits(company: Company, event_ids: Collection[int]) -> dict[int, TicketLimit]:
    """Return the ticket that members apply for at each event, with the company's limit, by event id."""
    if not event_ids:
        return {}
    rows = Ticket.objects.for_members().filter(event__in=event_ids)
    tickets = list(rows.select_related("event", "quota"))
    return {limit.ticket.event_id: limit for limit in list_ticket_limits(company, tickets)}


def _find_cancelled_event_ids(company: Company, events: list[Event]) -> set[int]:
    """Return those of the events that were cancelled and at which colleagues had been registered."""
    cancelled_events = [event for event in events if event.cancelled_at]
    if not cancelled_events:
        return set()
    rows = list_company_registrations(company).filter(event__in=cancelled_events, confirmed_at__isnull=False)
    return set(rows.values_list("event", flat=True))


@dataclass(frozen=True)
class PastEvent:
    """An event that is over, with the company's confirmed registrations by name."""

    event: Event
    registrations: list[Registration]


def load_past_events(company: Company, *, at: datetime.datetime) -> list[PastEvent]:
    """Return the last events, the latest first, where colleagues had a place."""
    confirmed = list_company_registrations(company).filter(cancelled_at=None, confirmed_at__isnull=False)
    past = Event.objects.filter(ends_at__lte=at, pk__in=confirmed.values("event"))
    events = list(past.order_by("-starts_at", "-pk")[:MAX_PAST_EVENTS])
    by_event: dict[int, list[Registration]] = {event.pk: [] for event in events}
    rows = confirmed.filter(event__in=events).select_related("ticket").order_by("sort_name", "pk")
    for registration in rows:
        by_event[registration.event_id].append(registration)
    return [PastEvent(event, by_event[event.pk]) for event in events]


@dataclass(frozen=True)
class CompanyPasses:
    """The passes of a company's membership that are left, and the people of an order whom they concern.

    `tickets` are those that a pass pays for. `charged_count` are the people who pay although passes are left.
    """

    left: int
    tickets: list[Ticket]
    used_count: int = 0
    charged_count: int = 0

    @property
    def ticket_titles(self) -> str:
        return ", ".join(ticket.title for ticket in self.tickets)

    def count_use(self, quote: Quote) -> Self:
        """Return the passes with their use by an order with this quote."""
        used_count = sum(line.uses_pass for line in quote.lines)
        # Add-ons are charged to people with a pass too.
        charged = {line.place_number for line in quote.lines if line.price and not line.is_addon}
        charged_count = len(charged) if self.left > used_count else 0
        return replace(self, used_count=used_count, charged_count=charged_count)


def load_company_passes(company: Company, event: Event, tickets: list[Ticket]) -> CompanyPasses:
    """Return the passes that one of these tickets takes now."""
    pass_tickets = [ticket for ticket in tickets if takes_pass_now(ticket)]
    membership = find_membership(company, at=timezone.localdate()) if pass_tickets else None
    left = count_passes_left(membership, event)
    return CompanyPasses(left, pass_tickets if left else [])
