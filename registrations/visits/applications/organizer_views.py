"""Organizer's pages of applications: the list, and one application with the decisions about it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.permissions import can_organize
from convention.tables.downloads import table_response
from convention.web.routing import require_safe_or_post
from registrations.visits.lifecycle.forms import VisitReasonForm
from registrations.visits.models import Application
from registrations.visits.permissions import get_managed_application, get_managed_visit

from .applicants import count_by_state, list_applicants, list_places_without_application, make_applicant_sheet
from .eligibility import describe_objections
from .places import grant_exception
from .state import ApplicationState
from .withdraw import revoke_place

APPLICANTS_PER_PAGE = 100
# The keys are values of the POST parameter `action`; anything else is refused.
DECISION_ACTIONS: dict[str, tuple[Callable[..., Application], object]] = {
    "grant_exception": (grant_exception, gettext_lazy("The place is kept. Reason: %(reason)s")),
    "revoke": (
        revoke_place,
        gettext_lazy("The place is available again. The applicant will receive the reason by e-mail."),
    ),
}


@require_GET
def applicant_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the applications, filtered by `?state=`; `decide` selects those that need a decision."""
    visit = get_managed_visit(event, request.user)
    rows = list_applicants(visit)
    # Someone who was named as a replacement has a second application, which counts for them.
    current = [applicant for applicant in rows if applicant.state != ApplicationState.NAMED_REPLACEMENT]
    state = request.GET.get("state", "")
    selected = [
        applicant
        for applicant in (rows if state else current)
        if state in ("", applicant.state) or (state == "decide" and applicant.needs_decision)
    ]
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "counts": count_by_state(rows),
        "places_without_application": list_places_without_application(visit),
        "applicant_count": len(current),
        "undecided_count": sum(applicant.needs_decision for applicant in rows),
        "state_filter": state if state in [*ApplicationState.values, "decide"] else "",
        "page_obj": Paginator(selected, APPLICANTS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "visits/organize_applicants.html", context)


@require_GET
def applicant_detail(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show one application, the objections to it, and the possible decisions."""
    return _render_applicant(request, event, pk, VisitReasonForm())


def _render_applicant(request: HttpRequest, event: str, pk: int, form: VisitReasonForm) -> HttpResponse:
    application = get_managed_application(event, pk, request.user)
    visit = application.visit
    # From the whole list, as the waiting position depends on the others.
    applicant = next(row for row in list_applicants(visit) if row.application.pk == pk)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "applicant": applicant,
        "application": application,
        "refusal_sentences": describe_objections(visit, application.refusal_reasons),
        "objections": describe_objections(visit, applicant.current_objections),
        "can_organize": can_organize(request.user, visit.event),
        "acceptances": application.acceptances.select_related("nda"),
        "form": form,
    }
    return render(request, "visits/organize_applicant.html", context)


@require_safe_or_post
def applicant_decide(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Grant an exception or revoke the place, with a reason."""
    application = get_managed_application(event, pk, request.user)
    # The language switch of the page with errors leads here by GET.
    if request.method != "POST":
        return redirect("organize-visit-applicant", event, pk)
    form = VisitReasonForm(request.POST)
    action, message = DECISION_ACTIONS.get(request.POST.get("action", ""), (None, ""))
    if action is None:
        form.add_error(None, _("Choose an action."))
    if action is None or not form.is_valid():
        return _render_applicant(request, event, pk, form)
    reason = form.cleaned_data["reason"]
    try:
        action(application=application, reason=reason)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(message) % {"reason": reason})
    return redirect("organize-visit-applicant", event, pk)


@require_GET
def applicant_export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    visit = get_managed_visit(event, request.user)
    # The file has names and addresses, so the audit trail records who downloaded it.
    record_action("visit.export_applicants", visit, event=visit.event, fields=[kind])
    return table_response(
        make_applicant_sheet(visit), name=f"{visit.event.slug}-{_('applicants')}", kind=kind
    )
