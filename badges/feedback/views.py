"""Pages of attendees: the sessions they can give feedback on, and the form of one."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.api.throttles import consume_rate_limit
from convention.events.permissions import get_visible_event
from convention.web.routing import require_safe_or_post
from registrations.permissions import get_order_by_link
from registrations.sessions.permissions import find_attendees, remember_attendee

from .answers import FeedbackAlreadyGiven, give_feedback, load_feedback_settings
from .forms import SessionFeedbackForm
from .permissions import (
    AttendedSession,
    check_own_link,
    get_attended_session,
    list_attended_sessions,
)

MAX_ANSWERS_PER_MINUTE = 30


@never_cache
@require_safe
def order_feedback(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Set the cookie that recognizes the attendee on this device, and redirect to their sessions."""
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    check_own_link(link_access, registration)
    event = registration.event
    response = redirect("event-feedback", event.slug)
    remember_attendee(response, registration, secret, until=load_feedback_settings(event).closes_at)
    return response


@never_cache
@require_safe
def event_feedback(request: HttpRequest, event: str) -> HttpResponse:
    """List the sessions at which the visitor was scanned in, or say how to be recognized."""
    event_obj = get_visible_event(event, request.user)
    settings = load_feedback_settings(event_obj)
    attendees = find_attendees(event_obj, request)
    attended = list_attended_sessions(event_obj, attendees) if settings.is_open() else []
    context = {
        "event": event_obj,
        "settings": settings,
        "is_open": settings.is_open(),
        "attendees": attendees,
        "open_sessions": [row.session for row in attended if not row.has_answered],
        "answered_sessions": [row.session for row in attended if row.has_answered],
    }
    return render(request, "feedback/event.html", context)


@never_cache
@require_safe_or_post
def session_feedback(request: HttpRequest, event: str, guid: uuid.UUID) -> HttpResponse:
    """Show the form of one session; a POST gives the feedback, which can be done once."""
    event_obj = get_visible_event(event, request.user)
    attended = get_attended_session(event_obj, guid, request)
    form = SessionFeedbackForm(request.POST or None)
    if attended.has_answered:
        # Also reached by a second click, whose answer is stored already.
        messages.success(request, format_thanks(attended))
        return redirect("event-feedback", event_obj.slug)
    if request.method == "POST":
        consume_rate_limit(
            "session-feedback", attended.registration.reference, limit=MAX_ANSWERS_PER_MINUTE,
            window_seconds=60,
        )  # fmt: skip
        if form.is_valid():
            save_answer(attended, form)
            messages.success(request, format_thanks(attended))
            return redirect("event-feedback", event_obj.slug)
    context = {
        "event": event_obj,
        "session": attended.session,
        "form": form,
        "min_answers": load_feedback_settings(event_obj).min_answers,
    }
    return render(request, "feedback/session.html", context)


def save_answer(attended: AttendedSession, form: SessionFeedbackForm) -> None:
    try:
        give_feedback(
            registration=attended.registration,
            session=attended.session,
            stars=form.cleaned_data["stars"],
            comment=form.cleaned_data["comment"],
        )
    except FeedbackAlreadyGiven:
        # Two requests at once: the other one was stored.
        return


def format_thanks(attended: AttendedSession) -> str:
    return _("Thank you! We have received your feedback on “%(title)s”.") % {"title": attended.session.title}
