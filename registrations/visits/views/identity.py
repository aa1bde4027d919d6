"""A visitor says who they are: exactly what this host asks, and never shown again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields

from ..forms.identity import IdentityForm
from ..give_identity import give_identity, take_identity_back
from ..identity_doors import visit_to_identify
from ..identity_fields import asked_by, is_complete, window_of
from ..list_words import word_of
from ..models import Application, Identity


@never_cache
@require_http_methods(["GET", "POST"])
def identity(request: HttpRequest, event: str) -> HttpResponse:
    """What is asked, what was given (by name alone), and the form; a POST gives or takes back."""
    application = visit_to_identify(event, request.user)
    if "take_back" in request.POST:
        take_identity_back(application=application)
        messages.success(request, _("What you had told us of yourself is removed."))
        return redirect("visit-identity", event)
    form = IdentityForm(request.POST if request.method == "POST" else None, visit=application.visit)
    if request.method == "POST" and form.is_valid() and _give(form, application):
        messages.success(request, _("Thank you: it is sealed, and complete for this host."))
        return redirect("visit-identity", event)
    return render(request, "visits/identity.html", _context(application, form))


def _give(form: IdentityForm, application: Application) -> bool:
    try:
        give_identity(application=application, answers=form.answers)
    except InvalidFields as error:
        form.add_errors(error.fields)
        return False
    return True


def _context(application: Application, form: IdentityForm) -> dict[str, object]:
    visit = application.visit
    given = Identity.objects.filter(application=application).first()
    asked, window = asked_by(visit), window_of(visit)
    return {
        "event": visit.event,
        "visit": visit,
        "application": application,
        "form": form,
        "asked": [word_of(name) for name in asked],
        "given": given,
        "given_fields": [word_of(name) for name in given.fields] if given else [],
        "is_complete": given is not None and is_complete(asked, given.fields),
        "window": window,
        "moment": window.at(timezone.now()),
    }
