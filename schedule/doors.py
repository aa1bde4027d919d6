"""Who may see what of a programme: what is published is for all, a personal agenda for who has its token."""

import datetime
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.errors import Expired, NotFound
from convention.events.models import Event
from convention.links import find_by_link_token

from .models import Selection, Session, SessionSpeaker, Speaker

if TYPE_CHECKING:
    from django.http import HttpRequest


def session_at(event: Event, guid: uuid.UUID) -> Session:
    """The session at a public address, with room, track and speakers. Raises NotFound."""
    speakers = Prefetch("appearances", SessionSpeaker.objects.select_related("speaker"))
    found = (
        event.sessions.select_related("room", "track").prefetch_related(speakers).filter(guid=guid).first()
    )
    if found is None:
        raise NotFound(_("There is no session at this address; the programme may have changed."))
    return found


def speaker_at(event: Event, guid: uuid.UUID) -> Speaker:
    """The speaker at a public address. Raises NotFound."""
    found = event.speakers.filter(guid=guid).first()
    if found is None:
        raise NotFound(_("There is no speaker at this address; the programme may have changed."))
    return found


def selection_at(event: Event, token: str) -> Selection:
    """The personal agenda at a secret address.

    Raises NotFound, or Expired long after the event, or long after it was begun where that came later.
    """
    found = by_token(event, token)
    lasts = datetime.timedelta(days=settings.LINKS_LAST_DAYS)
    if found and timezone.now() > max(event.ends_at, found.created_at) + lasts:
        raise Expired(_("This personal agenda has expired: the event is over."))
    if found is None:
        raise NotFound(_("There is no personal agenda at this address."))
    return found


def cookie_name(event: Event) -> str:
    """The cookie that remembers a visitor's personal agenda of one event."""
    return f"agenda-{event.pk}"


def own_selection(event: Event, request: "HttpRequest") -> Selection | None:
    """The visitor's own personal agenda, if there is one."""
    return by_token(event, request.COOKIES.get(cookie_name(event), ""))


def by_token(event: Event, token: str) -> Selection | None:
    """The personal agenda with this token."""
    return find_by_link_token(event.selections.all(), token)
