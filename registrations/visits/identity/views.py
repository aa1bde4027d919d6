"""The visitor's page for giving their identity, which never shows it again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.visits.models import Application, Identity

from .fields import get_field_label, get_identity_window, is_identity_complete, list_requested_fields
from .forms import IdentityForm
from .identities import delete_identity, save_identity
from .permissions import get_application_to_identify


@never_cache
@require_safe_or_post
def identity_edit(request: HttpRequest, event: str) -> HttpResponse:
    """Show what is requested and which fields were given; a POST saves or deletes."""
    application = get_application_to_identify(event, request.user)
    # Before the form, whose required fields are empty in this case.
    if "delete" in request.POST:
        delete_identity(application=application)
        messages.success(request, _("Your details have been deleted."))
        return redirect("visit-identity", event)
    form = IdentityForm(get_posted_data(request), visit=application.visit)
    if request.method == "POST" and form.is_valid() and _save_identity(form, application):
        messages.success(request, _("Thank you. Your details are encrypted and complete for this host."))
        return redirect("visit-identity", event)
    return render(request, "visits/identity.html", _build_identity_context(application, form))


def _save_identity(form: IdentityForm, application: Application) -> bool:
    try:
        save_identity(application=application, answers=form.answers)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    return True


def _build_identity_context(application: Application, form: IdentityForm) -> dict[str, object]:
    visit = application.visit
    identity = Identity.objects.filter(application=application).first()
    requested, window = list_requested_fields(visit), get_identity_window(visit)
    return {
        "event": visit.event,
        "visit": visit,
        "application": application,
        "form": form,
        "requested_labels": [get_field_label(name) for name in requested],
        "identity": identity,
        "given_labels": [get_field_label(name) for name in identity.field_names] if identity else [],
        "is_complete": identity is not None and is_identity_complete(requested, identity.field_names),
        "window": window,
        "window_state": window.state_at(timezone.now()),
    }
