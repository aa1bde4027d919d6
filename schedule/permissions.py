"""Permissions on programmes: published ones are public, but for sessions for members only.

Agendas and pages of one person need a token.
"""

import datetime
import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.club.models import Person
from convention.club.permissions import is_member, require_signed_in
from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.events.permissions import can_staff_desk, get_event_to_organize
from convention.web.link_secrets import find_by_link_token

from .drafts.current_draft import get_current_draft
from .models import (
    PersonalAgenda,
    ProgrammeAudience,
    ScheduleDraft,
    Session,
    SessionProposal,
    SessionSpeaker,
    Speaker,
    SpeakerLink,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

    from convention.club.permissions import RequestUser


def get_programme_audience(person: "RequestUser | None", event: Event) -> ProgrammeAudience:
    """Return what this person sees of the programme: all of it as a member today or as the event's staff."""
    if not isinstance(person, Person) or not person.is_active:
        return ProgrammeAudience.PUBLIC
    can_see_all = is_member(person) or can_staff_desk(person, event)
    return ProgrammeAudience.MEMBERS if can_see_all else ProgrammeAudience.PUBLIC


def get_draft_to_edit(slug: str, user: "RequestUser") -> tuple[ScheduleDraft, Person]:
    """Return the event's current draft, created if there is none, and the organizer who edits it.

    Raise NotFound or Forbidden.
    """
    event, person = get_event_to_organize(slug, user), require_signed_in(user)
    draft = get_current_draft(event, author=person)
    # Otherwise each use of the draft's event would load it again.
    draft.event = event
    return draft, person


def get_public_session(event: Event, guid: uuid.UUID, *, audience: ProgrammeAudience) -> Session:
    """Return the published session with room, track and speakers.

    Raise NotFound if it does not exist, and equally if the audience may not see it.
    """
    speakers = Prefetch("appearances", SessionSpeaker.objects.select_related("speaker"))
    sessions = (
        event.sessions.published(audience=audience).select_related("room", "track").prefetch_related(speakers)
    )
    row: Session | None = sessions.filter(guid=guid).first()
    if row is None:
        raise NotFound(_("This session was not found; the programme may have changed."))
    return row


def get_public_speaker(event: Event, guid: uuid.UUID, *, audience: ProgrammeAudience) -> Speaker:
    """Return the speaker, unless the audience sees none of their sessions. Raise NotFound."""
    published = event.sessions.published(audience=audience)
    row = event.speakers.filter(guid=guid, sessions__in=published).first()
    if row is None:
        raise NotFound(_("This speaker was not found; the programme may have changed."))
    return row


def get_shared_agenda(event: Event, token: str) -> PersonalAgenda:
    """Return the personal agenda of a secret link.

    Raise NotFound, or LinkExpired long after the event (or after the agenda's creation, if that was later).
    """
    row = find_agenda_by_token(event, token)
    lifetime = datetime.timedelta(days=settings.LINKS_LAST_DAYS)
    if row and timezone.now() > max(event.ends_at, row.created_at) + lifetime:
        raise LinkExpired(_("This personal programme has expired: the event is over."))
    if row is None:
        raise NotFound(_("This personal programme was not found."))
    return row


def get_speaker_by_link(token: str) -> Speaker:
    """Return the speaker whose own page this secret link opens, also while the event is a draft.

    Raise NotFound for a forged or revoked link, and LinkExpired long after the event.
    """
    link = find_by_link_token(SpeakerLink.objects.select_related("speaker__event"), token)
    if link is None:
        raise NotFound(
            _(
                "This link is not valid, or a newer one has replaced it. "
                "Ask the organizers for the current link."
            )
        )
    if timezone.now() > link.speaker.event.ends_at + datetime.timedelta(days=settings.LINKS_LAST_DAYS):
        raise LinkExpired(_("This link has expired: the event is over."))
    return link.speaker


def get_proposal_by_link(token: str) -> SessionProposal:
    """Return the proposal whose own page this secret link opens.

    Raise NotFound for a forged or revoked link, and LinkExpired long after the event.
    """
    proposals: QuerySet[SessionProposal] = SessionProposal.objects.select_related(
        "call__event", "track", "format"
    )
    row = find_by_link_token(proposals, token)
    if row is None:
        raise NotFound(_("This link is not valid, or a newer one has replaced it."))
    if timezone.now() > row.call.event.ends_at + datetime.timedelta(days=settings.LINKS_LAST_DAYS):
        raise LinkExpired(_("This link has expired: the event is over."))
    return row


def get_agenda_cookie_name(event: Event) -> str:
    """Return the name of the cookie with the token of a visitor's agenda."""
    # One for each event: a visitor of two events has two agendas.
    return f"agenda-{event.pk}"


def get_attendee_cookie_name(event: Event) -> str:
    """Return the name of the cookie by which a higher layer recognizes an attendee of the event."""
    return f"attendee-{event.pk}"


def get_own_agenda(event: Event, request: "HttpRequest") -> PersonalAgenda | None:
    """Return the agenda of the visitor's cookie; None without one, and for a revoked or forged token."""
    return find_agenda_by_token(event, request.COOKIES.get(get_agenda_cookie_name(event), ""))


def find_agenda_by_token(event: Event, token: str) -> PersonalAgenda | None:
    return find_by_link_token(event.personal_agendas.all(), token)
