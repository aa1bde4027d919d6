"""The host's word as the secretary hears it by telephone: a veto, a replacement."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import ConventionError, InvalidFields

from ..applicants import in_line
from ..forms.hosts import ReplacementForm
from ..identity_doors import application_to_keep
from ..models import Application
from ..replace import approve_replacement, propose_by_address
from ..veto import veto


@require_http_methods(["GET", "POST"])
def replace(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Name who shall come instead of somebody."""
    application = application_to_keep(event, pk, request.user)
    form = ReplacementForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _propose(form, application):
        messages.success(request, _("The host is asked; until it agrees, nothing changes."))
        return redirect("organize-visit-lists", event)
    context = {
        "event": application.visit.event,
        "visit": application.visit,
        "section": "organize",
        "tab": "lists",
        "application": application,
        "line": in_line(application.visit),
        "form": form,
    }
    return render(request, "visits/replace.html", context)


def _propose(form: ReplacementForm, application: Application) -> bool:
    try:
        propose_by_address(application=application, email=form.cleaned_data["email"])
    except InvalidFields as error:
        form.add_errors(error.fields)
    except ConventionError as error:
        form.add_error(None, str(error))
    return form.is_valid()


@require_POST
def refuse(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Write down that the host does not receive somebody."""
    application = application_to_keep(event, pk, request.user)
    return _noted(request, application, veto, _("Noted: %(name)s is told, without a reason."))


@require_POST
def approve(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Write down that the host receives a replacement."""
    application = application_to_keep(event, pk, request.user)
    return _noted(request, application, approve_replacement, _("%(name)s has the place now."))


def _noted(
    request: HttpRequest, application: Application, act: Callable[..., Application], sentence: str
) -> HttpResponse:
    """Do it, and say so; or say why not."""
    try:
        act(application=application)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, sentence % {"name": application.person})
    return redirect("organize-visit-lists", application.visit.event.slug)
