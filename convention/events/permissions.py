"""Decide who may see and run an event."""

import datetime
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from convention.club.models import ClubRole, Mandate, Person, WorkingGroup
from convention.club.permission_cache import get_cached_permission
from convention.club.permissions import (
    get_leading_mandates,
    get_led_groups,
    get_member_company,
    has_club_role,
)
from convention.db.compiled_query import PLACEHOLDER_DATE, PLACEHOLDER_ID, CompiledQuery
from convention.errors import Forbidden, NotFound, SignInRequired

from .models import Delegation, Event, EventRole, Venue

if TYPE_CHECKING:
    from collections.abc import Callable

    from convention.club.permissions import RequestUser

    type PermissionCheck = Callable[[RequestUser, Event], bool]

ALL_EVENTS_ROLES = (ClubRole.Role.ADMINISTRATOR, ClubRole.Role.ORGANIZER)
# The actions after which a person is the creator of an event.
CREATION_VERBS = ("event.create", "event.copy")
MEETING_CREATOR_ROLES = (*ALL_EVENTS_ROLES, ClubRole.Role.SECRETARY)


def can_organize(person: "RequestUser", event: Event) -> bool:
    """Return whether this person runs the event today; leads of a working group run its meetings."""
    return can_administer(person, event) or leads_meeting(person, event)


def can_administer(person: "RequestUser", event: Event) -> bool:
    """Return whether this person runs the event today and decides about its money and roles, unlike leads."""
    return _runs_all_or_has_role(person, event, EventRole.Role.ORGANIZER)


def can_edit_settings(person: "RequestUser", event: Event) -> bool:
    """Return whether this person may change the event's dates, venue and description.

    Organizers may, and the club's secretary for a site visit, which they may also call off.
    """
    is_visit = event.kind == Event.Kind.SITE_VISIT
    return can_organize(person, event) or (is_visit and has_club_role(person, ClubRole.Role.SECRETARY))


def leads_meeting(person: "RequestUser", event: Event) -> bool:
    """Return whether the event is a meeting of a working group that this person leads today."""
    # The kind first: it spares other events the query.
    return event.kind == Event.Kind.GROUP_MEETING and event.group_id in get_led_groups(person)


def runs_for_club(person: "RequestUser", event: Event) -> bool:
    """Return whether this person runs the event for the club: neither for a firm nor as a lead."""
    return can_administer(person, event) and get_delegation(person, event) is None


def get_leading_mandates_for(event: int | OuterRef, *, at: datetime.date) -> QuerySet[Mandate]:
    """Return the mandates by which people lead the event, a meeting of their group, on that day.

    The condition of `leads_meeting` as a set; `event` is an id, or a reference to one in a subquery.
    """
    return get_leading_mandates(at=at).filter(
        group__meetings=event, group__meetings__kind=Event.Kind.GROUP_MEETING
    )


def get_delegation(person: "RequestUser", event: Event) -> Delegation | None:
    """Return the contract under which this person runs the event today.

    None if another role lets them run it too, or if nothing does.
    """
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return None
    roles = [
        role for role in _filter_event_roles(person, EventRole.Role.ORGANIZER) if role.event_id == event.pk
    ]
    contracts = [role.delegation for role in roles if role.delegation]
    # One role given by the club outweighs all contracts: the limits of a contract apply to outsiders only.
    only_contracts = len(contracts) == len(roles)
    return max(contracts, key=lambda contract: contract.ends_on) if contracts and only_contracts else None


def can_create_events(person: "RequestUser") -> bool:
    return has_club_role(person, *ALL_EVENTS_ROLES)


def check_event_creation(person: "RequestUser") -> None:
    """Raise Forbidden for those who may not add an event."""
    if not can_create_events(person):
        raise Forbidden(_("Only the club’s organizers can add an event."))


def can_create_meeting(person: "RequestUser", group: WorkingGroup) -> bool:
    """Return whether this person may add a meeting of the group: its leads, the secretary and organizers."""
    return group.pk in get_led_groups(person) or has_club_role(person, *MEETING_CREATOR_ROLES)


def get_group_for_meeting(slug: str, person: "RequestUser") -> WorkingGroup:
    """Return a group of which this person may add a meeting. Raise SignInRequired, NotFound or Forbidden."""
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    group = WorkingGroup.objects.filter(slug=slug).first()
    if group and can_create_meeting(person, group):
        return group
    if group is None and has_club_role(person, *MEETING_CREATOR_ROLES):
        raise NotFound(_("We could not find this working group. Check the address."))
    sentence = _("Only the group’s leads, the club’s secretary and its organizers can add a meeting.")
    raise Forbidden(str(sentence))


def can_change_venue(person: "RequestUser", venue: Venue, *, event: Event) -> bool:
    """Return whether this person, who may edit the event at the venue, runs all other events there.

    Choosing a venue gives no right on it.
    """
    # A venue is shared: changing its address would change the pages and papers of other events.
    other_events = venue.events.exclude(pk=event.pk)
    return not other_events.exclude(pk__in=get_organized_events(person)).exists()


