"""Pages on which the secretary enters the host's decisions: a veto, a replacement, an approval."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.errors import ConventionError, InvalidFields
from convention.web.routing import require_safe_or_post
from registrations.visits.applications.applicants import list_waiting_applications
from registrations.visits.applications.veto import veto_application
from registrations.visits.identity.permissions import get_secretary_application
from registrations.visits.models import Application
from registrations.visits.permissions import can_manage_visit
from registrations.visits.preconditions import has_begun

from .forms import ReplacementForm
from .replacements import approve_replacement, propose_replacement_by_email


@require_safe_or_post
def replacement_create(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Propose a replacement for a visitor; the waiting list is shown as a suggestion."""
    application = get_secretary_application(event, pk, request.user)
    form = ReplacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _propose_replacement(form, application):
        messages.success(request, _("The host has been asked. Nothing changes until it agrees."))
        return redirect("organize-visit-lists", event)
    context = {
        "event": application.visit.event,
        "visit": application.visit,
        "section": "organize",
        "tab": "lists",
        "application": application,
        "waiting_applications": list_waiting_applications(application.visit),
        "form": form,
        "can_withdraw": can_manage_visit(request.user, application.visit.event),
        "has_begun": has_begun(application.visit, at=timezone.now()),
    }
    return render(request, "visits/replace.html", context)


def _propose_replacement(form: ReplacementForm, application: Application) -> bool:
    try:
        propose_replacement_by_email(application=application, email=form.cleaned_data["email"])
    except InvalidFields as error:
        form.add_errors(error.field_errors)
    except ConventionError as error:
        form.add_error(None, str(error))
    return form.is_valid()


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
    """Enter the host's approval of a replacement."""
    application = get_secretary_application(event, pk, request.user)
    return _record_decision(
        request, application, approve_replacement, _("The place is now in the name of %(name)s.")
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
