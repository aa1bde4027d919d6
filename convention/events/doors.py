"""Who may see and run an event."""

import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.asked import answer_about
from convention.club.doors import holds_role, member_company
from convention.club.models import ClubRole, Person
from convention.composed import SOME_DAY, SOMEBODY, Composed
from convention.errors import Forbidden, NotFound, SignInNeeded

from .models import Delegation, Event, EventRole, Venue

if TYPE_CHECKING:
    from convention.club.doors import Visitor

EVERY_EVENT = (ClubRole.Role.ADMINISTRATOR, ClubRole.Role.ORGANIZER)


def organizes(person: "Visitor", event: Event) -> bool:
    """Whether this person runs the event, today."""
    return holds_role(person, *EVERY_EVENT) or has_event_role(person, event, EventRole.Role.ORGANIZER)


def delegation_of(person: "Visitor", event: Event) -> Delegation | None:
    """The contract by which alone this person runs the event today; none where another right does."""
    if holds_role(person, *EVERY_EVENT):
        return None
    roles = [one for one in _roles_as(person, EventRole.Role.ORGANIZER) if one.event_id == event.pk]
    contracts = [one.delegation for one in roles if one.delegation]
    whole = len(contracts) == len(roles)
    return max(contracts, key=lambda one: one.ends_on) if contracts and whole else None


def may_create_events(person: "Visitor") -> bool:
    """Whether this person may add events to the club's."""
    return holds_role(person, *EVERY_EVENT)


def may_change_venue(person: "Visitor", venue: Venue) -> bool:
    """Whether this person runs every event that takes place there; to choose it gives no right on it."""
    return not venue.events.exclude(pk__in=organized_events(person)).exists()


def works_desk(person: "Visitor", event: Event) -> bool:
    """Whether this person may work at the event's desk, today; organizers may."""
    return has_event_role(person, event, EventRole.Role.DESK) or organizes(person, event)


def has_event_role(person: "Visitor", event: Event, *roles: str) -> bool:
    """Whether this person holds one of these roles for the event, today."""
    return any(one.event_id == event.pk for one in _roles_as(person, *roles))


def event_roles(person: "Visitor") -> list[EventRole]:
    """The roles that this person holds today, at whatever events, with the contracts behind them."""
    if not isinstance(person, Person) or not person.is_active:
        return []
    day = timezone.localdate()
    return answer_about(person, ("event roles", day), lambda: HELD.all(person.pk, day))


def _held(person: int, day: datetime.date) -> QuerySet[EventRole]:
    held: QuerySet[EventRole] = EventRole.objects.open(at=day).filter(person=person)
    return held.select_related("delegation__company")


HELD = Composed(_held, SOMEBODY, SOME_DAY)


def _roles_as(person: "Visitor", *roles: str) -> list[EventRole]:
    return [one for one in event_roles(person) if one.role in roles]


def organizers_of(event: Event) -> QuerySet[Person]:
    """Return the people who run the event today; where nobody is named for it, those who run every event."""
    day = timezone.localdate()
    named = EventRole.objects.open(at=day).filter(event=event, role=EventRole.Role.ORGANIZER)
    people = Person.objects.filter(is_active=True).order_by("pk")
    own = people.filter(pk__in=named.values("person"))
    if own.exists():
        return own
    return people.filter(pk__in=ClubRole.objects.open(at=day).filter(role__in=EVERY_EVENT).values("person"))


def organized_events(person: "Visitor") -> QuerySet[Event]:
    """The events this person runs; none for a stranger."""
    if holds_role(person, *EVERY_EVENT):
        return Event.objects.all()
    return _events_of(_roles_as(person, EventRole.Role.ORGANIZER))


def staffed_events(person: "Visitor") -> QuerySet[Event]:
    """The events at whose desk this person may work; organizers may at theirs."""
    return organized_events(person) | _events_of(_roles_as(person, EventRole.Role.DESK))


def _events_of(roles: list[EventRole]) -> QuerySet[Event]:
    return Event.objects.filter(pk__in={one.event_id for one in roles})


def runs_something(person: "Visitor") -> bool:
    """Whether there is an event that this person runs."""
    if holds_role(person, *EVERY_EVENT):
        return Event.objects.exists()
    return bool(_roles_as(person, EventRole.Role.ORGANIZER))


def staffs_something(person: "Visitor") -> bool:
    """Whether there is an event at whose desk this person may work."""
    return bool(_roles_as(person, EventRole.Role.DESK)) or runs_something(person)


NAMED = Composed(lambda slug: Event.objects.select_related("venue", "host").filter(slug=slug), "the slug")


def visible_event(slug: str, person: "Visitor") -> Event:
    """The event behind a public page; a draft is there for its organizers only.

    Raises NotFound, the same for a draft as for an event that does not exist.
    """
    event = NAMED.first(slug)
    if event and (event.visibility != Event.Visibility.DRAFT or works_desk(person, event)):
        return event
    raise NotFound(_("There is no event at this address."))


def events_for_members(person: "Visitor") -> QuerySet[Event]:
    """The events that members alone hear of and register for; none for anybody else."""
    if not isinstance(person, Person) or not person.is_active or member_company(person) is None:
        return Event.objects.none()
    return Event.objects.filter(visibility=Event.Visibility.MEMBERS)


def event_to_organize(slug: str, person: "Visitor") -> Event:
    """The event behind an organizer's page. Raises NotFound, Forbidden or SignInNeeded."""
    return _event_if(slug, person, organizes)


def event_to_staff(slug: str, person: "Visitor") -> Event:
    """The event behind a desk's page. Raises NotFound, Forbidden or SignInNeeded."""
    return _event_if(slug, person, works_desk)


def _event_if(slug: str, person: "Visitor", allowed: object) -> Event:
    event = NAMED.first(slug)
    if event and callable(allowed) and allowed(person, event):
        return event
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if event and event.visibility != Event.Visibility.DRAFT:
        raise Forbidden(_("This page is for those who run the event."))
    raise NotFound(_("There is no event at this address."))
