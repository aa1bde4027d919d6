"""Permissions on mailings: the organizers of their event."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from convention.errors import NotFound
from convention.events.permissions import get_event_to_organize

from .models import Mailing

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def get_mailing_to_organize(slug: str, pk: int, person: "RequestUser") -> Mailing:
    """Return a mailing of that event. Raise NotFound, Forbidden or SignInRequired."""
    event = get_event_to_organize(slug, person)
    # Filtered by event: the permission was checked for that one only.
    mailing = Mailing.objects.select_related("written_by").filter(event=event, pk=pk).first()
    if mailing is None:
        raise NotFound(_("We could not find this mailing for this event."))
    mailing.event = event
    return mailing
