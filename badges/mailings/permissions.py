"""Permissions on mailings: the organizers of their event, and the secretary for visits.

An invitation also needs the right to read the names and addresses of its audience.
"""

from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from convention.club.models import ClubRole
from convention.club.permissions import can_read_directory, has_club_role
from convention.errors import Forbidden, NotFound
from convention.events.models import Event
from convention.events.permissions import can_organize, get_event_to_organize, get_organized_events
from registrations.visits.models import Visit

from .composing.segments import AUDIENCES, GROUP, MEMBERS, OTHER_EVENT, Segment
from .models import Mailing

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def can_send_mailings(person: "RequestUser", event: Event) -> bool:
    """Return whether the person may write to the attendees of the event today."""
    # The role first: only the secretary, who runs all visits, costs a query.
    is_secretary = has_club_role(person, ClubRole.Role.SECRETARY)
    return can_organize(person, event) or (is_secretary and Visit.objects.filter(event=event).exists())


def get_event_to_mail(slug: str, person: "RequestUser") -> Event:
    """Return the event of a page about mailings. Raise NotFound, Forbidden or SignInRequired."""
    if has_club_role(person, ClubRole.Role.SECRETARY):
        visits = Visit.objects.select_related("event__venue", "event__host")
        if visit := visits.filter(event__slug=slug).first():
            return visit.event
    return get_event_to_organize(slug, person)


def list_permitted_audiences(person: "RequestUser", event: Event) -> list[str]:
    """Return whom the person may invite to an event whose mailings they may write."""
    audiences = {
        # Whoever runs a group's meeting reads who came to the others.
        GROUP: event.kind == Event.Kind.GROUP_MEETING and event.group_id is not None,
        MEMBERS: can_read_directory(person),
        OTHER_EVENT: list_events_to_invite_from(person, event).exists(),
    }
    return [audience for audience, is_permitted in audiences.items() if is_permitted]


def list_events_to_invite_from(person: "RequestUser", event: Event) -> QuerySet[Event]:
    """Return the other events to whose attendees the person may write, the latest first."""
    rows = get_organized_events(person)
    if has_club_role(person, ClubRole.Role.SECRETARY):
        rows |= Event.objects.filter(pk__in=Visit.objects.values("event"))
    published = rows.exclude(visibility=Event.Visibility.DRAFT).exclude(pk=event.pk)
    return published.order_by("-starts_at", "-pk")


def can_read_audience(person: "RequestUser", mailing: Mailing) -> bool:
    """Return whether the person may read whom this mailing of an event that they write for reaches."""
    return not mailing.is_invitation or bool(_filter_readable(person, mailing.event, [mailing]))


def list_readable_invitations(person: "RequestUser", event: Event) -> list[Mailing]:
    """Return the event's invitations whose recipients the person may read."""
    rows = Mailing.objects.filter(event=event, segment__audience__in=AUDIENCES)
    return _filter_readable(person, event, list(rows))


def _filter_readable(person: "RequestUser", event: Event, invitations: list[Mailing]) -> list[Mailing]:
    """Return those of the event's invitations whose recipients the person may read.

    The number of queries does not grow with the invitations.
    """
    if not invitations:
        return []
    segments = {mailing.pk: Segment.from_json(mailing.segment) for mailing in invitations}
    permitted_audiences = list_permitted_audiences(person, event)
    source_events = list_events_to_invite_from(person, event).filter(
        pk__in=[segment.audience_event for segment in segments.values()]
    )
    source_event_ids = set(source_events.values_list("pk", flat=True))
    return [
        mailing
        for mailing in invitations
        if (segment := segments[mailing.pk]).audience in permitted_audiences
        and (segment.audience != OTHER_EVENT or segment.audience_event in source_event_ids)
    ]


def get_mailing_to_organize(slug: str, pk: int, person: "RequestUser") -> Mailing:
    """Return a mailing of that event whose recipients the person may read.

    Raise NotFound, Forbidden or SignInRequired.
    """
    event = get_event_to_mail(slug, person)
    # Filtered by event: the permission was checked for that one only.
    mailing = Mailing.objects.select_related("written_by").filter(event=event, pk=pk).first()
    if mailing is None:
        raise NotFound(_("We could not find this mailing for this event."))
    mailing.event = event
    if not can_read_audience(person, mailing):
        raise Forbidden(_("This mailing goes to people whose addresses you may not see."))
    return mailing
