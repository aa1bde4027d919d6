"""What someone booked, behind a link that only they have: see, correct, cancel, add to the calendar."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from convention.downloads import CALENDAR, attachment
from convention.errors import InvalidFields
from convention.events.called_off import called_off_at

from ..answers import asked, still_open, told
from ..bill import left_of, packages_of
from ..calendar import calendar_file
from ..cancel import cancel
from ..correct import correct, correct_own
from ..doors import Grant, is_own_secret, order_by_link
from ..forms.correct import CorrectForm
from ..limits import refuse_many_corrections
from ..models import Registration, SessionSeat
from ..price_words import rows_of, say_vat, vat_of
from ..questions import questions_of
from ..refund_words import foreseen, say_settled
from ..verification import waits_for_buyer, waits_for_buyer_alone

UNPAID = {Registration.State.PENDING, Registration.State.EXPIRED}


@never_cache
@require_GET
def order(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """The order, its people, and what can be done."""
    grant = order_by_link(reference, secret)
    states = {registration.state for registration in (*grant.registrations, *grant.private)}
    questions = questions_of(grant.order.event)
    for registration in grant.registrations:
        sees = grant.sees_answers(registration)
        registration.is_asked = sees and bool(asked(questions, registration.ticket, registration.answers))
        registration.told = list(told(questions, registration.answers)) if sees else []
        registration.still_open = still_open(questions, registration.ticket, registration.answers)
        registration.awaits_buyer = waits_for_buyer_alone(grant.order, registration)
    packages = list(packages_of(grant.order))
    awaits_payment = grant.order.is_by_card and bool(states & UNPAID)
    context = {
        "grant": grant,
        "order": grant.order,
        "event": grant.order.event,
        "states": states,
        "can_replace_link": grant.is_whole or any(one.is_private for one in grant.registrations),
        "has_badge": any(one.state == Registration.State.CONFIRMED for one in grant.registrations),
        "awaits_payment": awaits_payment,
        "awaiting_buyer": [one for one in grant.registrations if waits_for_buyer(grant.order, one)],
        "left": left_of(grant.order) if awaits_payment else None,
        "is_cancelled": states == {Registration.State.CANCELLED},
        "off_since": called_off_at(grant.order.event),
        "priced": [(registration, rows_of(registration)) for registration in grant.registrations],
        "wallets": wallets(),
        "settled": say_settled(grant.order, grant.registrations),
        "vat": [
            say_vat(one, grant.order.currency)
            for one in vat_of([*grant.registrations, *grant.private], packages)
        ],
        "is_of_sponsor": grant.order.sponsorships.exists(),
        "can_change": grant.order.event.ends_at > timezone.now(),
        "can_give": grant.order.event.last_substitution > timezone.now(),
        **_seats(grant),
    }
    return render(request, "registrations/order.html", context)


def wallets() -> list[tuple[str, str]]:
    """The pages that make a pass for a phone, by name, and what their buttons say; those configured."""
    return [
        (name, title)
        for name, title, configured in (
            ("order-apple-pass", _("Apple Wallet"), settings.APPLE_PASS_CERTIFICATE),
            ("order-google-pass", _("Google Wallet"), settings.GOOGLE_WALLET_KEY),
        )
        if configured
    ]


def _seats(grant: Grant) -> dict[str, object]:
    """What is booked by whom, and whether there is something to book at all."""
    rows = SessionSeat.objects.standing().filter(registration__in=[r.pk for r in grant.registrations])
    booked: dict[int, list[SessionSeat]] = {}
    for seat in rows.select_related("session").order_by("session__starts_at", "pk"):
        booked.setdefault(seat.registration_id, []).append(seat)
    for registration in grant.registrations:
        registration.booked = booked.get(registration.pk, [])
    return {"has_sessions": bool(booked) or grant.order.event.sessions.filter(is_bookable=True).exists()}


@never_cache
@csrf_exempt  # nothing is changed: another method is told so
@require_safe
def calendar(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """The event as a calendar file."""
    grant = order_by_link(reference, secret)
    name = f"{grant.order.event.slug}.ics"
    return attachment(calendar_file(grant), name=name, mimetype=f"{CALENDAR}; method=PUBLISH")


@never_cache
@require_http_methods(["GET", "POST"])
def correct_registration(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Correct a name, company or address."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    form = CorrectForm(request.POST) if request.method == "POST" else CorrectForm.of(registration)
    if request.method == "POST" and form.is_valid():
        refuse_many_corrections(grant.order, registration)
        act = correct if grant.is_whole else correct_own
        try:
            corrected = act(registration=registration, correction=form.correction())
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            return _after_correction(request, grant, corrected)
    context = {"grant": grant, "event": grant.order.event, "registration": registration, "form": form}
    context["is_asked_anew"] = not grant.sees_answers(registration)
    return render(request, "registrations/correct.html", context)


def _after_correction(request: HttpRequest, grant: Grant, corrected: Registration) -> HttpResponse:
    """Back to what the link opens; to the event's page for who gave their own place away."""
    if grant.is_whole or is_own_secret(corrected, grant.secret):
        messages.success(request, _("The correction is saved."))
        secret = corrected.order.manage_secret if grant.is_whole else grant.secret
        return redirect("order", grant.order.reference, secret)
    if corrected.email:
        told = _("%(name)s has the place now, and your link no longer opens it. The badge is mailed to them.")
    else:
        told = _(
            "%(name)s has the place now, and your link no longer opens it. The badge goes to whoever ordered."
        )
    messages.success(request, told % {"name": corrected.name})
    return redirect("event", grant.order.event.slug)


@never_cache
@require_http_methods(["GET", "POST"])
def cancel_registration(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Say what cancelling means, then do it."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    if request.method == "POST":
        cancel(registration=registration)
        messages.success(
            request, _("The registration of %(name)s is cancelled.") % {"name": registration.name}
        )
        return redirect("order", reference, secret)
    context = {"grant": grant, "event": grant.order.event, "registration": registration}
    context["said"] = foreseen(registration)
    return render(request, "registrations/cancel.html", context)
