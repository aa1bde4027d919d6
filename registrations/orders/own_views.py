"""The page of a signed-in person's registrations, and of the events they can register for."""

import datetime
from dataclasses import dataclass, field

from django.contrib.auth.decorators import login_required
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from convention import hooks
from convention.club.models import Person
from convention.club.permissions import require_signed_in
from convention.events.cancellations import find_cancellation_times
from convention.events.models import Event, load_application_deadlines
from convention.events.permissions import get_member_events
from registrations.changes.addons import load_addons_on_sale, select_addons_for
from registrations.models import Registration
from registrations.permissions import choose_own_secret, find_refused_seconds, list_own_registrations
from schedule.models import ProgrammeAudience, Session

from .order_state import OpenStep, list_open_steps


@dataclass(frozen=True)
class OwnRegistration:
    """A registration on the page, and which of its further pages the list links to."""

    registration: Registration
    secret: str
    can_add_addons: bool = False
    open_steps: list[OpenStep] = field(default_factory=list)
    has_badge: bool = False
    has_programme: bool = False
    has_sessions: bool = False
    has_certificates: bool = False
    has_feedback: bool = False


@never_cache
@login_required
@require_GET
def my_registrations(request: HttpRequest) -> HttpResponse:
    """Show a signed-in person's registrations, upcoming and past, and the events they can register for."""
    person = require_signed_in(request.user)
    own_registrations = _list_shown_registrations(person)
    now = timezone.now()
    upcoming = [r for r in own_registrations if not r.event.is_over(at=now)]
    past = [r for r in reversed(own_registrations) if r.event.is_over(at=now)]
    context = {
        "upcoming": _describe_upcoming(upcoming, person),
        "past": [
            OwnRegistration(
                r,
                choose_own_secret(r, person),
                has_certificates=_has_certificates(r),
                has_feedback=_has_feedback(r),
            )
            for r in past
        ],
        "member_events": _select_open_events(get_member_events(request.user), own_registrations, at=now),
        "public_events": _select_open_events(
            Event.objects.filter(visibility=Event.Visibility.PUBLIC), own_registrations, at=now
        ),
        "section": "me",
    }
    return render(request, "registrations/me.html", context)


def _describe_upcoming(upcoming: list[Registration], person: Person) -> list[OwnRegistration]:
    with_addons, steps = _find_extendable_ids(upcoming, person), list_open_steps(upcoming)
    confirmed = [r for r in upcoming if _is_usable(r)]
    with_programme, with_sessions = _find_programme_ids(confirmed)
    return [
        OwnRegistration(
            registration,
            choose_own_secret(registration, person),
            can_add_addons=registration.pk in with_addons,
            open_steps=steps.get(registration.pk, []),
            has_badge=registration in confirmed and registration.has_name,
            has_programme=registration.pk in with_programme,
            has_sessions=registration.pk in with_sessions,
            has_feedback=_has_feedback(registration),
        )
        for registration in upcoming
    ]


def _is_usable(registration: Registration) -> bool:
    return registration.state == Registration.State.CONFIRMED and not registration.event.cancelled_at


def _find_programme_ids(registrations: list[Registration]) -> tuple[set[int], set[int]]:
    """Return the ids of the registrations whose event has a public programme, and sessions to book in it."""
    sessions = Session.objects.published(audience=ProgrammeAudience.PUBLIC)
    # A draft has no public pages, so its programme does not open either.
    sessions = sessions.exclude(event__visibility=Event.Visibility.DRAFT)
    sessions = sessions.filter(event__in={row.event_id for row in registrations}).order_by()
    is_open = ExpressionWrapper(Q(is_bookable=True, cancelled_at=None), output_field=BooleanField())
    rows = sessions.annotate(takes_bookings=is_open).values_list("event_id", "takes_bookings").distinct()
    bookable_by_event: dict[int, bool] = {}
    for event_id, takes_bookings in rows if registrations else ():
        bookable_by_event[event_id] = takes_bookings or bookable_by_event.get(event_id, False)
    with_programme = {row.pk for row in registrations if row.event_id in bookable_by_event}
    return with_programme, {row.pk for row in registrations if bookable_by_event.get(row.event_id)}


def _has_certificates(registration: Registration) -> bool:
    """Return whether the attendee of a past event can open the page of its certificates."""
    return _is_usable(registration) and any(
        is_open(registration.event) for is_open in hooks.certificate_page.providers()
    )


def _has_feedback(registration: Registration) -> bool:
    """Return whether the attendee can open the page for feedback on sessions."""
    return _is_usable(registration) and any(
        find_page(registration.event) for find_page in hooks.feedback_page.providers()
    )


def _list_shown_registrations(person: Person) -> list[Registration]:
    """Return the person's registrations, without second ones that a member's e-mail has refused."""
    rows = list_own_registrations(person)
    refused = find_refused_seconds(person, [row for row in rows if not row.cancelled_at])
    return [row for row in rows if row.pk not in refused or row.cancelled_at]


def _find_extendable_ids(registrations: list[Registration], person: Person) -> set[int]:
    """Return the ids of the person's registrations to which an add-on on sale can be added."""
    events = {registration.event_id: registration.event for registration in registrations}
    on_sale = load_addons_on_sale(list(events.values()))
    if any(on_sale.values()):
        prefetch_related_objects(registrations, "addons")
    extendable_ids = set()
    for registration in registrations:
        # Add-ons that cost something can be added through the buyer's link only.
        is_buyer = choose_own_secret(registration, person) == registration.order.manage_secret
        addons = select_addons_for(registration, on_sale[registration.event_id])
        if any(addon.remaining != 0 and (is_buyer or not addon.price) for addon in addons):
            extendable_ids.add(registration.pk)
    return extendable_ids


def _select_open_events(
    events: QuerySet[Event], own_registrations: list[Registration], *, at: datetime.datetime
) -> list[Event]:
    """Return those of the events that take registrations at `at` and where the person has none."""
    booked_event_ids = {
        registration.event_id for registration in own_registrations if not registration.cancelled_at
    }
    upcoming_events = list(events.filter(ends_at__gte=at).select_related("venue"))
    load_application_deadlines(upcoming_events)
    cancellation_times = find_cancellation_times(upcoming_events)
    return [
        event
        for event in upcoming_events
        if event.pk not in booked_event_ids
        and event.is_registration_open(at=at)
        and event.pk not in cancellation_times
    ]