def can_staff_desk(person: "RequestUser", event: Event) -> bool:
    """Return whether this person may work at the event's desk today; organizers and a meeting's leads may."""
    return _runs_all_or_has_role(person, event, *EventRole.DESK_ROLES) or leads_meeting(person, event)


def can_review(person: "RequestUser", event: Event) -> bool:
    """Return whether this person may review the event's session proposals today; organizers may."""
    return can_organize(person, event) or has_event_role(person, event, EventRole.Role.REVIEWER)


def _runs_all_or_has_role(person: "RequestUser", event: Event, *roles: str) -> bool:
    return has_club_role(person, *ALL_EVENTS_ROLES) or has_event_role(person, event, *roles)


def has_event_role(person: "RequestUser", event: Event, *roles: str) -> bool:
    """Return whether this person has one of these roles for the event today."""
    return any(role.event_id == event.pk for role in _filter_event_roles(person, *roles))


def list_event_roles(person: "RequestUser") -> list[EventRole]:
    """Return the roles that this person has today at any event, with their contracts."""
    if not isinstance(person, Person) or not person.is_active:
        return []
    day = timezone.localdate()
    # The day is part of the key, so that a role ends at midnight even for an object that lives longer.
    return get_cached_permission(person, ("event roles", day), lambda: EVENT_ROLES_QUERY.all(person.pk, day))


def _query_event_roles(person: int, day: datetime.date) -> QuerySet[EventRole]:
    roles: QuerySet[EventRole] = EventRole.objects.open(at=day).filter(person=person)
    return roles.select_related("delegation__company")


# Run on every page of a signed-in person: building it by the ORM took longer than running it.
EVENT_ROLES_QUERY = CompiledQuery(_query_event_roles, PLACEHOLDER_ID, PLACEHOLDER_DATE)


def _filter_event_roles(person: "RequestUser", *roles: str) -> list[EventRole]:
    return [role for role in list_event_roles(person) if role.role in roles]


def get_organizers(event: Event) -> QuerySet[Person]:
    """Return the people who run the event today; if nobody does, those who run every event."""
    day = timezone.localdate()
    roles = EventRole.objects.open(at=day).filter(event=event, role=EventRole.Role.ORGANIZER)
    people = Person.objects.filter(is_active=True).order_by("pk")
    people_of_event = people.filter(pk__in=roles.values("person"))
    # Alarms must reach somebody, also for an event without an organizer.
    if people_of_event.exists():
        return people_of_event
    return people.filter(
        pk__in=ClubRole.objects.open(at=day).filter(role__in=ALL_EVENTS_ROLES).values("person")
    )


def get_organized_events(person: "RequestUser") -> QuerySet[Event]:
    return _get_events_by_role(person, EventRole.Role.ORGANIZER)


def get_staffed_events(person: "RequestUser") -> QuerySet[Event]:
    """Return the events at whose desk this person may work, those that they run included."""
    return _get_events_by_role(person, *EventRole.DESK_ROLES)


def _get_events_by_role(person: "RequestUser", *roles: str) -> QuerySet[Event]:
    """Return the events at which the person has one of these roles today, and the meetings that they lead.

    All, if they run every event.
    """
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return Event.objects.all()
    by_role = Q(pk__in={role.event_id for role in _filter_event_roles(person, *roles)})
    return Event.objects.filter(by_role | _filter_led_meetings(person))


def _filter_led_meetings(person: "RequestUser") -> Q:
    """Return the condition of `leads_meeting`, for sets of events."""
    return Q(kind=Event.Kind.GROUP_MEETING, group__in=get_led_groups(person))


def get_events_to_review(person: "RequestUser") -> QuerySet[Event]:
    """Return the events for which this person is named as a reviewer today."""
    reviewed = {role.event_id for role in _filter_event_roles(person, EventRole.Role.REVIEWER)}
    return Event.objects.filter(pk__in=reviewed)


def get_reviewers(event: Event) -> QuerySet[Person]:
    """Return the people who are named as reviewers of the event today."""
    roles = EventRole.objects.open().filter(event=event, role=EventRole.Role.REVIEWER)
    return Person.objects.filter(is_active=True, pk__in=roles.values("person")).order_by("sort_name", "pk")


# Like the roles, asked on every page of those who run all events.
ANY_EVENT_QUERY = CompiledQuery(Event.objects.all)


def has_organized_event(person: "RequestUser") -> bool:
    """Return whether this person organizes an event today, or leads a working group."""
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return ANY_EVENT_QUERY.exists()
    return bool(_filter_event_roles(person, EventRole.Role.ORGANIZER) or get_led_groups(person))


def has_event_to_review(person: "RequestUser") -> bool:
    """Return whether this person is named as a reviewer today; False for those who run all events anyway."""
    # First: this runs on every page, and an administrator’s event roles need not be loaded.
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return False
    return bool(_filter_event_roles(person, EventRole.Role.REVIEWER))


def works_only_at_desk(person: "RequestUser") -> bool:
    """Return whether this person works at an event's desk today and runs no event."""
    if has_club_role(person, *ALL_EVENTS_ROLES):
        return False
    roles = {role.role for role in list_event_roles(person)}
    return EventRole.Role.DESK in roles and not has_organized_event(person)


