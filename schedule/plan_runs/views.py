"""Organizers' pages: ask the planner for a timetable, watch it, compare and adopt its proposals."""

from typing import TYPE_CHECKING, Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tasks.worker import is_worker_late
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.conflicts.load import load_working_timetable
from schedule.editing.views import render_organizer_page, report_refusals
from schedule.models import PlanRun

from .forms import PlanRunForm
from .proposal_preview import preview_proposal
from .runs import (
    adopt_proposal,
    choose_mode,
    count_unplaced,
    delete_plan_run,
    start_plan_run,
    stop_plan_run,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

MAX_RUNS_SHOWN: Final = 20
COST_LABELS: Final = {
    "lost_favourites": gettext_lazy("Favourites attendees would miss"),
    "missing_seats": gettext_lazy("Seats missing"),
    "extra_rooms": gettext_lazy("Room changes within a track"),
    "unwanted_slots": gettext_lazy("Times that speakers would rather avoid"),
    "total": gettext_lazy("Weighted total"),
    "parallel_tracks": gettext_lazy("Pairs of parallel sessions in the same track"),
    "start_times": gettext_lazy("Different start times"),
}


@require_safe_or_post
def plan_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Start a run, and list the last ones with their costs side by side."""
    event_obj, person = get_event_to_organize(event, request.user), require_signed_in(request.user)
    unplaced_count = count_unplaced(event_obj)
    form = PlanRunForm(get_posted_data(request), initial={"mode": choose_mode(unplaced_count)})
    if form.is_valid():
        try:
            plan_run = start_plan_run(event=event_obj, author=person, **form.cleaned_data)
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            return redirect("organize-plan-run", event_obj.slug, plan_run.pk)
    runs = list(event_obj.plan_runs.select_related("created_by", "proposal")[:MAX_RUNS_SHOWN])
    timetable = load_working_timetable(event_obj)
    context = {
        "form": form,
        "unplaced_count": unplaced_count,
        "runs": runs,
        "hours": timetable.hours,
        "has_set_hours": timetable.has_set_hours,
        "cost_rows": [(label, [run.costs.get(name) for run in runs]) for name, label in COST_LABELS.items()],
    }
    return render_organizer_page(request, "plan", event_obj, **context)


@never_cache
@require_safe
def plan_run_page(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    """Show the progress of a run, or its proposal: costs, timetable, conflicts and moves."""
    event_obj = get_event_to_organize(event, request.user)
    plan_run = get_plan_run(event_obj, pk)
    costs = [(label, plan_run.costs[name]) for name, label in COST_LABELS.items() if name in plan_run.costs]
    return render_organizer_page(
        request,
        "plan_run",
        event_obj,
        plan_run=plan_run,
        costs=costs,
        preview=preview_proposal(plan_run),
        reasons=plan_run.reasons.get(get_language(), []),
        is_late=plan_run.is_open and is_worker_late(at=timezone.now()),
    )


def get_plan_run(event: Event, pk: int) -> PlanRun:
    """Return the event's run. Raise NotFound."""
    plan_run = event.plan_runs.select_related("event", "proposal__event", "created_by").filter(pk=pk).first()
    if plan_run is None:
        raise NotFound(_("This run of the planner was not found."))
    return plan_run


@require_POST
def plan_run_stop(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    stop_plan_run(plan_run=get_plan_run(event_obj, pk))
    messages.success(request, _("The search will end in a moment, with the best timetable so far."))
    return redirect("organize-plan-run", event_obj.slug, pk)


@require_POST
def plan_run_adopt(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    plan_run, author = get_plan_run(event_obj, pk), require_signed_in(request.user)
    with report_refusals(request):
        count = len(adopt_proposal(plan_run=plan_run, author=author))
        sentence = ngettext(
            "%(count)s session was placed in the draft. Nothing is published yet.",
            "%(count)s sessions were placed in the draft. Nothing is published yet.",
            count,
        )
        messages.success(request, sentence % {"count": count})
        return redirect("organize-schedule", event_obj.slug)
    return redirect("organize-plan-run", event_obj.slug, pk)


@require_POST
def plan_run_delete(request: "HttpRequest", event: str, pk: int) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    plan_run = get_plan_run(event_obj, pk)
    with report_refusals(request):
        delete_plan_run(plan_run=plan_run)
        messages.success(request, _("Proposal %(number)s has been deleted.") % {"number": pk})
    return redirect("organize-plan", event_obj.slug)
