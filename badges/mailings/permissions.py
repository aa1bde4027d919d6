"""Permissions on mailings: the organizers of their event, and the secretary for visits."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.club.models import ClubRole
from convention.club.permissions import has_club_role
from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import can_organize, get_event_to_organize
from registrations.visits.models import Visit

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


def get_mailing_to_organize(slug: str, pk: int, person: "RequestUser") -> Mailing:
    """Return a mailing of that event. Raise NotFound, Forbidden or SignInRequired."""
    event = get_event_to_mail(slug, person)
    # Filtered by event: the permission was checked for that one only.
    mailing = Mailing.objects.select_related("written_by").filter(event=event, pk=pk).first()
    if mailing is None:
        raise NotFound(_("We could not find this mailing for this event."))
    mailing.event = event
    return mailing
