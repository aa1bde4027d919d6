"""The text of confidentiality: written and counted by who runs the visit, read and agreed to by visitors."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.club.doors import signed_in
from convention.errors import ConventionError, InvalidFields

from ..agree_to_text import agree_to_text
from ..doors import application_of, visit_for_member, visit_to_run
from ..forms.text import AgreeForm, TextForm
from ..models import Application, NdaText
from ..standing import agreed_among, states_of
from ..write_text import write_text


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, event: str) -> HttpResponse:
    """The version that counts, who has agreed, and the next version."""
    visit = visit_to_run(event, request.user)
    latest = visit.nda_texts.first()
    initial = {"text": latest.text, "text_en": latest.text_en} if latest else {}
    form = TextForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            write_text(visit=visit, **form.cleaned_data, by=signed_in(request.user))
        except InvalidFields as error:
            form.add_errors(error.fields)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("This version counts from now on; who has a place is asked by e-mail.")
            )
            return redirect("organize-visit-text", event)
    confirmed = list(Application.objects.confirmed().filter(visit=visit))
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "form": form,
        "versions": visit.nda_texts.select_related("written_by"),
        "places": len(confirmed),
        "agreed": len(agreed_among(confirmed)),
    }
    return render(request, "visits/organize_text.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def read(request: HttpRequest, slug: str) -> HttpResponse:
    """The text as it counts now; whoever has a place agrees under their name."""
    visit = visit_for_member(slug, request.user)
    person = signed_in(request.user)
    application = application_of(visit, person)
    state = states_of(visit, [application])[application.pk] if application else None
    may_agree = state is not None and state.has_place
    text = NdaText.objects.filter(visit=visit).first()
    form = AgreeForm(request.POST or None, initial={"name": person.name, "hash": text.hash if text else ""})
    if request.method == "POST" and application and may_agree and form.is_valid():
        data = form.cleaned_data
        try:
            agree_to_text(application=application, text_hash=data["hash"], name=data["name"])
        except InvalidFields as error:
            form.add_errors(error.fields)
        except ConventionError as error:
            messages.warning(request, str(error))
            return redirect("visit-text", slug)
        else:
            messages.success(request, _("Thank you: your agreement is noted."))
            return redirect("visit", slug)
    given = application.acceptances.filter(hash=text.hash).first() if application and text else None
    context = {"event": visit.event, "visit": visit, "text": text, "form": form, "given": given}
    return render(request, "visits/text.html", context | {"may_agree": may_agree, "state": state})
