"""Pages of who runs a visit: who asked to come, and one of them."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record
from convention.downloads import download
from convention.errors import ConventionError
from convention.events.doors import organizes

from ..applicants import applicants_of, counts_of, places_not_applied_for, sheet_of
from ..doors import application_to_run, visit_to_run
from ..eligibility import in_words
from ..forms.facts import ReasonForm
from ..keep_place import keep_place
from ..models import Application
from ..standing import State
from ..withdraw import take_place_back

PAGE = 100
DECISIONS: dict[str, tuple[Callable[..., Application], object]] = {
    "keep": (keep_place, gettext_lazy("The place is kept.")),
    "back": (take_place_back, gettext_lazy("The place is free again; the applicant is told why.")),
}


@require_GET
def applicants(request: HttpRequest, event: str) -> HttpResponse:
    """Everybody who asked, or those in one state, or those to decide about."""
    visit = visit_to_run(event, request.user)
    rows = applicants_of(visit)
    wanted = request.GET.get("state", "")
    chosen = [one for one in rows if wanted in ("", one.state) or (wanted == "decide" and one.is_to_decide)]
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "counts": counts_of(rows),
        "not_applied_for": places_not_applied_for(visit),
        "all": len(rows),
        "to_decide": sum(one.is_to_decide for one in rows),
        "wanted": wanted if wanted in [*State.values, "decide"] else "",
        "shown": Paginator(chosen, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "visits/organize_applicants.html", context)


@require_GET
def applicant(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """One application, what speaks against it, and what can be decided."""
    return _one(request, event, pk, ReasonForm())


def _one(request: HttpRequest, event: str, pk: int, form: ReasonForm) -> HttpResponse:
    application = application_to_run(event, pk, request.user)
    visit = application.visit
    found = next(one for one in applicants_of(visit) if one.application.pk == pk)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "one": found,
        "application": application,
        "reasons": in_words(visit, application.reasons),
        "against": in_words(visit, found.against),
        "organizes": organizes(request.user, visit.event),
        "acceptances": application.acceptances.select_related("nda"),
        "form": form,
    }
    return render(request, "visits/organize_applicant.html", context)


@require_POST
def decide(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Keep the place, or take it back; both say why."""
    application = application_to_run(event, pk, request.user)
    form = ReasonForm(request.POST)
    act, said = DECISIONS.get(request.POST.get("act", ""), (None, ""))
    if act is None:
        form.add_error(None, _("Choose what is to be done."))
    if act is None or not form.is_valid():
        return _one(request, event, pk, form)
    try:
        act(application=application, reason=form.cleaned_data["reason"])
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(said))
    return redirect("organize-visit-applicant", event, pk)


@require_GET
def export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """All applicants as a file."""
    visit = visit_to_run(event, request.user)
    record("visit.export_applicants", visit, event=visit.event, fields=[kind])
    return download(sheet_of(visit), name=f"{visit.event.slug}-{_('applicants')}", kind=kind)
