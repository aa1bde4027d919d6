"""Pages on which the secretary enters the host's decisions: a veto, a proposed visitor, an approval."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, InvalidFields
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.visits.applications.applicants import list_waiting_applications
from registrations.visits.applications.forms import MemberChoiceForm
from registrations.visits.applications.member_search import build_search_context, throttle_lookup
from registrations.visits.applications.veto import veto_application
from registrations.visits.identity.permissions import get_secretary_application, get_secretary_visit
from registrations.visits.models import Application, Visit
from registrations.visits.permissions import can_manage_visit
from registrations.visits.preconditions import has_begun

from .replacements import (
    approve_visitor,
    has_free_place,
    propose_additional_visitor_by_email,
    propose_replacement_by_email,
)


@require_safe_or_post
def replacement_create(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Propose a replacement, found by `?q=` or on the waiting list, for a visitor."""
    application = get_secretary_application(event, pk, request.user)
    visit = application.visit
    form = MemberChoiceForm(get_posted_data(request))
    if request.method == "POST" and form.is_valid():
        throttle_lookup(require_signed_in(request.user), form.cleaned_data["email"])
        try:
            propose_replacement_by_email(application=application, email=form.cleaned_data["email"])
        except ConventionError as error:
            _add_error(form, error)
        else:
            messages.success(request, _("The host has been asked. Nothing changes until it agrees."))
            return redirect("organize-visit-lists", event)
    context = {
        **_build_proposal_context(request, visit, form),
        "application": application,
        "can_withdraw": can_manage_visit(request.user, visit.event),
    }
    return render(request, "visits/replace.html", context)


@require_safe_or_post
def additional_visitor_create(request: HttpRequest, event: str) -> HttpResponse:
    """Propose a member, found by `?q=` or on the waiting list, for a free place after the lock."""
    visit, _person = get_secretary_visit(event, request.user)
    form = MemberChoiceForm(get_posted_data(request))
    if request.method == "POST" and form.is_valid():
        throttle_lookup(require_signed_in(request.user), form.cleaned_data["email"])
        try:
            propose_additional_visitor_by_email(visit=visit, email=form.cleaned_data["email"])
        except ConventionError as error:
            _add_error(form, error)
        else:
            messages.success(request, _("The host has been asked. Nothing changes until it agrees."))
            return redirect("organize-visit-lists", event)
    context = _build_proposal_context(request, visit, form) | {"has_free_place": has_free_place(visit)}
    return render(request, "visits/propose_visitor.html", context)


def _add_error(form: MemberChoiceForm, error: ConventionError) -> None:
    if isinstance(error, InvalidFields):
        form.add_errors(error.field_errors)
    else:
        form.add_error(None, str(error))


def _build_proposal_context(request: HttpRequest, visit: Visit, form: MemberChoiceForm) -> dict[str, Any]:
    return {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "tab": "lists",
        "waiting_applications": list_waiting_applications(visit),
        "form": form,
        "has_begun": has_begun(visit, at=timezone.now()),
        **build_search_context(
            visit=visit, words=request.GET.get("q", ""), reader=require_signed_in(request.user)
        ),
    }


@require_POST
def visitor_refuse(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Enter the host's veto against a visitor."""
    application = get_secretary_application(event, pk, request.user)
    return _record_decision(
        request,
        application,
        veto_application,
        _("Saved. We are informing %(name)s by e-mail, without giving a reason."),
    )


@require_POST
def replacement_approve(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Enter the host's approval of a proposed visitor."""
    application = get_secretary_application(event, pk, request.user)
    return _record_decision(
        request, application, approve_visitor, _("The place is now in the name of %(name)s.")
    )


def _record_decision(
    request: HttpRequest, application: Application, action: Callable[..., Application], sentence: str
) -> HttpResponse:
    """Run the action and show its result as a message."""
    try:
        action(application=application)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, sentence % {"name": application.person})
    return redirect("organize-visit-lists", application.visit.event.slug)