EVENT_BY_SLUG_QUERY = CompiledQuery(
    lambda slug: Event.objects.select_related("venue", "host").filter(slug=slug), "the slug"
)


def is_visible_event(event: Event, person: "RequestUser") -> bool:
    is_published = event.visibility != Event.Visibility.DRAFT
    return is_published or can_staff_desk(person, event) or has_drafted_meeting(person, event)


def has_drafted_meeting(person: "RequestUser", event: Event) -> bool:
    """Return whether the event is a draft of a meeting that this person, a secretary, added for the leads.

    They see it, correct its title, times and venue, and can delete it: they do not run it, and the leads
    cannot delete it either.
    """
    is_draft_meeting = event.kind == Event.Kind.GROUP_MEETING and event.visibility == Event.Visibility.DRAFT
    # The role first: it spares other people the query.
    if not is_draft_meeting or not has_club_role(person, ClubRole.Role.SECRETARY):
        return False
    entries = AuditEntry.objects.filter(event=event.slug, subject=make_subject_label(event))
    return entries.filter(actor=person.pk, verb__in=CREATION_VERBS).exists()


def get_visible_event(slug: str, person: "RequestUser") -> Event:
    """Return the event of a public page; a draft is visible to its organizers and desk only.

    The draft of a meeting is visible to the secretary who added it, too.
    Raise NotFound, for a draft as for an event that does not exist.
    """
    event = EVENT_BY_SLUG_QUERY.first(slug)
    if event and is_visible_event(event, person):
        return event
    raise NotFound(_("We could not find this event. Check the address."))


def get_member_events(person: "RequestUser") -> QuerySet[Event]:
    """Return the events for members only, if the person is a member today; else none."""
    if not isinstance(person, Person) or not person.is_active or get_member_company(person) is None:
        return Event.objects.none()
    return Event.objects.filter(visibility=Event.Visibility.MEMBERS)


def get_event_to_organize(slug: str, person: "RequestUser") -> Event:
    """Return the event of an organizer's page. Raise NotFound, Forbidden or SignInRequired."""
    return _get_event_if(slug, person, can_organize, _("This page is for the organizers of the event."))


def get_event_to_edit(slug: str, person: "RequestUser") -> Event:
    """Return an event whose dates, venue and description this person may change.

    Raise what `get_event_to_organize` raises.
    """
    refusal = _("This page is for the organizers of the event.")
    return _get_event_if(slug, person, can_edit_settings, refusal)


def get_event_to_administer(slug: str, person: "RequestUser") -> Event:
    """Return the event of a page about money or roles. Raise what `get_event_to_organize` raises."""
    event = get_event_to_organize(slug, person)
    if not can_administer(person, event):
        raise Forbidden(_("This page is for the club’s organizers; working group leads cannot open it."))
    return event


def get_meeting_draft(slug: str, person: "RequestUser") -> Event:
    """Return the draft of the secretary who added the meeting. Raise what `get_event_to_organize` raises."""
    refusal = _("Only the secretary who added this meeting can edit its draft here, until it is published.")
    return _get_event_if(slug, person, has_drafted_meeting, refusal)


def get_event_to_delete(slug: str, person: "RequestUser") -> Event:
    """Return an event that this person may delete. Raise what `get_event_to_organize` raises."""
    draft = EVENT_BY_SLUG_QUERY.first(slug)
    if draft and has_drafted_meeting(person, draft):
        return draft
    event = get_event_to_administer(slug, person)
    if not runs_for_club(person, event):
        raise Forbidden(_("Only the club’s own organizers can delete an event."))
    return event


def get_event_to_cancel(slug: str, person: "RequestUser") -> Event:
    """Return an event that this person may cancel. Raise what `get_event_to_organize` raises."""
    event = get_event_to_organize(slug, person)
    if not runs_for_club(person, event):
        raise Forbidden(_("Only the club’s own organizers can cancel or restore an event."))
    return event


def get_event_to_staff(slug: str, person: "RequestUser") -> Event:
    """Return the event of a desk's page. Raise NotFound, Forbidden or SignInRequired."""
    return _get_event_if(slug, person, can_staff_desk, _("This page is for the staff of the event."))


def get_event_to_review(slug: str, person: "RequestUser") -> Event:
    """Return the event of a reviewer's page. Raise NotFound, Forbidden or SignInRequired."""
    return _get_event_if(slug, person, can_review, _("This page is for the reviewers of the event."))


def _get_event_if(slug: str, person: "RequestUser", is_allowed: "PermissionCheck", refusal: object) -> Event:
    event = EVENT_BY_SLUG_QUERY.first(slug)
    if event and is_allowed(person, event):
        return event
    if not person.is_authenticated:
        raise SignInRequired(_("Sign in to see this page."))
    if event and event.visibility != Event.Visibility.DRAFT:
        # Not for a draft, whose existence must not be revealed.
        raise Forbidden(str(refusal))
    raise NotFound(_("We could not find this event. Check the address."))
