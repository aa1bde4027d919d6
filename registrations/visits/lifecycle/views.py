"""Organizer's pages of a visit: its facts, its steps, and its cancellation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from convention import hooks
from convention.club.permissions import can_read_directory
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.events.permissions import can_organize, get_organizers
from convention.web.routing import require_safe_or_post
from registrations.models import Registration
from registrations.visits.applications.applicants import count_by_state, list_applicants
from registrations.visits.applications.eligibility import get_member_ticket
from registrations.visits.applications.notifications import was_notified_of_lock
from registrations.visits.applications.state import ApplicationState
from registrations.visits.dates import compute_lock_time
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.models import Proposal, Visit
from registrations.visits.permissions import (
    can_manage_visit,
    can_read_identities,
    get_managed_event,
    get_managed_visit,
)
from registrations.visits.planning.permissions import can_plan_season
from registrations.visits.visitor_list.lock import lock_list, unlock_list
from registrations.visits.visitor_list.open_steps import list_open_steps
from registrations.visits.visitor_list.visitors import find_list_readiness, needs_new_dates_at_host

from .cancel import cancel_visit
from .change import change_visit, list_companies_above_cap
from .create import build_member_ticket, create_visit
from .earlier_visits import COPIED_FIELDS, LIST_FIELDS, find_earlier_agreement, list_copied_facts
from .forms import VisitForm, VisitReasonForm
from .steps import (
    close_applications,
    describe_immediate_lock,
    list_missing_steps,
    list_points_to_check,
    publish_visit,
    record_agreement,
    reopen_applications,
)

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# The host’s agreement is not among them: it is recorded with the form that has the terms agreed on.
STEP_ACTIONS: dict[str, tuple[Callable[..., Visit], object]] = {
    "publish": (publish_visit, gettext_lazy("The visit is open to members.")),
    "close": (close_applications, gettext_lazy("Applications are closed.")),
    "reopen": (reopen_applications, gettext_lazy("Members may apply again.")),
    "lock": (
        lock_list,
        gettext_lazy("The list is locked, and applications are closed."),
    ),
    "unlock": (unlock_list, gettext_lazy("The list is open again.")),
}
STATES_BEFORE_LOCK = (Visit.State.AGREED, Visit.State.PUBLISHED, Visit.State.CLOSED)


@require_safe_or_post
def visit_edit(request: HttpRequest, event: str) -> HttpResponse:
    """Show and save the facts of a visit, with its current state and next steps."""
    event_row = get_managed_event(event, request.user)
    visit = Visit.objects.filter(event=event_row).first()
    if visit is None:
        organizers = get_organizers(event_row)
        return render_event_page(request, "visits/organize_create.html", event_row, organizers=organizers)
    visit.event = event_row
    ticket = get_member_ticket(visit) or build_member_ticket(event_row)
    form = VisitForm(request.POST or None, instance=visit, ticket=ticket)
    can_read_list = can_read_identities(request.user)
    if not can_read_list:
        form.disable_list_fields()
    source = find_earlier_agreement(visit)
    # A form that was posted is compared with what is stored, so that copied values are saved.
    if source and request.method != "POST" and can_manage_visit(request.user, source.event):
        fields = (*COPIED_FIELDS, *LIST_FIELDS) if can_read_list else COPIED_FIELDS
        form.initial.update(list_copied_facts(source, fields=fields))
    else:
        source = None
    if request.method == "POST" and form.is_valid() and _save_visit(form):
        _confirm_saved_terms(request, form)
        return redirect("organize-visit", event)
    # Validation has written the posted values into `visit`; states and deadlines are those of the stored row.
    stored = Visit.objects.get(pk=visit.pk)
    stored.event = event_row
    return render_event_page(
        request,
        "visits/organize_facts.html",
        event_row,
        form=form,
        source=source,
        organizers=get_organizers(event_row),
        # Organizers of the event may not open the lists, so they get no step that leads there.
        list_steps=list_open_steps(stored, at=timezone.now()) if can_read_list else [],
        host_contacts=list(stored.host_contacts.active()) if can_read_list else None,
        proposal_to_announce=_find_proposal_to_announce(request, stored),
        proposal_to_plan=_find_proposal_to_plan(request, stored),
        # To all members, whom only readers of the directory may write to.
        can_announce=stored.state == Visit.State.PUBLISHED and can_read_directory(request.user),
        # Mailings belong to `badges`, a higher layer.
        invitation=hooks.members_invitation.provider()(event_row)
        if can_read_directory(request.user)
        else None,
        **_build_lifecycle_context(stored, VisitReasonForm(), request.user),
    )


def _confirm_saved_terms(request: HttpRequest, form: VisitForm) -> None:
    """Say that the terms are saved, and record the agreement if it was posted with them."""
    if "agreed" in request.POST:
        _record_agreement_with_terms(request, form.instance)
    else:
        messages.success(request, _("The terms have been saved."))
    companies = list_companies_above_cap(form.ticket) if "company_cap" in form.changed_data else []
    if companies:
        sentence = ngettext(
            "%(companies)s already has more places than that and keeps them.",
            "%(companies)s already have more places than that and keep them.",
            len(companies),
        )
        messages.warning(request, sentence % {"companies": ", ".join(companies)})


def _record_agreement_with_terms(request: HttpRequest, visit: Visit) -> None:
    try:
        record_agreement(visit=visit)
    except ConventionError as error:
        # One message: an error beside "saved" would read as a contradiction.
        sentence = _("The terms have been saved, but not the host’s agreement. %(problem)s")
        messages.warning(request, sentence % {"problem": error})
    else:
        messages.success(request, _("The terms and the host’s agreement have been recorded."))


def _find_proposal_to_announce(request: HttpRequest, visit: Visit) -> Proposal | None:
    """Return the visit's proposal if its interested members can be notified of the date, by the reader."""
    if visit.state != Visit.State.PUBLISHED or not can_plan_season(request.user):
        return None
    proposals = Proposal.objects.filter(visit=visit, members_notified_at=None, interests__isnull=False)
    return proposals.first()


