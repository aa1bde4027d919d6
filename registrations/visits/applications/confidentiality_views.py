"""Pages of the confidentiality terms: versions for organizers, reading and accepting for visitors."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, InvalidFields
from convention.web.routing import require_safe_or_post
from registrations.visits.lifecycle.earlier_visits import find_earlier_text
from registrations.visits.lifecycle.steps import list_missing_steps
from registrations.visits.models import Application, NdaText, Visit
from registrations.visits.permissions import (
    can_manage_visit,
    find_own_application,
    get_managed_visit,
    get_member_visit,
)

from .confidentiality import accept_nda_text, save_nda_text
from .forms import NdaAcceptanceForm, NdaTextForm
from .state import find_agreed_ids, find_states


@require_safe_or_post
def nda_text_edit(request: HttpRequest, event: str) -> HttpResponse:
    """Show the versions and how many have accepted the current one; a POST saves the next version."""
    visit = get_managed_visit(event, request.user)
    latest = visit.nda_texts.first()
    source = None if latest else find_earlier_text(visit)
    if source and not can_manage_visit(request.user, source.visit.event):
        source = None
    prefilled_text = latest or source
    initial = {"text": prefilled_text.text, "text_en": prefilled_text.text_en} if prefilled_text else {}
    form = NdaTextForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            save_nda_text(visit=visit, **form.cleaned_data, author=require_signed_in(request.user))
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _describe_saved_text(visit))
            # The text is often the last thing that is missing; the visit's page has the button.
            can_publish = visit.state == Visit.State.AGREED and not list_missing_steps(visit)
            return redirect("organize-visit" if can_publish else "organize-visit-confidentiality", event)
    confirmed = list(Application.objects.confirmed().filter(visit=visit))
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "form": form,
        "source": source,
        "versions": visit.nda_texts.select_related("written_by"),
        "places": len(confirmed),
        "agreed": len(find_agreed_ids(confirmed)),
    }
    return render(request, "visits/organize_text.html", context)


def _describe_saved_text(visit: Visit) -> str:
    if Application.objects.confirmed().filter(visit=visit).exists():
        return _("This is now the current version. People with a place will be asked by e-mail to accept it.")
    if visit.state == Visit.State.AGREED and not list_missing_steps(visit):
        return _("The confidentiality terms have been saved. Next step: open the visit to members.")
    return _("This is now the current version.")


@never_cache
@require_safe_or_post
def nda_text_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the current text; a visitor with a place accepts it under their name."""
    visit = get_member_visit(slug, request.user)
    person = require_signed_in(request.user)
    application = find_own_application(visit, person)
    state = find_states(visit, [application])[application.pk] if application else None
    can_agree = state is not None and state.has_place
    text = NdaText.objects.filter(visit=visit).first()
    form = NdaAcceptanceForm(
        request.POST or None, initial={"name": person.name, "hash": text.hash if text else ""}
    )
    if request.method == "POST" and application and can_agree and form.is_valid():
        data = form.cleaned_data
        try:
            accept_nda_text(application=application, text_hash=data["hash"], name=data["name"])
        # Errors of fields are shown on the form; any other needs the page with the current text.
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            messages.warning(request, str(error))
            return redirect("visit-confidentiality", slug)
        else:
            messages.success(request, _("Thank you. Your acceptance has been recorded."))
            return redirect("visit", slug)
    # By hash and not by version: a text that was restored word for word needs no second acceptance.
    acceptance = application.acceptances.filter(hash=text.hash).first() if application and text else None
    context = {"event": visit.event, "visit": visit, "text": text, "form": form, "acceptance": acceptance}
    return render(request, "visits/text.html", context | {"can_agree": can_agree, "state": state})
