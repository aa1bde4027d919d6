"""Members' pages: the visits ahead and behind, and one of them with one's own application."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.club.doors import holds_role, member_company, signed_in
from convention.club.models import ClubRole, Person
from convention.errors import ConventionError, NotFound
from convention.events.doors import may_create_events, organized_events

from ...doors import own_secret
from ...tell_waiting import page_of
from ..applicants import positions_in
from ..apply import apply
from ..deadline import closes_at, locks_at
from ..doors import application_of, runs_visit, visit_for_member, visits_of_members
from ..eligibility import candidate_for, in_words, objections, seat_on_the_day, ticket_of
from ..identity_fields import OPEN, window_of
from ..models import Application, NdaText, Visit
from ..planning_doors import plans
from ..standing import State, states_across, states_of
from ..still_free import still_free
from ..veto import was_vetoed
from ..withdraw import withdraw


@never_cache
@login_required
@require_GET
def visits(request: HttpRequest) -> HttpResponse:
    """What is ahead, with what became of one's applications, and what was; for who runs visits, those too."""
    person = signed_in(request.user)
    found = list(visits_of_members(person).select_related("event__venue", "event__host").distinct())
    mine = Application.objects.filter(person=person).order_by("applied_at", "pk")
    latest = {one.visit_id: one for one in mine}
    states, now = states_across(list(latest.values())), timezone.now()
    free = still_free(found, at=now)
    rows = [
        (one, states[latest[one.pk].pk] if one.pk in latest else None, free.get(one.pk, "")) for one in found
    ]
    context = {
        "ahead": [row for row in rows if row[0].event.ends_at >= now],
        "past": [row for row in reversed(rows) if row[0].event.ends_at < now],
        "run": _run_by(person),
        "may_create": may_create_events(person),
        "plans": plans(person),
        "is_member": member_company(person) is not None,
        "section": "visits",
    }
    return render(request, "visits/visits.html", context)


def _run_by(person: Person) -> list[Visit]:
    """The visits ahead that this person runs, drafts too."""
    ahead = Visit.objects.filter(event__ends_at__gte=timezone.now()).select_related("event__host")
    if holds_role(person, ClubRole.Role.SECRETARY):
        return list(ahead)
    return list(ahead.filter(event__in=organized_events(person)))


@never_cache
@require_GET
def visit(request: HttpRequest, slug: str) -> HttpResponse:
    """A visit, what became of one's application, and the next step."""
    found = visit_for_member(slug, request.user)
    person = signed_in(request.user)
    application = application_of(found, person)
    context = {
        "event": found.event,
        "visit": found,
        "states": State,
        "visit_states": Visit.State,
        "is_over": found.event.ends_at < timezone.now(),
        "closes_at": closes_at(found),
        "locks_at": locks_at(found),
        "ticket": ticket_of(found),
        "text": NdaText.objects.filter(visit=found).first(),
        "runs": runs_visit(person, found.event),
        **_about(found, person, application),
    }
    return render(request, "visits/visit.html", context)


def _about(found: Visit, person: Person, application: Application | None) -> dict[str, Any]:
    """What the applicant reads: the state and where it leads; before applying, what speaks against it."""
    now = timezone.now()
    can_apply = (
        found.state == Visit.State.PUBLISHED and closes_at(found) > now and not was_vetoed(found, person)
    )
    state = states_of(found, [application])[application.pk] if application else None
    if application is None or state is None or state.has_ended:
        codes = objections(candidate_for(found, person, seat_on_the_day(found, person))) if can_apply else []
        return {
            "application": application,
            "order_secret": _secret_of(application),
            "ended": state,
            "can_apply": can_apply,
            "against": in_words(found, codes),
        }
    place, wait = application.registration, application.waiting
    return {
        "application": application,
        "state": state,
        "order_secret": _secret_of(application),
        "waiting_page": page_of(wait) if wait and not place else "",
        "position": positions_in(found).get(wait.pk, 0) if wait else 0,
        "asks_identity": window_of(found).at(now) == OPEN,
        "can_withdraw": found.event.starts_at > now and not found.cancelled_at,
    }


def _secret_of(application: Application | None) -> str:
    """What opens one’s own registration; nothing without one."""
    place = application.registration if application else None
    return own_secret(place) if place else ""


@require_POST
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Apply."""
    found = visit_for_member(slug, request.user)
    try:
        application = apply(visit=found, person=signed_in(request.user))
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("visit", slug)
    if application.refused_at:
        messages.warning(request, " ".join(in_words(found, application.reasons)))
    elif application.registration:
        messages.success(request, _("You have a place. The confirmation is on its way by e-mail."))
    else:
        messages.info(request, _("All places are taken: you are on the waiting list."))
    return redirect("visit", slug)


@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Withdraw."""
    found = visit_for_member(slug, request.user)
    application = application_of(found, signed_in(request.user))
    if application is None:
        raise NotFound(_("You have not applied for this visit."))
    try:
        withdraw(application=application)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You have withdrawn. Thank you for saying so: the place goes to others."))
    return redirect("visit", slug)
