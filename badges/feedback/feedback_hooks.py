"""Implement the feedback hooks, through which pages of the programme lead attendees to their feedback.

See `FeedbackConfig.ready`, which registers them.
"""

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone

from convention.events.models import Event

from .answers import load_feedback_settings
from .permissions import find_attendees, list_attended_sessions

if TYPE_CHECKING:
    from django.http import HttpRequest


def find_feedback_page(event: Event) -> str:
    """Return the address of the page where attendees give feedback; "" unless feedback is open."""
    # Before the event, its pages must not cost a query more.
    if event.starts_at > timezone.now() or not load_feedback_settings(event).is_open():
        return ""
    return reverse("event-feedback", args=[event.slug])


def find_feedback_addresses(event: Event, request: "HttpRequest") -> dict[int, str]:
    """Return where the visitor can still give feedback, by session id; empty for those not recognized."""
    if not find_feedback_page(event):
        return {}
    attended = list_attended_sessions(event, find_attendees(event, request))
    return {
        row.session.pk: reverse("session-feedback", args=[event.slug, row.session.guid])
        for row in attended
        if not row.has_answered
    }
