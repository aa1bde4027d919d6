"""Pages on which sessions are booked, left and swapped, by attendees or by an organizer for them."""

import io

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.errors import ConventionError
from convention.events.permissions import get_event_to_organize
from convention.tables.downloads import inline_response
from convention.web.routing import require_safe_or_post
from registrations.form_fields import ChangeReasonForm
from registrations.models import Registration, SessionBooking, WaitingEntry
from registrations.permissions import LinkAccess, get_order_by_link
from registrations.rate_limits import throttle_session_change
from registrations.sessions.booking import get_attendee_audience
from registrations.sessions.choices import group_by_day, list_session_choices
from registrations.sessions.notifications import is_agenda_of_another, link_agenda_to_registration
from registrations.sessions.permissions import recognize_link_reader, remember_attendee
from registrations.sessions.personal_agenda import open_attendee_agenda, write_personal_agenda
from schedule.models import PersonalAgenda, ProgrammeAudience
from schedule.permissions import get_own_agenda
from schedule.personal.actions import choose_session, drop_session
from schedule.personal.views import remember_agenda

from .session_actions import (
    SessionAction,
    apply_session_action,
    needs_confirmation,
    parse_session_action,
)


@never_cache
@require_safe_or_post
def attendee_sessions(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Show the sessions of the holder of a link; a POST books, swaps or gives up one.

    It asks first before a seat is given up that could not be booked again.
    """
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    audience = get_attendee_audience(registration)
    if request.method == "POST":
        throttle_session_change(registration)
        action = parse_session_action(request.POST.get("action", ""), registration, audience=audience)
        if needs_confirmation(registration, action) and "confirmed" not in request.POST:
            return _ask_before_release(request, link_access, registration, action)
        if _apply_action(request, registration, action):
            personal_agenda = get_own_agenda(registration.event, request)
            _update_personal_agenda(personal_agenda, registration, action)
            _link_personal_agenda(personal_agenda, registration, link_access)
            return _connect_device(request, registration, link_access, action)
        return redirect(f"{request.path}#s{action.session.number}")
    response = render(
        request,
        "registrations/sessions.html",
        {
            "link_access": link_access,
            "has_programme": link_access.opens_programme_of(registration),
            **_build_sessions_context(registration, audience),
        },
    )
    recognize_link_reader(request, response, registration, link_access)
    return response


def _connect_device(
    request: HttpRequest, registration: Registration, link_access: LinkAccess, action: SessionAction
) -> HttpResponse:
    """Redirect back; where the attendee is recognized, "My programme" of the device shows the seats."""
    response = redirect(f"{request.path}#s{action.session.number}")
    is_recognized = recognize_link_reader(request, response, registration, link_access)
    if is_recognized and get_own_agenda(registration.event, request) is None:
        personal_agenda = open_attendee_agenda(registration=registration, device_agenda=None)
        _update_personal_agenda(personal_agenda, registration, action)
        remember_agenda(response, registration.event, personal_agenda)
    return response


@require_safe_or_post
def organizer_sessions(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Show and change an attendee's session bookings as an organizer, with a reason."""
    event_obj = get_event_to_organize(event, request.user)
    rows = Registration.objects.select_related("event", "order")
    registration = get_object_or_404(rows, event=event_obj, reference=reference)
    reason_form = ChangeReasonForm(request.POST or None)
    if request.method == "POST":
        reason = reason_form.cleaned_data["reason"] if reason_form.is_valid() else ""
        posted = request.POST.get("action", "")
        action = parse_session_action(posted, registration, reason, audience=ProgrammeAudience.MEMBERS)
        _apply_action(request, registration, action)
        return redirect(f"{request.path}#s{action.session.number}")
    choices = _build_sessions_context(registration, ProgrammeAudience.MEMBERS)
    context = {"section": "organize", "reason": reason_form, **choices}
    return render(request, "registrations/organize_sessions.html", context)


@never_cache
@require_POST
def attendee_programme(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Open the attendee's programme on this device: booked and starred sessions, without an account.

    The agenda is linked to the registration, by which it shows the bookings. A buyer's link leads to the
    sessions of another attendee instead.
    """
    link_access = get_order_by_link(reference, secret)
    registration = link_access.get_registration(person)
    if not link_access.opens_programme_of(registration):
        return redirect("order-sessions", reference, secret, registration.reference)
    event = registration.event
    personal_agenda = open_attendee_agenda(
        registration=registration, device_agenda=get_own_agenda(event, request)
    )
    response = remember_agenda(redirect("own-agenda", event.slug), event, personal_agenda)
    # So that the programme leads back to the page for booking seats; its shareable link does not.
    remember_attendee(response, registration, secret)
    return response


@never_cache
@require_GET
def attendee_agenda_pdf(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Return the attendee's booked sessions as a PDF."""
    registration = get_order_by_link(reference, secret).get_registration(person)
    file = io.BytesIO()
    write_personal_agenda(registration=registration, file=file)
    name = f"{registration.event.slug}-{registration.reference.lower()}.pdf"
    return inline_response(file.getvalue(), name=name)


def _ask_before_release(
    request: HttpRequest, link_access: LinkAccess, registration: Registration, action: SessionAction
) -> HttpResponse:
    context = {
        "link_access": link_access,
        "registration": registration,
        "event": registration.event,
        "session": action.session,
        "has_waiting": WaitingEntry.objects.active().filter(session=action.session).exists(),
    }
    return render(request, "registrations/release_seat.html", context)


def _build_sessions_context(registration: Registration, audience: ProgrammeAudience) -> dict[str, object]:
    choices = list_session_choices(registration, audience=audience)
    return {
        "event": registration.event,
        "registration": registration,
        "days": group_by_day([choice for choice in choices if choice.state != "booked"], registration.event),
        "booked": [choice for choice in choices if choice.state == "booked"],
        "offered": [choice for choice in choices if choice.state == "offered"],
        "can_book": registration.state == Registration.State.CONFIRMED,
    }


def _apply_action(request: HttpRequest, registration: Registration, action: SessionAction) -> bool:
    """Apply the action, show a message, and return whether it succeeded."""
    try:
        message = apply_session_action(registration=registration, action=action)
    except ConventionError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, message)
    return True


def _update_personal_agenda(
    personal_agenda: PersonalAgenda | None, registration: Registration, action: SessionAction
) -> None:
    """Update the personal agenda on this device to the bookings, unless it is another attendee's."""
    if personal_agenda is None or is_agenda_of_another(personal_agenda, registration):
        return
    booked_ids = set(
        SessionBooking.objects.active().filter(registration=registration).values_list("session", flat=True)
    )
    for session in (action.session, *action.old_sessions):
        if session.pk in booked_ids:
            choose_session(event=registration.event, session=session, personal_agenda=personal_agenda)
        elif action.verb in {"leave", "swap", "accept"}:
            drop_session(session=session, personal_agenda=personal_agenda)


def _link_personal_agenda(
    personal_agenda: PersonalAgenda | None, registration: Registration, link_access: LinkAccess
) -> None:
    """Link the personal agenda on this device to the attendee whose own link this is."""
    if personal_agenda and link_access.opens_programme_of(registration):
        link_agenda_to_registration(personal_agenda, registration)
