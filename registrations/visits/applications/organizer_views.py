"""Organizer's pages of applications: the list, and one application with the decisions about it."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from convention.audit.record import record_action
from convention.club.permissions import can_read_directory, require_signed_in
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.events.permissions import can_organize
from convention.tables.downloads import table_response
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.visits.hosts.replacements import has_free_place
from registrations.visits.lifecycle.forms import VisitReasonForm
from registrations.visits.models import Application, Visit
from registrations.visits.permissions import get_managed_application, get_managed_visit
from registrations.visits.preconditions import ApplicationChannel, check_applications_open, has_begun

from .applicants import (
    NEEDS_DECISION_FILTER,
    Applicant,
    count_by_state,
    filter_applicants,
    filter_reachable,
    list_applicants,
    list_places_without_application,
    make_applicant_sheet,
)
from .apply import apply_for_member
from .eligibility import describe_objections
from .forms import MemberChoiceForm
from .member_search import build_search_context, throttle_lookup
from .places import grant_exception
from .state import ApplicationState
from .withdraw import revoke_place, withdraw_at_request

APPLICANTS_PER_PAGE = 100
# The keys are values of the POST parameter `action`; anything else is refused.
DECISION_ACTIONS: dict[str, tuple[Callable[..., Application], object]] = {
    "grant_exception": (grant_exception, gettext_lazy("The place is kept. Reason: %(reason)s")),
    "revoke": (
        revoke_place,
        gettext_lazy("The place is available again. The applicant will receive the reason by e-mail."),
    ),
    "withdraw": (
        withdraw_at_request,
        gettext_lazy("Cancelled at the applicant’s request. An e-mail confirms it."),
    ),
}


@require_GET
def applicant_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the applications, filtered by `?state=`; `decide` selects those that need a decision."""
    visit = get_managed_visit(event, request.user)
    rows = list_applicants(visit)
    current = filter_applicants(rows, state="")
    state = request.GET.get("state", "")
    selected = filter_applicants(rows, state=state)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "counts": count_by_state(rows),
        "places_without_application": list_places_without_application(visit),
        "applicant_count": len(current),
        "can_add": not _describe_closed_applications(visit),
        "undecided_count": sum(applicant.needs_decision for applicant in rows),
        "state_filter": state if state in [*ApplicationState.values, NEEDS_DECISION_FILTER] else "",
        "mail_count": len(filter_reachable(selected, state=state)),
        "page_obj": Paginator(selected, APPLICANTS_PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "visits/organize_applicants.html", context)


@require_safe_or_post
def application_create(request: HttpRequest, event: str) -> HttpResponse:
    """Search for a member by `?q=`, and apply for the visit in their place."""
    visit = get_managed_visit(event, request.user)
    reader = require_signed_in(request.user)
    form = MemberChoiceForm(get_posted_data(request))
    if request.method == "POST" and form.is_valid():
        throttle_lookup(reader, form.cleaned_data["email"])
        try:
            application = apply_for_member(visit=visit, email=form.cleaned_data["email"])
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            _add_application_message(request, application)
            return redirect("organize-visit-applicant", event, application.pk)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "form": form,
        "closed_reason": _describe_closed_applications(visit),
        "is_closed_to_members": visit.applications_close_at <= timezone.now(),
        "can_propose_additional": visit.locked_at is not None and has_free_place(visit),
        **build_search_context(visit=visit, words=request.GET.get("q", ""), reader=reader),
    }
    return render(request, "visits/organize_application_new.html", context)


def _describe_closed_applications(visit: Visit) -> str:
    """Return why no application can be added now, "" while organizers can add them."""
    try:
        check_applications_open(visit, at=timezone.now(), channel=ApplicationChannel.ORGANIZER)
    except NotOpenNow as error:
        return str(error)
    return ""


def _add_application_message(request: HttpRequest, application: Application) -> None:
    person = application.person
    if application.registration:
        sentence = _("%(name)s has a place. The confirmation, on its way by e-mail, lists the next steps.")
        messages.success(request, sentence % {"name": person})
    else:
        sentence = _("All places are taken: %(name)s is on the waiting list and will be informed by e-mail.")
        messages.info(request, sentence % {"name": person})


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
        "reads_directory": can_read_directory(request.user),
        "acceptances": application.acceptances.select_related("nda"),
        "form": form,
        **_build_expired_offer_context(applicant),
    }
    return render(request, "visits/organize_applicant.html", context)


def _build_expired_offer_context(applicant: Applicant) -> dict[str, bool]:
    """Return whether the application ended with its offer, and what can follow it now."""
    application, visit = applicant.application, applicant.application.visit
    if applicant.state != ApplicationState.OFFER_EXPIRED:
        return {}
    has_another = Application.objects.still_valid().filter(visit=visit, person=application.person).exists()
    can_follow = application.person is not None and bool(application.person.email) and not has_another
    return {
        "has_expired_offer": True,
        "can_apply_again": can_follow and not _describe_closed_applications(visit),
        "can_propose_again": can_follow
        and visit.locked_at is not None
        and not visit.cancelled_at
        and not has_begun(visit, at=timezone.now())
        and has_free_place(visit),
    }


@require_safe_or_post
def applicant_decide(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Grant an exception or revoke the place, with a reason, or withdraw at the applicant's request."""
    application = get_managed_application(event, pk, request.user)
    # The language switch of the page with errors leads here by GET.
    if request.method != "POST":
        return redirect("organize-visit-applicant", event, pk)
    form = VisitReasonForm(request.POST)
    # Those who cancel because the applicant asked need no other reason.
    form.fields["reason"].required = request.POST.get("action") != "withdraw"
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
