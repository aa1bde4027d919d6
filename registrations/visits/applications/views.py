"""Members' pages: upcoming and past visits, and one visit with the member's own application."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.models import ClubRole, Person
from convention.club.permissions import get_member_company, has_club_role, require_signed_in
from convention.errors import ConventionError, NotFound
from convention.events.permissions import get_organized_events
from registrations.permissions import make_own_secret
from registrations.visits.identity.fields import WINDOW_OPEN, get_identity_window
from registrations.visits.models import Application, NdaText, Visit
from registrations.visits.permissions import (
    can_manage_visit,
    find_own_application,
    get_member_visit,
    list_visible_visits,
)
from registrations.visits.planning.permissions import can_plan_season, can_propose
from registrations.waiting_list.notifications import build_entry_path

from .applicants import describe_free_places, find_waiting_positions
from .apply import apply_for_visit
from .eligibility import (
    build_candidate,
    describe_objections,
    find_objections,
    find_seat_on_visit_day,
    get_member_ticket,
)
from .state import ApplicationState, find_states, find_states_across_visits
from .veto import was_vetoed
from .withdraw import withdraw_application


@never_cache
@login_required
@require_GET
def visit_list(request: HttpRequest) -> HttpResponse:
    """List the visits that the person may see or manages, with the state of their applications."""
    person = require_signed_in(request.user)
    visits = list(list_visible_visits(person).select_related("event__venue", "event__host").distinct())
    own_applications = Application.objects.filter(person=person).order_by("applied_at", "pk")
    # In the order of application, so that the latest one of each visit stays in the dict.
    latest = {application.visit_id: application for application in own_applications}
    states, now = find_states_across_visits(list(latest.values())), timezone.now()
    availability = describe_free_places(visits, at=now)
    rows = [
        (visit, states[latest[visit.pk].pk] if visit.pk in latest else None, availability.get(visit.pk, ""))
        for visit in visits
    ]
    context = {
        "upcoming": [row for row in rows if not row[0].event.is_over(at=now)],
        "past": [row for row in reversed(rows) if row[0].event.is_over(at=now)],
        "managed_visits": _list_managed_visits(person),
        "can_plan": can_plan_season(person),
        "can_propose": can_propose(person),
        "is_member": get_member_company(person) is not None,
        "section": "visits",
    }
    return render(request, "visits/visits.html", context)


def _list_managed_visits(person: Person) -> list[Visit]:
    """Return the upcoming visits that the person manages, drafts included."""
    upcoming = Visit.objects.filter(event__ends_at__gte=timezone.now()).select_related("event__host")
    if has_club_role(person, ClubRole.Role.SECRETARY):
        return list(upcoming)
    return list(upcoming.filter(event__in=get_organized_events(person)))


@never_cache
@require_GET
def visit_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a visit, the state of the member's application, and the next step."""
    visit = get_member_visit(slug, request.user)
    person = require_signed_in(request.user)
    application = find_own_application(visit, person)
    context = {
        "event": visit.event,
        "visit": visit,
        "states": ApplicationState,
        "visit_states": Visit.State,
        "is_over": visit.event.is_over(),
        "closes_at": visit.applications_close_at,
        "locks_at": visit.locks_at,
        "ticket": get_member_ticket(visit),
        "text": NdaText.objects.filter(visit=visit).first(),
        "can_manage": can_manage_visit(person, visit.event),
        "is_member": get_member_company(person) is not None,
        **_build_application_context(visit, person, application),
    }
    return render(request, "visits/visit.html", context)


def _build_application_context(
    visit: Visit, person: Person, application: Application | None
) -> dict[str, Any]:
    """Return the context for the applicant: the state and its links, or the objections before applying."""
    now = timezone.now()
    can_apply = (
        visit.state == Visit.State.PUBLISHED
        and visit.applications_close_at > now
        and not was_vetoed(visit, person)
    )
    state = find_states(visit, [application])[application.pk] if application else None
    # An ended application may be followed by another, so the page shows the objections to it.
    if application is None or state is None or state.has_ended:
        codes = (
            find_objections(build_candidate(visit, person, find_seat_on_visit_day(visit, person)))
            if can_apply
            else []
        )
        return {
            "application": application,
            "order_secret": _get_order_secret(application),
            "ended_state": state,
            "can_apply": can_apply,
            "objections": describe_objections(visit, codes),
        }
    registration, entry = application.registration, application.waiting_entry
    return {
        "application": application,
        "state": state,
        "order_secret": _get_order_secret(application),
        "waiting_page": build_entry_path(entry) if entry and not registration else "",
        "position": find_waiting_positions(visit).get(entry.pk, 0) if entry else 0,
        "can_enter_identity": get_identity_window(visit).state_at(now) == WINDOW_OPEN,
        "can_withdraw": visit.event.starts_at > now and not visit.cancelled_at,
    }


def _get_order_secret(application: Application | None) -> str:
    """Return the secret of the link to the applicant's own registration, "" without one."""
    registration = application.registration if application else None
    return make_own_secret(registration) if registration else ""


@require_POST
def visit_apply(request: HttpRequest, slug: str) -> HttpResponse:
    visit = get_member_visit(slug, request.user)
    try:
        application = apply_for_visit(visit=visit, person=require_signed_in(request.user))
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("visit", slug)
    # A refusal is no error: it is stored, and its reasons are shown.
    if application.refused_at:
        messages.warning(request, " ".join(describe_objections(visit, application.refusal_reasons)))
    elif application.registration:
        messages.success(request, _("You have a place. The confirmation is on its way by e-mail."))
    else:
        messages.info(request, _("All places are taken: you are on the waiting list."))
    return redirect("visit", slug)


@require_POST
def visit_withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    visit = get_member_visit(slug, request.user)
    application = find_own_application(visit, require_signed_in(request.user))
    if application is None:
        raise NotFound(_("You have not applied for this visit."))
    try:
        withdraw_application(application=application)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("You have withdrawn. Thank you for letting us know."),
        )
    return redirect("visit", slug)
