"""Decide on which sessions recognized attendees (registrations/sessions/permissions.py) may answer."""

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.attendance.models import Presence
from convention.errors import Forbidden
from convention.events.models import Event
from registrations.models import Registration
from registrations.permissions import LinkAccess, belongs_to_another
from registrations.sessions.permissions import find_attendees
from schedule.models import ProgrammeAudience, Session
from schedule.permissions import get_programme_audience, get_public_session

from .answers import check_session_open, load_feedback_settings
from .receipts import find_given_feedback

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class AttendedSession:
    """A session at which an attendee was scanned in, and whether they have answered about it."""

    session: Session
    registration: Registration
    has_answered: bool


def check_own_link(link_access: LinkAccess, registration: Registration) -> None:
    """Raise Forbidden if a buyer's link opens the registration of somebody who has a link of their own."""
    if belongs_to_another(link_access, registration):
        raise Forbidden(
            _("Only %(name)s can give this feedback, through the link in their own e-mail.")
            % {"name": registration.name}
        )


def list_attended_sessions(
    event: Event, attendees: Iterable[Registration], *, at: datetime.datetime | None = None
) -> list[AttendedSession]:
    """Return the sessions begun by `at` at which one of the attendees was scanned in, in order of time."""
    by_id = {registration.pk: registration for registration in attendees}
    presences = Presence.objects.entered().filter(
        event=event,
        registration__in=by_id,
        checkpoint__session__starts_at__lte=at or timezone.now(),
        checkpoint__session__cancelled_at__isnull=True,
    )
    presences = presences.exclude(checkpoint__session__role=Session.Role.BLOCKER)
    rows = list(presences.select_related("checkpoint__session__room")) if by_id else []
    sessions = {row.checkpoint.session: by_id[row.registration_id] for row in rows if row.checkpoint.session}
    answered_pairs = find_given_feedback(by_id.values(), sessions) if sessions else set()
    attended = [
        AttendedSession(session, registration, (session.pk, registration.pk) in answered_pairs)
        for session, registration in sessions.items()
    ]
    return sorted(attended, key=lambda row: (row.session.starts_at, row.session.title))


def get_attended_session(event: Event, guid: uuid.UUID, request: "HttpRequest") -> AttendedSession:
    """Return the public session with the visitor's registration, if feedback is open and they were there.

    Raise NotFound, NotOpenNow, or Forbidden with instructions on how to be recognized.
    """
    attendees = find_attendees(event, request)
    attended = [row for row in list_attended_sessions(event, attendees) if row.session.guid == guid]
    # Attendees of a members-only session know of it already, so they see it without signing in.
    audience = ProgrammeAudience.MEMBERS if attended else get_programme_audience(request.user, event)
    session = get_public_session(event, guid, audience=audience)
    if not attendees:
        raise Forbidden(
            _(
                "We do not yet know who you are. On this device, open the link in the e-mail that contains "
                "your badge, choose “Feedback”, then come back."
            )
        )
    if not attended:
        raise Forbidden(_("Feedback is for people whose badge was scanned at this session."))
    check_session_open(load_feedback_settings(event), session, at=timezone.now())
    return attended[0]


def find_feedback_page(event: Event) -> str:
    """Return the address of the page where attendees give feedback; "" unless feedback is open. A hook."""
    # The date is checked first: before the event, its pages must not need another query.
    if event.starts_at > timezone.now() or not load_feedback_settings(event).is_open():
        return ""
    return reverse("event-feedback", args=[event.slug])


def find_feedback_addresses(event: Event, request: "HttpRequest") -> dict[int, str]:
    """Return where the visitor can still give feedback, by session id; empty for strangers. A hook."""
    if not find_feedback_page(event):
        return {}
    attended = list_attended_sessions(event, find_attendees(event, request))
    return {
        row.session.pk: reverse("session-feedback", args=[event.slug, row.session.guid])
        for row in attended
        if not row.has_answered
    }
