"""Who may see and run an event."""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.club.doors import holds_role, member_company
from convention.club.models import ClubRole, Person
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
    if not isinstance(person, Person) or holds_role(person, *EVERY_EVENT):
        return None
    roles = EventRole.objects.open().filter(person=person, event=event, role=EventRole.Role.ORGANIZER)
    found = list(roles.select_related("delegation__company").order_by("delegation__ends_on"))
    contracts = [role.delegation for role in found]
    return contracts[-1] if contracts and None not in contracts else None


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
    if not isinstance(person, Person) or not person.is_active:
        return False
    return EventRole.objects.open().filter(person=person, event=event, role__in=roles).exists()


def event_roles(person: "Visitor") -> frozenset[str]:
    """All roles that this person holds today, for whichever event."""
    if not isinstance(person, Person) or not person.is_active:
        return frozenset()
    return frozenset(EventRole.objects.open().filter(person=person).values_list("role", flat=True))


def organized_events(person: "Visitor") -> QuerySet[Event]:
    """The events this person runs; none for a stranger."""
    if holds_role(person, *EVERY_EVENT):
        return Event.objects.all()
    if not isinstance(person, Person) or not person.is_active:
        return Event.objects.none()
    roles = EventRole.objects.open().filter(person=person, role=EventRole.Role.ORGANIZER)
    return Event.objects.filter(pk__in=roles.values("event"))


def staffed_events(person: "Visitor") -> QuerySet[Event]:
    """The events at whose desk this person may work; organizers may at theirs."""
    if not isinstance(person, Person) or not person.is_active:
        return Event.objects.none()
    roles = EventRole.objects.open().filter(person=person, role=EventRole.Role.DESK)
    return organized_events(person) | Event.objects.filter(pk__in=roles.values("event"))


def visible_event(slug: str, person: "Visitor") -> Event:
    """The event behind a public page; a draft is there for its organizers only.

    Raises NotFound, the same for a draft as for an event that does not exist.
    """
    event = Event.objects.select_related("venue", "host").filter(slug=slug).first()
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
    event = Event.objects.select_related("venue").filter(slug=slug).first()
    if event and callable(allowed) and allowed(person, event):
        return event
    if not person.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    if event and event.visibility != Event.Visibility.DRAFT:
        raise Forbidden(_("This page is for those who run the event."))
    raise NotFound(_("There is no event at this address."))