def _find_proposal_to_plan(request: HttpRequest, visit: Visit) -> Proposal | None:
    """Return the proposal that a called-off visit released, if the reader can set a new date."""
    if not visit.cancelled_at or not can_plan_season(request.user):
        return None
    return Proposal.objects.undecided().filter(visit=visit).first()


def _save_visit(form: VisitForm) -> bool:
    """Save the form; return False with errors on the form if that fails."""
    try:
        change_visit(visit=form.instance, ticket=form.build_ticket(), changed=form.changed_data)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    return True


def _build_lifecycle_context(
    visit: Visit, reason_form: VisitReasonForm, reader: "RequestUser"
) -> dict[str, Any]:
    now, applicants = timezone.now(), list_applicants(visit)
    # Not `locks_at`, which returns `locked_at` for a locked list.
    lock_deadline = compute_lock_time(visit.event.starts_at, visit.event.zone, visit.lock_working_days)
    return {
        "visit": visit,
        "states": Visit.State,
        "closes_at": visit.applications_close_at,
        "locks_at": visit.locks_at,
        "lock_deadline": lock_deadline,
        "is_locked_early": visit.locked_at is not None and visit.locked_at < lock_deadline,
        "missing_steps": list_missing_steps(visit) if visit.state == Visit.State.AGREED else [],
        # An agreed visit names it among its missing steps.
        "lock_problem": describe_immediate_lock(visit)
        if visit.state == Visit.State.DRAFT and visit.locks_at <= now
        else "",
        "points_to_check": list_points_to_check(visit, reader) if visit.state in STATES_BEFORE_LOCK else [],
        "can_unlock": visit.locked_at and not visit.sent_at and lock_deadline > now,
        "can_cancel": not visit.cancelled_at and not visit.event.is_over(at=now),
        "counts": count_by_state(applicants),
        "place_count": sum(applicant.state.has_place for applicant in applicants),
        "open_offers": [row for row in applicants if row.state == ApplicationState.OFFERED],
        "has_earlier_lock_mails": any(
            was_notified_of_lock(row.application)
            for row in applicants
            if row.state in (ApplicationState.WAITING, ApplicationState.OFFERED)
        ),
        "current_list": find_current_list(visit),
        "needs_new_dates_at_host": needs_new_dates_at_host(visit),
        "undecided_count": sum(applicant.needs_decision for applicant in applicants),
        "ticket": get_member_ticket(visit),
        "reason_form": reason_form,
    }


@require_POST
def visit_create(request: HttpRequest, event: str) -> HttpResponse:
    event_row = get_managed_event(event, request.user)
    try:
        create_visit(event=event_row)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Draft visit created. Next: add the details and the host’s agreement."))
    return redirect("organize-visit", event)


@require_safe_or_post
def visit_step(request: HttpRequest, event: str) -> HttpResponse:
    """Run the step named by the POST parameter `step`; ask first where members are told of it."""
    visit = get_managed_visit(event, request.user)
    # The language switch of the question leads here by GET.
    if request.method != "POST":
        return redirect("organize-visit", event)
    action, message = STEP_ACTIONS.get(request.POST.get("step", ""), (None, ""))
    if action is None:
        messages.error(request, _("Choose an action."))
        return redirect("organize-visit", event)
    if "confirmed" not in request.POST and _needs_confirmation(visit, request.POST["step"]):
        readiness = find_list_readiness(visit)
        context = _build_lifecycle_context(visit, VisitReasonForm(), request.user) | {
            "step": request.POST["step"],
            "incomplete_count": len(readiness.missing),
        }
        return render_event_page(request, "visits/organize_step.html", visit.event, **context)
    _run_step(request, action, visit, str(message))
    return redirect("organize-visit", event)


def _run_step(request: HttpRequest, action: Callable[..., Visit], visit: Visit, message: str) -> None:
    """Run the step and show its message, or why it is refused."""
    try:
        action(visit=visit)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, message)


def _needs_confirmation(visit: Visit, step: str) -> bool:
    """Return whether the step is possible and tells members something; otherwise its error is shown at "
    "once.
    """
    if step == "publish":
        return visit.state == Visit.State.AGREED and not list_missing_steps(visit)
    return step == "lock" and visit.state in (Visit.State.PUBLISHED, Visit.State.CLOSED)


@require_safe_or_post
def visit_cancel(request: HttpRequest, event: str) -> HttpResponse:
    """Show the consequences, then cancel the visit with a reason."""
    visit = get_managed_visit(event, request.user)
    form = VisitReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cancel_visit(visit=visit, reason=form.cleaned_data["reason"])
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, _("The visit has been called off. Everyone concerned will be informed by e-mail.")
            )
            return redirect("organize-visit", event)
    return render_event_page(
        request,
        "visits/organize_cancel.html",
        visit.event,
        form=form,
        has_paid_places=any(registration.full_price for registration in _load_places(visit)),
        **_build_lifecycle_context(visit, form, request.user),
    )


def _load_places(visit: Visit) -> QuerySet[Registration]:
    return Registration.objects.active().filter(event=visit.event).prefetch_related("addons")


def render_event_page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    """Render a page of the visit; links to the event's own pages are for its organizers."""
    frame = {"event": event, "section": "organize", "organizes_event": can_organize(request.user, event)}
    return render(request, template, frame | context)
