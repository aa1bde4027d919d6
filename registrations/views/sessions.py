"""Sessions of somebody registered: booked, left and swapped by themselves, or by an organizer for them."""

import io

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from convention.downloads import inline
from convention.errors import ConventionError
from convention.events.doors import event_to_organize
from schedule.choose import choose, drop
from schedule.doors import own_selection

from ..act_on_seats import Asked, act_on_seats, asked_of
from ..doors import order_by_link
from ..forms.correct import ReasonForm
from ..limits import refuse_many_seats
from ..models import Registration, SessionSeat
from ..personal_agenda import personal_agenda
from ..seat_choices import by_day, choices_of


@never_cache
@require_http_methods(["GET", "POST"])
def own_sessions(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """What can be booked and what is, for whoever has the link."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    if request.method == "POST":
        refuse_many_seats(registration)
        asked = asked_of(request.POST.get("act", ""), registration)
        if _done(request, registration, asked):
            _follow_in_agenda(request, registration, asked)
        return redirect(f"{request.path}#s{asked.session.number}")
    return render(request, "registrations/sessions.html", {"grant": grant, **_shown(registration)})


@require_http_methods(["GET", "POST"])
def sessions_for(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """The same by an organizer, with a reason."""
    found = event_to_organize(event, request.user)
    rows = Registration.objects.select_related("event", "order")
    registration = get_object_or_404(rows, event=found, reference=reference)
    reason = ReasonForm(request.POST or None)
    if request.method == "POST":
        why = reason.cleaned_data["reason"] if reason.is_valid() else ""
        asked = asked_of(request.POST.get("act", ""), registration, why)
        _done(request, registration, asked)
        return redirect(f"{request.path}#s{asked.session.number}")
    context = {"section": "organize", "reason": reason, **_shown(registration)}
    return render(request, "registrations/organize_sessions.html", context)


@never_cache
@require_GET
def own_agenda(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """What is booked, to print."""
    registration = order_by_link(reference, secret).registration(person)
    file = io.BytesIO()
    personal_agenda(registration=registration, file=file)
    name = f"{registration.event.slug}-{registration.reference.lower()}.pdf"
    return inline(file.getvalue(), name=name)


def _shown(registration: Registration) -> dict[str, object]:
    choices = choices_of(registration)
    return {
        "event": registration.event,
        "registration": registration,
        "days": by_day([choice for choice in choices if choice.state != "booked"], registration.event),
        "booked": [choice for choice in choices if choice.state == "booked"],
        "offered": [choice for choice in choices if choice.state == "offered"],
        "can_book": registration.state == Registration.State.CONFIRMED,
    }


def _done(request: HttpRequest, registration: Registration, asked: Asked) -> bool:
    """Do what was asked, and say what came of it."""
    try:
        said = act_on_seats(registration=registration, asked=asked)
    except ConventionError as error:
        messages.error(request, str(error))
        return False
    messages.success(request, said)
    return True


def _follow_in_agenda(request: HttpRequest, registration: Registration, asked: Asked) -> None:
    """The visitor's own programme, where they keep one on this device, holds what is booked."""
    selection = own_selection(registration.event, request)
    if selection is None:
        return
    booked = set(
        SessionSeat.objects.standing().filter(registration=registration).values_list("session", flat=True)
    )
    for session in (asked.session, *asked.given_up):
        if session.pk in booked:
            choose(event=registration.event, session=session, selection=selection)
        elif asked.verb in {"leave", "swap", "accept"}:
            drop(session=session, selection=selection)
